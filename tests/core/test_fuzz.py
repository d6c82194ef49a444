"""The fuzz command itself: seeded, and able to see a reader that breaks the rules."""

import random
from dataclasses import replace

import pytest

from solon.forms import FORMS
from solon.types import Judgment
from tests import fuzz_reader


def test_a_few_thousand_texts_break_no_rule():
    tally, share = fuzz_reader.fuzz((0, 0, 1500))
    assert sum(tally.values()) == 3 * 1500
    assert share < 1
    assert all(tally[f"{form} read"] > 50 for form in FORMS if form in fuzz_reader.MENUS)


def test_the_same_seed_makes_the_same_texts():
    assert fuzz_reader.fuzz((3, 1, 100))[0] == fuzz_reader.fuzz((3, 1, 100))[0]
    assert fuzz_reader.made(random.Random("a")) == fuzz_reader.made(random.Random("a"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"scores": (8.0,)}, "another number of scores"),
        ({"scores": (8.0, 11.0)}, "a score out of range"),
        ({"scores": (8.0, float("nan"))}, "a score out of range"),
        ({"critique": "better"}, "a critique that is not in the text"),
    ],
)
def test_a_reader_that_breaks_a_rule_is_seen(monkeypatch, change, rule):
    text = "\\boxed{1, 2} fine \\boxed{8, 9}"
    good = FORMS["pointwise"].read(text, 2)
    assert isinstance(good, Judgment)
    assert fuzz_reader.fault("pointwise", text, 2, good) is None
    assert fuzz_reader.fault("pointwise", text, 2, replace(good, **change)) == rule
    assert fuzz_reader.fault("pointwise", text + "\\boxed", 2, replace(good, text=text + "\\boxed")) is not None


def test_a_reader_that_raises_ends_the_run(monkeypatch):
    def read(text: str, n: int) -> Judgment:
        raise IndexError("gone")

    monkeypatch.setitem(fuzz_reader.FORMS, "pointwise", replace(FORMS["pointwise"], read=read))
    with pytest.raises(fuzz_reader.RuleBroken, match=r"pointwise, n=.*IndexError"):
        fuzz_reader.fuzz((0, 0, 50))
