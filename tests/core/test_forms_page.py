"""The page on forms: its code runs as told, and its tables are complete."""

from pathlib import Path
from typing import get_args

import pytest

from solon.errors import UserError
from solon.forms import FORMS, load_form
from solon.forms.form import Form
from solon.types import Judgment, PrinciplesMode, Reason
from tests.core.make import case, prompt_text

PAGE = (Path(__file__).parents[2] / "docs" / "forms.md").read_text("utf-8")


def code(file: str) -> str:
    return f"# {file}\n" + PAGE.partition(f"```python\n# {file}\n")[2].partition("```")[0]


def test_the_form_of_your_own_works_as_told(write):
    form = load_form(write(code("brief.py"), "brief.py"))
    one = case("Rain falls.", "Clouds cool, so it rains.", prompt="Why does it rain?", principles=("Be short",))
    prompt = prompt_text(form.render(one, (1, 0), "given"))
    assert "Grade by these principles:\n- Be short\n\nWrite one line for each of the 2 answers." in prompt
    assert prompt.index("Clouds cool") < prompt.index("Rain falls.")
    assert "a grade" in prompt_text(form.render(case("a"), (0,)))


def test_its_reader_reads_grades_or_says_why_not(write):
    form = load_form(write(code("brief.py"), "brief.py"))
    text = "1: it says why.\n2: it only says that.\nGrades: A, C"
    judgment = form.outcome(text, 2)
    assert isinstance(judgment, Judgment)
    assert (judgment.scores, judgment.critique) == ((4.0, 2.0), "1: it says why.\n2: it only says that.")
    assert judgment.spans.scores is not None
    assert text[slice(*judgment.spans.scores)] == "Grades: A, C"
    for text, reason in [
        ("A, C", "no_scores"),
        ("Grades: A", "wrong_count"),
        ("Grades: A, Z", "out_of_range"),
        ("", "no_scores"),
    ]:
        assert form.outcome(text, 2).reason == reason  # type: ignore[union-attr]
    assert form.outcome("Grades: A, C", 2, "length").reason == "truncated"  # type: ignore[union-attr]


def test_the_form_for_the_released_checkpoints_works_as_told(write):
    form = load_form(write(code("deepseek_grm.py"), "deepseek_grm.py"))
    prompt = prompt_text(form.render(case("a", "b"), (0, 1)))
    assert prompt.index("<<<turn 1, user") < prompt.index("<<<response 1") < prompt.index("<<<response 2")
    assert form.outcome("Specific Criteria: ...\n\\boxed{7, 3}", 2).scores == (7.0, 3.0)  # type: ignore[union-attr]


def test_the_page_lists_every_slot_form_reason_and_mode():
    with pytest.raises(UserError, match="the slots are") as raised:
        Form("own", "{{unknown}}", FORMS["pointwise"].read).render(case("a"), (0,))
    slots = str(raised.value).partition("the slots are ")[2].split(", ")
    for name in [*slots, "pointwise", "correct", "pairwise", *get_args(Reason), *get_args(PrinciplesMode)]:
        assert f"| `{name}` |" in PAGE
