"""Expected scores: exact over what tokens might have said, whatever the tokenizer; what is unknown is left out."""

import pytest

from solon.forms import load_form
from solon.forms.chances import Token, binary, expected
from solon.forms.sandbox import SANDBOX
from solon.types import Judgment

SCALE = (1.0, 10.0)


def tokens(*places: dict[str, float] | str) -> tuple[str, list[Token]]:
    """Lay out tokens: a text that was certain, or what might have stood there, the drawn one first."""
    text, found = "", []
    for place in places:
        chances = {place: 1.0} if isinstance(place, str) else place
        drawn = next(iter(chances))
        found.append(Token(len(text), len(text) + len(drawn), drawn, chances))
        text += drawn
    return text, found


def judged(text: str, form: str = "pointwise", n: int = 2) -> Judgment:
    read = load_form(form).read(text, n)
    assert isinstance(read, Judgment), read
    return read


def test_a_score_is_its_expectation_over_the_likely_ones() -> None:
    text, found = tokens("\\boxed{", {"8": 0.5, "6": 0.3, "9": 0.1, "x": 0.1}, ", ", {"2": 1.0}, "}")
    got = expected(judged(text), found, SCALE)
    assert got is not None
    assert got.scores == pytest.approx(((4 + 1.8 + 0.9) / 0.9, 2.0))
    assert got.mass == pytest.approx(0.9)


def test_only_the_last_box_counts() -> None:
    text, found = tokens("\\boxed{9, 9} no: ", "\\boxed{", {"3": 0.5, "4": 0.5}, ",", {"7": 1.0}, "}")
    got = expected(judged(text), found, SCALE)
    assert got is not None
    assert got.scores == pytest.approx((3.5, 7.0))


@pytest.mark.parametrize(
    ("places", "score", "mass"),
    [
        # ten drawn as two tokens: the second place says how often "1" goes on
        ([{"1": 0.6, "9": 0.4}, {"0": 0.75, "}": 0.25}], (0.6 * 0.75 * 10 + 0.6 * 0.25 + 0.4 * 9), 1.0),
        # one drawn: the place behind says how often it would have been ten
        ([{"1": 0.5, "5": 0.5}, {"}": 0.8, "0": 0.2}], (0.5 * 0.8 + 0.5 * 0.2 * 10 + 0.5 * 5), 1.0),
        # eight drawn: whether the "1" beside it would go on is unknown, so it is left out
        ([{"8": 0.9, "1": 0.1}, {"}": 1.0}], 8.0, 0.9),
        # a tokenizer with a token of its own for ten leaves no doubt
        ([{"8": 0.8, "1": 0.1, "10": 0.1}, {"}": 1.0}], 8 * 0.8 + 0.1 + 1.0, 1.0),
        # out of the scale: zero and eleven
        ([{"8": 0.5, "0": 0.3, "11": 0.2}, {"}": 1.0}], 8.0, 0.5),
    ],
)
def test_numbers_of_two_tokens(places: list[dict[str, float]], score: float, mass: float) -> None:
    text, found = tokens("\\boxed{", *places, *([] if places[1].get("}", 0) >= 0.5 else ["}"]))
    got = expected(judged(text, n=1), found, SCALE)
    assert got is not None
    assert got.scores == pytest.approx((score,))
    assert got.mass == pytest.approx(mass)


def test_marks_before_a_number_may_be_part_of_its_token() -> None:
    text, found = tokens("\\boxed", {"{8": 0.6, "{6": 0.4}, {", 3": 0.7, ", 5": 0.3}, "}")
    got = expected(judged(text), found, SCALE)
    assert got is not None
    assert got.scores == pytest.approx((7.2, 3.6))
    spaced, found = tokens("\\boxed{", {" 8": 0.5, "6": 0.5}, ",", {" 3": 1.0}, " }")
    got = expected(judged(spaced), found, SCALE)
    assert got is not None
    assert got.scores == pytest.approx((7.0, 3.0))


def test_where_nothing_can_be_read_there_is_no_score() -> None:
    text, found = tokens("\\boxed{", {"8": 0.0, "x": 1.0}, "}")
    assert expected(judged(text, n=1), found, SCALE) is None
    assert expected(judged("\\boxed{8}", n=1), [], SCALE) is None


def test_yes_against_no() -> None:
    token = Token(0, 4, " yes", {" yes": 0.6, " no": 0.2, " maybe": 0.2})
    assert binary(token, "yes", "no") == pytest.approx((0.75, 0.8))
    assert binary(Token(0, 1, "x", {"x": 1.0}), "yes", "no") == (0.0, 0.0)


YES, NO = {" yes": 0.9, " no": 0.1}, {" no": 0.8, " yes": 0.2}


def soft(*places: dict[str, float] | str, given: tuple[str, ...] = (), n: int = 2) -> tuple[float, ...] | None:
    text, found = tokens(*places)
    assert SANDBOX.soften is not None
    got = SANDBOX.soften(judged(text, "sandbox", n), found, given)
    return got and got.scores


LINES = ("\n[1] brief", YES, ", has river", NO, ": 4\n[2] brief", NO, ", has river", YES, ": 3\n\\boxed{4, 3}")


def test_a_soft_critique_adds_the_weights_by_the_chance_of_every_yes() -> None:
    assert soft("Principles: brief 3, has river 2.", *LINES) == pytest.approx((1 + 2.7 + 0.4, 1 + 0.6 + 1.8))


def test_given_principles_bring_their_weights() -> None:
    assert soft(LINES[0].strip(), *LINES[1:], given=("brief 1", "has river 1")) == pytest.approx((2.1, 2.1))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "places",
    [
        ("Principles: brief 3.", *LINES),
        ("Principles: brief 3, has river 2.", *LINES[:5], "\n\\boxed{4, 3}"),
        ("Principles: brief 3.", "\n[1] brief", {" yes": 0.0, "x": 1.0}, ": 4\n[2] brief", YES, ": 4\n\\boxed{4, 4}"),
    ],
    ids=["no weight", "a line is missing", "neither yes nor no"],
)  # fmt: skip
def test_a_critique_that_cannot_be_softened_has_no_scores(places: tuple[dict[str, float] | str, ...]) -> None:
    assert soft(*places) is None
