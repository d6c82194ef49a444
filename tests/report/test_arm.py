"""What a judge earned, case by case: ways to weigh, what the weights are worth, and single responses."""

from dataclasses import replace

import pytest

from solon.report.arm import rated_row, scored_row, sure_row, weights_row
from solon.sandbox.judging import Judged
from solon.types import Best, Case, Label, LabeledCase, Ratings, Right, Verdict
from solon.vote import chance, vote
from tests.report.making import case, judged, unread, voted


def labeled(label: Label, kind: str = "poem", n: int = 2) -> LabeledCase:
    one: Case = replace(case(n), tags={"kind": kind})
    return LabeledCase(one, label)


def weighed(*pairs: tuple[float, tuple[float, ...]]) -> Verdict:
    outcomes = [judged(*scores) for _, scores in pairs]
    return vote(outcomes, 2, weights=[w for w, _ in pairs], keep=1, orders=[(0, 1)] * len(outcomes))


def test_every_way_to_weigh_the_votes_has_its_earnings() -> None:
    verdict = weighed((3.0, (1, 2)), (-3.0, (9, 1)), (-3.0, (9, 1)), (2.0, (1, 2)))
    row = scored_row([labeled(Best(1))], [voted(judged(1, 1))], [verdict], [1, 4])
    earned = row["earned"]
    assert (earned["greedy"], earned["greedy strict"]) == ([0.5], [0.0])
    assert earned["votes"]["4"] == [0.0], "the wrong ones shout louder"
    assert earned["meta"]["4"] == [1.0], "the best half by weight"
    assert earned["meta one"]["4"] == [1.0]
    assert earned["soft"]["4"] == [1.0], "nearly no weight for the wrong ones"
    assert earned["votes"]["1"] == [0.5]
    assert (row["cases"], row["kinds"], row["ties"]["4"], row["distinct"]["4"]) == (1, ["poem"], 0.0, 2.0)


def test_votes_without_weights_are_only_counted() -> None:
    row = scored_row([labeled(Best(0))], [voted(judged(2, 1))], [voted(judged(2, 1), judged(2, 1))], [1, 2])
    assert sorted(row["earned"]) == ["greedy", "greedy strict", "votes", "votes strict"]


def test_a_case_that_prefers_nothing_has_no_kind_either() -> None:
    cases = [labeled(Ratings((1.0, 1.0)), "bill"), labeled(Best(0))]
    row = scored_row(cases, [voted(judged(2, 1))] * 2)
    assert (row["cases"], row["kinds"], row["earned"]["greedy"]) == (1, ["poem"], [1.0])


def test_unread_samples_are_a_share_and_earn_nothing() -> None:
    row = scored_row([labeled(Best(0))], [voted(unread())], [voted(judged(2, 1), unread())], [2])
    assert row["unread"] == {"greedy": 1.0, "votes": 0.5}
    assert (row["earned"]["greedy"], row["earned"]["votes"]["2"]) == ([0.0], [1.0])


def test_sure_votes_count_by_their_weights() -> None:
    verdict = weighed((0.9, (0, 1)), (0.2, (1, 0)), (0.2, (1, 0)))
    found = sure_row(Judged((labeled(Best(1)),), (verdict,), 0.0), [3])
    assert found == {"sure": {"3": [1.0]}}
    with pytest.raises(ValueError, match="needs the weights"):
        sure_row(Judged((labeled(Best(1)),), (voted(judged(0, 1)),), 0.0), [1])


def test_weights_are_measured_against_what_is_right() -> None:
    verdict = weighed((1.0, (0, 1)), (2.0, (1, 0)), (0.0, (1, 0)), (3.0, (0, 1)))
    found = weights_row(Judged((labeled(Best(1)),), (verdict,), 0.0))["weights"]
    assert (found["judgments"], found["right"], found["auc"]) == (4, 2, 0.75)


def test_single_responses_keep_their_scores_and_labels() -> None:
    cases = tuple(labeled(Right(value), n=1) for value in (True, False))
    votes = (voted(judged(8), unread(), n=1), voted(unread(), unread(), n=1))
    greedy = (voted(judged(7), n=1), voted(judged(2), n=1))
    row = rated_row(Judged(cases, greedy, 1.0), Judged(cases, votes, 1.0), [1, 2])
    assert row["labels"] == [True, False]
    assert row["rated"] == {"greedy": [7.0, 2.0], "votes": {"1": [8.0, None], "2": [8.0, None]}}
    assert row["unread"] == {"greedy": 0.0, "votes": 0.75}


@pytest.mark.parametrize(("logit", "expected"), [(0.0, 0.5), (800.0, 1.0), (-800.0, 0.0), (1.0, 0.731), (-1.0, 0.269)])
def test_a_logit_stands_for_a_chance(logit: float, expected: float) -> None:
    assert chance(logit) == pytest.approx(expected, abs=1e-3)
