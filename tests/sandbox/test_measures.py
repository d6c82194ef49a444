"""What the world's rules say of judgments, on judgments written by hand."""

import pytest

from solon.sandbox import cases, of_other_kinds, true_principles
from solon.sandbox.measures import checks, principled, truths
from solon.sandbox.world import implied
from solon.types import Case, Judgment, Message, Principle, content
from solon.vote import vote

CASE = Case(
    "a",
    (Message("user", content("Write a letter.")),),
    (content("Hello, Ada. Please come!"), content("The river sings of the river and of all that is near it.")),
    tags={"implied": [("greeting", 3), ("calm", 2), ("has river", 1)], "boasts": [], "aside": ""},
)
SAID = "Principles: greeting 3, has river 2.\n[1] has river no, greeting no: 4\n[2] has river yes, greeting yes: 6\n"


def judgment(*principles: tuple[str, float]) -> Judgment:
    return Judgment((1.0, 2.0), tuple(Principle(*one) for one in principles), "", SAID)


def test_checks_are_held_against_the_response_that_was_shown() -> None:
    """In the order (1, 0) response [1] is the one that sings of the river and greets nobody."""
    assert [(criterion.text, true) for criterion, true in checks(CASE, (1, 0), SAID)] == [
        ("has river", False),
        ("greeting", True),
        ("has river", False),
        ("greeting", True),
    ]
    assert [true for _, true in checks(CASE, (0, 1), SAID)] == [True, False, True, False]


def test_truths_are_those_of_all_judgments() -> None:
    verdict = vote([judgment(), judgment()], 2, orders=[(1, 0), (0, 1)])
    assert [true for _, true in truths(CASE, verdict)] == [False, True, False, True, True, False, True, False]


def test_principles_are_measured_against_those_that_the_request_implies() -> None:
    one = judgment(("greeting", 3), ("brief", 1))
    other = judgment(("greeting", 3), ("calm", 2), ("nonsense", 1))
    verdict = vote([one, other] * 4, 2, orders=[(0, 1)] * 8)
    found = principled([CASE], [verdict])
    assert found["implied"] == pytest.approx(3 / 5)
    assert found["covered by one"] == pytest.approx((3 / 6 + 5 / 6) / 2)
    assert found["covered by eight"] == pytest.approx(5 / 6)
    assert found["distinct sets"] == 2
    assert found["weight correlation"] == pytest.approx(1.0)


def test_given_principles_carry_their_weight_behind_the_name() -> None:
    verdict = vote([Judgment((1.0, 2.0), (Principle("has river 1"),), "", SAID)], 2, orders=[(0, 1)])
    assert principled([CASE], [verdict])["implied"] == 1.0


def test_true_principles_and_those_of_another_kind() -> None:
    assert true_principles(CASE) == ("greeting 3", "calm 2", "has river 1")
    held = cases("dev", 30, n=2)
    for one, other in zip(held, of_other_kinds(held), strict=True):
        assert one.case.tags["kind"] != other.case.tags["kind"]
        assert len(true_principles(one.case)) == min(3, len(implied(one.case)))
