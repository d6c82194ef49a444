"""Groups too large for one prompt: chunks that overlap, and one scale."""

import random

import pytest

from solon.server.chunks import chunks, one_scale


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
