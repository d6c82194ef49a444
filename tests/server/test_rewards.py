"""Rewards: what they are of, and that a missing score stays missing."""

import random
from itertools import permutations

import pytest

from solon.server.chunks import chunks, one_scale
from solon.server.rewards import grouped, neutral, rewards


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


def test_the_neutral_reward_is_the_groups_mean_or_the_middle() -> None:
    assert neutral([2.0, None, 4.0], "mean", 5.5) == 3.0
    assert [neutral([None], kind, 5.5) for kind in ("mean", "pairwise", "centered", "rank")] == [5.5, 5.5, 0.0, 0.5]


@pytest.mark.parametrize(("n", "most"), [(9, 8), (16, 8), (23, 8), (5, 2), (64, 6)])
def test_overlapping_chunks_come_to_one_scale(n: int, most: int) -> None:
    laid_out = chunks(n, most)
    assert {i for members in laid_out for i in members} == set(range(n))
    assert all(len(set(members)) == most for members in laid_out)
    rng = random.Random(n)
    worth = [rng.uniform(1, 10) for _ in range(n)]
    scored = {members: [worth[i] + mood for i in members] for members in laid_out for mood in [rng.uniform(-2, 2)]}
    found = one_scale(n, scored)
    shift = {round(score - one, 6) for score, one in zip(found, worth, strict=True) if score is not None}
    assert len(shift) == 1, "all are off by the same"
    del scored[laid_out[0]]
    found = one_scale(n, scored)
    lost = set(laid_out[0]) - {i for members in scored for i in members}
    assert {i for i, score in enumerate(found) if score is None} == lost
    left = {round(score - worth[i], 6) for i, score in enumerate(found) if score is not None}
    assert len(left) == 1, "the ring holds without one chunk"
