"""Stopping rules: lossless ones never change the best, confident ones do as rarely as calibrated, bets are fair."""

import random
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.calibrating import calibrated, replayed, stopped
from solon.errors import UserError
from solon.stats import top
from solon.stopping import Prior, Stop, Tally, decided, looks, overturned

SCORES = st.integers(1, 10).map(float)
VOTES = st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[SCORES] * n), min_size=8, max_size=32))


def best(marks: list[tuple[float, ...]]) -> tuple[int, ...]:
    return top([fsum(column) for column in zip(*marks, strict=True)])


@pytest.mark.parametrize(
    ("marks", "left", "yes"),
    [
        ([(10, 1)], 0, True),
        ([(10, 1)], 1, False),
        ([(10, 1), (10, 1)], 1, True),
        ([(10, 1), (10, 1)], 2, False),
        ([(5, 5)], 0, False),
        ([(9, 1, 8), (9, 1, 8), (9, 1, 8)], 0, True),
        ([(9, 1, 8), (9, 1, 8), (9, 1, 8)], 1, False),
        ([(8,)], 0, False),
        ([], 4, False),
    ],
)
def test_lossless_stops_where_nobody_can_catch_up(marks: list[tuple[float, ...]], left: int, yes: bool) -> None:
    assert decided(Tally(marks, left, 9.0), "lossless") is yes


@given(VOTES, st.integers(4, 24))
def test_lossless_names_the_best_that_the_full_vote_names(vote: list[tuple[float, ...]], look: int) -> None:
    seen, left = vote[:look], len(vote) - min(look, len(vote))
    if decided(Tally(seen, left, 9.0), "lossless"):
        (leader,) = best(seen)
        assert best(vote) == (leader,)
        worst = tuple(1.0 if i == leader else 10.0 for i in range(len(vote[0])))
        assert best([*seen, *[worst] * left]) == (leader,), "whatever is still to come"


@given(VOTES)
def test_lossless_replayed_changes_no_best(vote: list[tuple[float, ...]]) -> None:
    found = replayed([vote], 9.0, "lossless")
    assert found.changed == (False,)
    assert found.used[0] in looks("lossless", len(vote))


def test_weights_that_round_do_not_make_a_lossless_stop_wrong() -> None:
    tiny = [(0.1 + 1e-18, 0.1)] * 3
    assert not decided(Tally(tiny, 0, 1.0), "lossless"), "a gap below rounding may be a tie in the full vote"


def test_the_chance_to_be_overturned_falls_with_the_margin_and_rises_with_what_is_left() -> None:
    prior = Prior()
    assert overturned([3.0] * 4, 0, 9.0, prior) == 0.0
    chances = [overturned([3.0] * 4, left, 9.0, prior) for left in (1, 4, 12, 28)]
    assert chances == sorted(chances)
    margins = [overturned([m] * 4, 12, 9.0, prior) for m in (0.5, 1.0, 3.0)]
    assert margins == sorted(margins, reverse=True)
    assert overturned([4.0, -2.0] * 4, 8, 9.0, prior) > overturned([1.0] * 8, 8, 9.0, prior), "spread is doubt"


def drawn(seed: int, cases: int, k: int = 32) -> list[list[tuple[float, float]]]:
    """Draw full votes of two responses whose mean margins differ from case to case."""
    rng = random.Random(seed)
    found = []
    for _ in range(cases):
        mean = rng.gauss(0, 1.2)
        found.append([(5.0 + round(rng.gauss(mean, 2.0)) / 2, 5.0) for _ in range(k)])
    return found


def test_the_calibrated_rule_disagrees_as_rarely_as_asked_on_other_votes() -> None:
    for delta in (0.02, 0.05):
        prior = calibrated(drawn(1, 1500), 9.0, delta)
        found = replayed(drawn(2, 1500), 9.0, "confident", prior)
        assert found.disagreement <= 1.5 * delta
        assert found.mean < 0.7 * 32


def test_a_smaller_delta_costs_judgments() -> None:
    votes = drawn(3, 600)
    used = [replayed(votes, 9.0, "confident", calibrated(votes, 9.0, delta)).mean for delta in (0.1, 0.03, 0.01)]
    assert used == sorted(used)
    assert used[0] < used[-1]


def test_too_few_votes_calibrate_nothing() -> None:
    with pytest.raises(UserError, match="give 50 or more"):
        calibrated(drawn(1, 10), 9.0, 0.02)
    with pytest.raises(UserError, match="too few"):
        calibrated([[(5.0,)] * 32] * 80, 9.0, 0.02)


def test_bets_against_nothing_are_rarely_won() -> None:
    rng = random.Random(0)
    votes = [[(5.0 + rng.choice((-3.0, 3.0)), 5.0) for _ in range(32)] for _ in range(600)]
    early = sum(stopped(vote, 9.0, "anytime", delta=0.1) < 32 for vote in votes)
    assert early <= 0.1 * 600
    sure = [[(10.0, 1.0)] * 32]
    assert stopped(sure[0], 9.0, "anytime", delta=0.1) < 32


@pytest.mark.parametrize("stop", ["lossless", "confident", "anytime"])
def test_a_tie_and_a_lone_response_are_never_decided_early(stop: Stop) -> None:
    assert not decided(Tally([(5.0, 5.0)] * 16, 1, 9.0), stop)
    assert not decided(Tally([(5.0,)] * 16, 1, 9.0), stop)
    assert not decided(Tally([], 32, 9.0), stop)


def test_unread_judgments_count_as_asked_and_give_nothing() -> None:
    vote = [(), (), (), (), (10.0, 1.0), (10.0, 1.0), (), ()]
    assert stopped(vote, 9.0, "confident", Prior(threshold=0.0)) == 8
    assert stopped(vote[:7], 9.0, "lossless") == 6
    assert stopped([*[(10.0, 1.0)] * 4, (), (), ()], 9.0, "lossless") == 4


@pytest.mark.parametrize(
    ("stop", "k", "expected"),
    [
        ("never", 32, [32]),
        ("confident", 32, [4, 6, 8, 12, 16, 24, 32]),
        ("lossless", 32, [4, 6, 8, 12, 16, 24, 28, 30, 32]),
        ("anytime", 9, [4, 6, 8, 9]),
        ("lossless", 4, [4]),
        ("confident", 3, [3]),
    ],
)
def test_looks_are_early_and_of_lossless_rules_late_too(stop: Stop, k: int, expected: list[int]) -> None:
    assert looks(stop, k) == expected
