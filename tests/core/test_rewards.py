"""Rewards: what they are of, and that a missing score stays missing."""

import random
from itertools import permutations

import pytest

from solon.rewards import KINDS, Kind, grouped, mean, rewards, share, stand_in


def test_missing_scores_have_no_reward_and_are_no_part_of_the_others() -> None:
    assert rewards([2.0, None, 4.0], "mean") == [2.0, None, 4.0]
    assert rewards([2.0, None, 4.0], "centered") == [-1.0, None, 1.0]
    assert rewards([2.0, None, 4.0, 4.0], "rank") == [0.0, None, 0.75, 0.75]
    assert rewards([None, None], "centered") == [None, None]
    assert rewards([7.0], "rank") == [0.5]


def test_grouped_comparison_is_the_mean_over_both_orders_of_all_pairs() -> None:
    rng = random.Random(1)
    duels = {pair: (rng.uniform(1, 10), rng.uniform(1, 10)) for pair in permutations(range(4), 2)}
    expected = [sum(duels[i, j][0] + duels[j, i][1] for j in range(4) if j != i) / (2 * 3) for i in range(4)]
    assert grouped(4, duels) == pytest.approx(expected)
    kept = {pair: scores for pair, scores in duels.items() if 3 not in pair}
    assert grouped(4, kept)[3] is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_stand_in_does_not_move_the_mean_of_its_group(kind: Kind) -> None:
    rng = random.Random(2)
    for n in range(1, 12):
        known = rewards([float(rng.randint(1, 10)) for _ in range(n)], kind)
        assert stand_in(kind, mean(known), neutral=3.0) == pytest.approx(mean(known))


def test_a_share_keeps_to_the_scale() -> None:
    assert [share(score) for score in (0.0, 1.0, 5.5, 10.0, 11.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert share(0.25, (0.0, 1.0)) == 0.25
