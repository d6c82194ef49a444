"""Boxes: the last one counts, whole and in range, or the sample is unread; no number is ever guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.forms import FORMS
from solon.forms.reading import ends_with_box, read_boxed
from solon.types import Judgment, Unread
from tests.core.make import JUDGED

POINTWISE, CORRECT, PAIRWISE = (FORMS[name].read for name in ("pointwise", "correct", "pairwise"))


def reason(outcome: Judgment | Unread) -> str:
    assert isinstance(outcome, Unread), outcome
    return outcome.reason


@pytest.mark.parametrize(
    "box",
    [
        "\\boxed{8, 9}",
        "**\\boxed{8, 9}**",
        "Overall: $\\boxed{8,9}$.",
        "\\boxed {8 , 9 }",
        "\\boxed{\n8,\n9\n}",
        "\\boxed{8.0, 9.00}",
        "\\boxed{08, 9}",
        "\\boxed{\\text{8, 9}}",
        "\\boxed{ \\mathbf{8,\\ 9} }",
        "\\boxed{8,\\,9}",
        "\\boxed{8,\\; 9}",
        "\\boxed{[8, 9]}",
        "\\boxed{8，9}",
        "\\[ \\boxed{8, 9} \\]",
        "`\\boxed{8, 9}` <|im_end|>",
        "\\boxed{8,\u00a09}",
    ],
)
def test_ways_of_writing_the_same_box(box):
    assert POINTWISE(f"Analysis: fine.\n{box}", 2).scores == (8.0, 9.0)


@pytest.mark.parametrize(
    "text",
    [
        "Response 1 claims \\boxed{10, 1}.\n\nScores:\n\\boxed{3, 8}",
        "\\boxed{10, 1} \\boxed{3, 8}",
        "Format: \\boxed{s1, s2}\n\\boxed{3, 8}",
        "\\boxed{10, 1\n\\boxed{3, 8}",
        "Scores: 10, 1\n**\\boxed{3, 8}**",
        "Example: \\boxed{5, 5}. A is better. ANSWER: A. \\boxed{3, 8}",
    ],
)
def test_trap_3_the_last_box_wins_over_quoted_ones(text):
    assert POINTWISE(text, 2).scores == (3.0, 8.0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\\boxed{3, 8}\nIn short: \\boxed{3, 8", "no_scores"),
        ("\\boxed{3, 8}\nThe first response ends with \\boxed", "no_scores"),
        ("\\boxed{3, 8} and then \\boxed{three, eight}", "no_scores"),
        ("\\boxed{3, 8} and then \\boxed{}", "no_scores"),
        ("\\boxed{3, 8} and then \\boxed{\\text{3, 8}", "no_scores"),
        ("\\boxed{3, 8}\n\\boxed{3}", "wrong_count"),
        ("\\boxed{3, 8}\n\\boxed{30, 80}", "out_of_range"),
    ],
)
def test_trap_3_a_broken_last_box_is_never_replaced_by_an_earlier_one(text, why):
    assert reason(POINTWISE(text, 2)) == why


OUTSIDE = ["0", "11", "10.5", "0.99", "-1", "100", "999999999999", "-0"]
NO_NUMBERS = ["1e9", "NaN", "nan", "inf", "８", "²", "٣", "x", "", "8/10", "5%", "+5", "5.", "1_0", "0x5", "5 6", "1;5"]
NO_NUMBERS += ["Response 1: 5", "\\frac{1}{2}", "1" * 13, "\x005"]
NO_LISTS = ["8, 9,", "[8, 9", "[[8, 9]]", "8 9", "", "A"]


@pytest.mark.parametrize(
    ("inside", "why"),
    [(f"{number}, 5", "out_of_range") for number in OUTSIDE]
    + [(f"{number}, 5", "no_scores") for number in NO_NUMBERS]
    + [(inside, "no_scores") for inside in NO_LISTS]
    + [("8", "wrong_count"), ("8, 9, 7", "wrong_count")],
)
def test_trap_7_what_is_not_on_the_menu_is_unread(inside, why):
    assert reason(POINTWISE(f"Analysis: fine.\n\\boxed{{{inside}}}", 2)) == why


@pytest.mark.parametrize(
    "text", ["", " \n", "I cannot judge this.", "Scores: 8, 9", "boxed{8, 9}", "\\box{8, 9}", "\\fbox{8, 9}", "A"]
)
def test_trap_1_a_text_without_a_box_is_unread_and_no_number(text):
    outcome = POINTWISE(text, 2)
    assert outcome == Unread("no_scores", "no \\boxed{...} in the text", text)


def test_trap_3_the_prompt_s_own_box_is_no_verdict():
    """A model that repeats the instructions instead of judging is unread, whatever the form."""
    for form in FORMS.values():
        for n in (1, 2, 3):
            assert isinstance(form.read(form.template.replace("{{n}}", str(n)), n), Unread)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("1", (1.0,)),
        ("0", (0.0,)),
        ("-0", (0.0,)),
        ("0.5", "out_of_range"),
        ("2", "out_of_range"),
        ("1, 0", "wrong_count"),
        ("yes", "no_scores"),
    ],
)
def test_the_correct_form_reads_0_or_1(inside, expected):
    outcome = CORRECT(f"\\boxed{{{inside}}}", 1)
    assert (reason(outcome) if isinstance(outcome, Unread) else outcome.scores) == expected
    assert "-" not in str(getattr(outcome, "scores", ""))


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("1", (1.0, 0.0, 0.0)),
        ("3", (0.0, 0.0, 1.0)),
        ("\\text{2}", (0.0, 1.0, 0.0)),
        ("0", "out_of_range"),
        ("4", "out_of_range"),
        ("1.5", "out_of_range"),
        ("1, 2", "wrong_count"),
        ("C", "no_scores"),
        ("Response 2", "no_scores"),
    ],
)
def test_trap_7_the_pairwise_form_reads_the_number_of_a_response_that_exists(inside, expected):
    outcome = PAIRWISE(f"\\boxed{{{inside}}}", 3)
    assert (reason(outcome) if isinstance(outcome, Unread) else outcome.scores) == expected


def test_unread_says_what_was_seen_and_what_is_allowed():
    assert POINTWISE("\\boxed{8, 11}", 2).detail == "the last box holds '8, 11'; 1 to 10 allowed"  # type: ignore[union-attr]
    assert POINTWISE("\\boxed{8}", 2).detail == "the last box holds 1 number; 2 needed"  # type: ignore[union-attr]
    assert PAIRWISE("\\boxed{1, 2}", 3).detail == "the last box holds 2 numbers; 1 needed"  # type: ignore[union-attr]
    assert len(POINTWISE("\\boxed{" + "x" * 10_000 + "}", 2).detail) < 100  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("so \\boxed{8, 9}", True),
        ("so **\\boxed{8, 9}**.\n```\n", True),
        ("so \\boxed{\\text{8, 9}}", True),
        ("so \\boxed{8, 9} because", False),
        ("so \\boxed{8, 9", False),
        ("\\boxed{8, 9} \\boxed", False),
        ("so", False),
        ("", False),
    ],
)
def test_a_text_that_ends_with_its_box_was_not_cut_short(text, whole):
    assert ends_with_box(text) is whole


@given(JUDGED, JUDGED, st.integers(1, 5), st.integers(-3, 3), st.integers(0, 12))
def test_every_text_is_read_in_range_or_unread(before, after, n, low, high):
    for text in (before, before + "\\boxed{" + after, before + "\\boxed{" + ",".join("7" * n) + "}" + after):
        outcome = read_boxed(text, n, low, high)
        assert outcome.text == text
        if isinstance(outcome, Judgment):
            assert len(outcome.scores) == n
            assert all(low <= score <= high for score in outcome.scores)


@given(st.lists(st.integers(1, 10), min_size=1, max_size=12), JUDGED)
def test_a_proper_box_at_the_end_is_always_read(scores, critique):
    said = f"{critique}\n\\boxed{{{', '.join(map(str, scores))}}}"
    assert POINTWISE(said, len(scores)).scores == tuple(map(float, scores))  # type: ignore[union-attr]
