"""What a cascade comes to at a margin, and which margin labels choose: by hand, and by the whole search."""

import random
from statistics import fmean

import pytest

from solon.errors import UserError
from solon.report.cascading import Goal, Trial, candidates, chosen, held_out, measured


def trial(margin: float | None, alone: float, sent: float, **fields: float) -> Trial:
    given = {"plain": sent, "used": 8, "tokens": 100.0, "plain_tokens": 100.0, "read": 20} | fields
    return Trial(margin, alone, sent, **given)  # type: ignore[arg-type]


SURE = [trial(4.0, 1, 0), trial(3.0, 1, 1)]
UNSURE = [trial(1.0, 0, 1), trial(0.5, 0, 0.5)]
LONE = [trial(None, 0, 1)]


def test_accuracies_and_costs_by_hand() -> None:
    found = measured(SURE + UNSURE + LONE, [2.0] * 5)
    assert found.accuracy.mean == pytest.approx((1 + 1 + 1 + 0.5 + 1) / 5)
    assert found.alone.mean == pytest.approx(2 / 5)
    assert found.plain.mean == pytest.approx(3.5 / 5)
    assert found.over_plain.mean == pytest.approx(1 / 5)
    assert found.over_alone.mean == pytest.approx(2.5 / 5)
    assert (found.share, found.votes, found.tokens_per_case) == pytest.approx((0.6, 4.8, 60.0))
    assert (found.tokens, found.with_read) == pytest.approx((0.6, 0.8))


def test_what_a_scorer_reads_is_not_guessed() -> None:
    assert measured([*SURE, trial(2.0, 1, 1, read=None)], [0.0] * 3).with_read is None  # type: ignore[arg-type]


def test_a_case_of_exactly_the_margin_is_the_scorer_s() -> None:
    assert not trial(2.0, 1, 0).goes(2.0)
    assert trial(2.0, 1, 0).goes(2.000001)
    assert trial(None, 1, 0).goes(0.0)


def test_the_best_accuracy_is_chosen_at_the_fewest_tokens() -> None:
    margin = chosen(SURE + UNSURE + LONE, Goal())
    assert 1.0 < margin < 3.0, "the unsure ones are sent, and nothing is gained by sending 3.0"


def test_a_target_is_reached_with_the_fewest_tokens_or_named_as_out_of_reach() -> None:
    trials = SURE + UNSURE + LONE
    assert 0.5 < chosen(trials, Goal(accuracy=0.7)) < 1.0
    with pytest.raises(UserError, match=r"95\.0 %.*the most is 90\.0 %"):
        chosen(trials, Goal(accuracy=0.95))


def world(count: int, seed: int) -> list[Trial]:
    """Draw cases on which the scorer is right the more often the larger its margin, and the judge in 80 %."""
    rng, found = random.Random(seed), []
    for _ in range(count):
        margin = rng.expovariate(1.0)
        right = rng.random() < 0.5 + 0.49 * min(1.0, margin)
        found.append(trial(margin, float(right), float(rng.random() < 0.8), tokens=rng.uniform(50, 150)))
    return found


def test_a_budget_of_one_file_is_kept_on_others() -> None:
    kept = 0
    for seed in range(40):
        margin = chosen(world(400, seed), Goal(tokens=30.0))
        kept += fmean(one.costs(margin) for one in world(4000, 1000 + seed)) <= 30.0
    assert kept >= 36
    with pytest.raises(UserError, match="no margin keeps to 30 tokens a case"):
        chosen([*SURE, *LONE * 10], Goal(tokens=30.0))


def test_what_is_held_out_is_measured_with_margins_of_the_others() -> None:
    trials = world(300, 1)
    margins = held_out(trials, Goal(), folds=5, seed=0)
    assert 1 < len(set(margins)) <= 5
    assert margins == held_out(trials, Goal(), folds=5, seed=0)
    best = measured(trials, [chosen(trials, Goal())] * 300)
    assert measured(trials, margins).accuracy.mean <= best.accuracy.mean
    with pytest.raises(UserError, match="5 folds"):
        held_out(trials[:4], Goal(), folds=5, seed=0)


def test_a_scorer_without_any_margin_is_an_error() -> None:
    with pytest.raises(UserError, match="no margin on any"):
        candidates(LONE)
    trials = world(500, 2)
    shares = [fmean(one.goes(margin) for one in trials) for margin in candidates(trials)]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == pytest.approx([step / 100 for step in range(101)])
