"""Principles written from a conversation alone: the prompt beside the text that was found right, and what is read."""

import time
from pathlib import Path

import pytest

from solon.forms import FORMS
from solon.forms.layout import nonce
from solon.forms.principles import PRINCIPLES, principles_form, read_principles
from solon.forms.sandbox import SANDBOX_PRINCIPLES
from solon.types import Case, Judgment, Unread
from tests.core.make import case, prompt_text
from tests.core.test_prompts import TURNS

GOLDEN = Path(__file__).parent / "golden" / "principles.txt"
LIST = "- **Fit (weight: 60%)**: a child of five follows it\n- True: so says physics"
ITEMS = ("**Fit (weight: 60%)**: a child of five follows it", "True: so says physics")


def test_the_prompt_is_the_golden_one() -> None:
    query = Case("", TURNS, ())
    assert prompt_text(PRINCIPLES.render(query, (), seed=1)).replace(nonce(query, 1), "NONCE") == GOLDEN.read_text(
        "utf-8"
    )
    assert PRINCIPLES.echo_mark(query, 1) == f"<<<end of turn 4 · {nonce(query, 1)}>>>"


def test_the_sandbox_is_asked_in_its_own_language() -> None:
    forms = {name: principles_form(form) for name, form in FORMS.items()}
    assert {name for name, form in forms.items() if form is SANDBOX_PRINCIPLES} == {
        name for name in FORMS if name.startswith("sandbox")
    }
    assert prompt_text(SANDBOX_PRINCIPLES.render(Case("", case("a").prompt, ()), ())) == (
        "Request: Why is the sky blue?\nWrite principles."
    )


@pytest.mark.parametrize(
    "text",
    [
        LIST,
        f"Principles:\n{LIST}",
        f"### Principles\n\n{LIST}\n",
        f"Here they are.\n\n**Principles:**\n{LIST}\n\nThese should do.",
        f"Principles:\n{LIST}\n\nAnalysis:\n- none yet",
        "1. **Fit (weight: 60%)**: a child of five\n   follows it\n2. True: so says physics",
    ],
)
def test_principles_are_read_as_they_are_written(text: str) -> None:
    read = read_principles(text, 0)
    assert isinstance(read, Judgment)
    assert tuple(principle.text for principle in read.principles) == ITEMS
    assert (read.scores, read.critique, read.text) == ((), "", text)


def test_the_sandbox_s_are_too() -> None:
    read = SANDBOX_PRINCIPLES.read("Principles: brief 3, has river 2.", 0)
    assert isinstance(read, Judgment)
    assert [principle.text for principle in read.principles] == ["brief 3", "has river 2"]


@pytest.mark.parametrize("text", ["", "It should be true.", "Principles:\nIt should be true.", "- \n- **\n", "-"])
def test_what_is_no_list_is_unread(text: str) -> None:
    read = read_principles(text, 0)
    assert isinstance(read, Unread)
    assert (read.reason, read.text) == ("no_principles", text)


@pytest.mark.parametrize("unit", ["- ", "- a\n", "*", "(weight: ", "Principles:\n", "a\n\n", "1. **"])
def test_any_text_is_read_in_no_time(unit: str) -> None:
    begin = time.process_time()
    read_principles(unit * (50_000 // len(unit)), 0)
    assert time.process_time() - begin < 0.5
