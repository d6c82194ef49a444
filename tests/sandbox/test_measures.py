"""What the world's rules say of judgments, on judgments written by hand."""

from dataclasses import replace

import pytest

from solon.sandbox import cases, of_other_kinds, true_principles
from solon.sandbox.measures import Rules, checks, rules, truths
from solon.sandbox.world import implied
from solon.types import Best, Case, Judgment, Label, LabeledCase, Message, Principle, Ratings, Right, Unread, content
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
    found = rules([LabeledCase(CASE, Best(0))], [verdict]).means()
    assert found["implied"] == pytest.approx(3 / 5)
    assert found["covered by one"] == pytest.approx((3 / 6 + 5 / 6) / 2)
    assert found["covered by eight"] == pytest.approx(5 / 6)
    assert found["distinct sets"] == 2
    assert found["weight correlation"] == pytest.approx(1.0)
    assert (found["checks true"], found["easy checks true"], found["hard checks true"]) == (0.5, 0.0, 1.0)


def test_what_no_verdict_tells_is_unknown() -> None:
    found = rules([LabeledCase(CASE, Best(0))], [vote([Unread("refused", "")], 2, orders=[(0, 1)])])
    assert set(found.intervals().values()) == set(found.means().values()) == set(found.gains(found).values()) == {None}


LONG, SHORT, MIDDLE = "one two three four five", "one two three.", "one two three, four"


@pytest.mark.parametrize(
    ("responses", "label", "scores", "chosen", "best"),
    [
        ((LONG, SHORT), Best(1), (2, 1), [True], [False]),
        ((SHORT, LONG), Ratings((1, 4)), (2, 1), [False], [True]),
        pytest.param((SHORT, SHORT), Best(0), (2, 1), [], [], id="equal lengths"),
        pytest.param((LONG, SHORT), Best(0), (1, 1), [], [], id="no strict best of the verdict"),
        pytest.param((LONG, SHORT), Ratings((4, 4)), (2, 1), [], [], id="no strict best of the label"),
        pytest.param((LONG,), Right(True), (2,), [], [], id="a single response"),
        pytest.param((LONG,), Ratings((2,)), (2,), [], [], id="a single rating"),
        pytest.param((SHORT, MIDDLE, LONG), Best(2), (1, 3, 2), [], [], id="the verdict's is as long as the mean"),
        pytest.param((SHORT, MIDDLE, LONG), Best(1), (1, 2, 3), [], [], id="the label's is as long as the mean"),
        ((SHORT, SHORT, LONG), Best(0), (1, 2, 3), [True], [False]),
    ],
)
def test_lengths_are_held_against_the_worlds_on_the_same_cases(
    responses: tuple[str, ...], label: Label, scores: tuple[float, ...], chosen: list[bool], best: list[bool]
) -> None:
    case = replace(CASE, responses=tuple(map(content, responses)))
    verdict = vote([Judgment(scores, (), "", "")], case.n, orders=[tuple(range(case.n))])
    values = rules([LabeledCase(case, label)], [verdict]).values
    assert (values["longer chosen"], values["longer best"]) == ([chosen], [best])


def ruled(checks: list[list[float]], chosen: list[list[float]], best: list[list[float]]) -> Rules:
    return Rules({"longer chosen": chosen, "longer best": best, "checks true": checks}, [])


def test_figures_have_intervals_over_cases_not_over_checks() -> None:
    """Ten checks a case, all true or all false: an interval over checks would have a third of this width."""
    one = ruled([[float(i % 5 > 0)] * 10 for i in range(100)], [[1.0], []] * 50, [[0.0], []] * 50)
    found = one.intervals()
    assert found["checks true"] == pytest.approx((0.8, 0.8 - 1.96 * 0.04, 0.8 + 1.96 * 0.04), abs=0.015)
    assert found["longer chosen - best"] == (1, 1, 1)


def test_gains_are_paired_by_the_cases_that_both_have_values_of() -> None:
    shared = [[1.0, 0.0]] * 20 + [[1.0]] * 20
    better = ruled([[1.0, *values] for values in shared] + [[]], [[1.0]] * 41, [[0.0]] * 41)
    first = ruled([*shared, [0.0] * 90], [[1.0]] * 40 + [[]], [[1.0]] * 41)
    gains = better.gains(first)
    assert list(gains) == ["longer chosen", "checks true"]
    assert gains["checks true"] is not None
    assert gains["checks true"].mean == pytest.approx(80 / 100 - 40 / 60)
    assert gains["checks true"].low > 0
    assert gains["longer chosen"] == (0, 0, 0)


def test_the_weights_correlation_has_an_interval_over_cases() -> None:
    agreeing, against = [((3.0, 3.0), 2), ((1.0, 1.0), 2)], [((3.0, 1.0), 2), ((1.0, 3.0), 2)]
    found = replace(ruled([], [], []), weights=[agreeing] * 45 + [against] * 15 + [[]] * 40).intervals()
    interval = found["weight correlation"]
    assert interval is not None
    assert interval.mean == pytest.approx(0.5)
    width = 2 * 1.96 * (3 / 4 / 60) ** 0.5
    assert interval.high - interval.low == pytest.approx(width, rel=0.15)


def test_given_principles_carry_their_weight_behind_the_name() -> None:
    verdict = vote([Judgment((1.0, 2.0), (Principle("has river 1"),), "", SAID)], 2, orders=[(0, 1)])
    assert rules([LabeledCase(CASE, Best(0))], [verdict]).means()["implied"] == 1.0


def test_true_principles_and_those_of_another_kind() -> None:
    assert true_principles(CASE) == ("greeting 3", "calm 2", "has river 1")
    held = cases("dev", 30, n=2)
    for one, other in zip(held, of_other_kinds(held), strict=True):
        assert one.case.tags["kind"] != other.case.tags["kind"]
        assert len(true_principles(one.case)) == min(3, len(implied(one.case)))
