"""Outcome: what a form makes of a sample, its own readers trusted and a user's reader guarded."""

import math

import pytest

from solon.errors import UserError
from solon.forms import FORMS
from solon.forms.form import Form
from solon.types import Judgment, Unread

POINTWISE = FORMS["pointwise"]
WHOLE = "Analysis: fine.\n\\boxed{8, 9}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Principles:\n- a",
        "\\boxed{8, 9} is what response 1 asks for, but",
        "Analysis: so \\boxed{8, 1",
        "\\boxed{8, 9}\n\\boxed",
    ],
)
@pytest.mark.parametrize(("finish", "reason"), [("length", "truncated"), ("content_filter", "refused")])
def test_trap_7_a_judgment_cut_short_is_unread_whatever_box_it_quotes(text, finish, reason):
    for form in FORMS.values():
        outcome = form.outcome(text, 2, finish)
        assert isinstance(outcome, Unread)
        assert (outcome.reason, outcome.text) == (reason, text)
        assert "before it ended with a box" in outcome.detail


@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
def test_a_judgment_that_ends_with_its_box_counts_however_it_finished(finish):
    assert POINTWISE.outcome(WHOLE + "**.\n", 2, finish).scores == (8.0, 9.0)  # type: ignore[union-attr]


def test_a_whole_judgment_is_what_its_reader_says():
    assert POINTWISE.outcome(WHOLE, 2) == POINTWISE.read(WHOLE, 2)
    assert POINTWISE.outcome(WHOLE, 3) == POINTWISE.read(WHOLE, 3)
    assert POINTWISE.outcome("\\boxed{8, 9} since", 2).scores == (8.0, 9.0)  # type: ignore[union-attr]


def own(result: object, file: str = "mine.py") -> Form:
    def read(text: str, n: int) -> object:
        if isinstance(result, Exception):
            raise result
        return result

    return Form("mine", "{{responses}}", read, file=file)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [ValueError("no digits"), KeyError("x"), RecursionError("deep"), IndexError()])
def test_a_user_s_reader_that_raises_is_named_with_its_error(error):
    with pytest.raises(UserError) as raised:
        own(error).outcome(WHOLE, 2)
    assert str(raised.value) == f"the form 'mine' (mine.py): read(text, n) raised {type(error).__name__}: {error}"
    assert raised.value.__cause__ is error


def test_a_reader_of_ours_that_raises_is_a_bug_and_keeps_its_error():
    with pytest.raises(ValueError, match="no digits"):
        own(ValueError("no digits"), file="").outcome(WHOLE, 2)


@pytest.mark.parametrize(
    "scores",
    [
        (),
        (1.0,),
        (1.0, 2.0, 3.0),
        (1.0, math.nan),
        (math.inf, 1.0),
        (1.0, -math.inf),
        ("1", "2"),
        (None, 1.0),
        [1.0, 2.0],
        3.0,
        None,
    ],
)
def test_trap_12_a_user_s_judgment_without_n_finite_scores_is_refused(scores):
    with pytest.raises(
        UserError, match=r"the form 'mine' \(mine.py\): read\(text, n\) returned the scores .*; a tuple of 2"
    ):
        own(Judgment(scores, (), "", "")).outcome(WHOLE, 2)


@pytest.mark.parametrize("result", [None, 8.0, (8.0, 9.0), "8, 9", Judgment])
def test_trap_8_a_user_s_reader_that_returns_something_else_is_refused(result):
    with pytest.raises(UserError, match=f"returned {type(result).__name__}; a Judgment or an Unread is needed"):
        own(result).outcome(WHOLE, 2)


def test_a_reason_that_is_not_on_the_list_is_refused():
    with pytest.raises(UserError, match="gave the reason 'tired'; use truncated, no_principles, no_scores"):
        own(Unread("tired", "")).outcome(WHOLE, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "result", [Judgment((1.0, -2.5), (), "", ""), Judgment((3, 10**9), (), "", ""), Unread("no_scores", "none")]
)
def test_a_user_s_reader_may_score_as_it_likes(result):
    assert own(result).outcome(WHOLE, 2) is result
