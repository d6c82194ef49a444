"""Time: reading, fencing and filling take linear time on texts made to be slow."""

import time
from collections.abc import Callable

import pytest

from solon.forms import FORMS
from solon.forms.layout import fenced
from solon.types import plain
from tests.core.make import case

BOXES = ["\\boxed{", "\\boxed", "{", "}", "\\", "\\text{", "\\boxed{\\text{", "\\ ", ",", "，", "1", "9.", "."]
BLANKS = [" ", "\n", "\t", "            \n", "\x85", "\u2028-", "\x00", "\ud800"]
LISTS = ["#", "*", "_", "**", "-", ">", "1. ", "- ", "- a\n", "1. **a**\n", "a:\n", "'"]
WEIGHTS = ["(", "[", "(weight", "(weight: ", "[ ** 3", "weight:9", "9%", "(9 "]
HEADINGS = [
    "Principles:\n",
    "Analysis\n",
    "Scores:\n",
    "#### 1. **the the ",
    "the overall final ",
    "analysis of a a a",
    "best ",
]
FENCES = ["<", "<<<", "<<< ", "<<<end ", "< ", "{{", "{{n}}"]
UNITS = BOXES + BLANKS + LISTS + WEIGHTS + HEADINGS + FENCES
SHAPES = ["%s", "\\boxed{%s}", "\\boxed{%s{", "\\boxed%s{8, 9}", "\\boxed{8, 9}%s", "Principles:\n%s\\boxed{8, 9}"]
SHAPES += ["Principles:\n- %s\\boxed{8, 9}", "Principles:\n- a\n%s\nScores:\n\\boxed{8, 9}", "- (%s"]
SIZE = 25_000
SECONDS = 0.5  # a linear reader takes 0.001 to 0.05, a quadratic one several


def seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


@pytest.mark.parametrize("shape", SHAPES)
def test_long_runs_of_anything_are_read_in_no_time(shape):
    for unit in UNITS:
        text = shape.replace("%s", unit * (SIZE // len(unit)))
        taken = seconds(lambda text=text: FORMS["pointwise"].outcome(text, 2, "stop"))
        assert taken < SECONDS, f"{unit!r} took {taken:.2f} s"


@pytest.mark.parametrize("unit", ["\\boxed{", " ", "\n", "- a\n", "*", "(weight: ", "Principles:\n", "<<< "])
def test_twice_the_text_takes_about_twice_the_time(unit):
    def best(size: int) -> float:
        text = f"Principles:\n{unit * (size // len(unit))}\n\\boxed{{8, 9}}"
        return min(seconds(lambda: FORMS["pointwise"].read(text, 2)) for _ in range(3))

    assert best(2 * SIZE) < 3.5 * best(SIZE) + 0.01


@pytest.mark.parametrize("unit", ["<", "<<<", "<<< ", " ", "<<<end ", "{{n}}"])
def test_fencing_is_linear_too(unit):
    one = case(unit * (8 * SIZE // len(unit)), "<<<" + " " * SIZE)
    assert seconds(lambda: plain(fenced(one, (0, 1), "12ab34cd")["responses"])) < SECONDS
