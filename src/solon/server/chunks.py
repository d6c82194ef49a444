"""Groups that are too large for one prompt: chunks that overlap, and their scores on one scale."""

from collections.abc import Mapping, Sequence
from math import fsum

from solon.rewards import mean

_RIDGE = 1e-9


def chunks(n: int, most: int) -> list[tuple[int, ...]]:
    """Lay n responses out in chunks of `most`, in a ring: each shares a quarter of its members with the next one.

    The ring keeps all chunks linked when one of them cannot be read.
    """
    if n <= most:
        return [tuple(range(n))]
    step = most - max(1, most // 4)
    return [tuple((start + i) % n for i in range(most)) for start in range(0, n, step)]


def one_scale(n: int, scored: Mapping[tuple[int, ...], Sequence[float | None]]) -> list[float | None]:
    """Return a score per response from the scores of overlapping chunks.

    A judge is milder in one prompt than in another one, so every chunk has an offset; what two chunks say of the
    responses that they share tells the offsets apart (least squares). They add up to zero over the chunks. A
    response that no chunk scored has None.
    """
    rows = [
        [(i, score) for i, score in zip(members, scores, strict=True) if score is not None]
        for members, scores in scored.items()
    ]
    seen = [[(c, score) for c, row in enumerate(rows) for j, score in row if j == i] for i in range(n)]
    offsets = _solved(*_normal(len(rows), seen))
    return [mean([score - offsets[c] for c, score in one]) for one in seen]


def _normal(count: int, seen: Sequence[Sequence[tuple[int, float]]]) -> tuple[list[list[float]], list[float]]:
    """Return the normal equations of the offsets, after every response's own quality is eliminated."""
    matrix = [[_RIDGE * (a == b) for b in range(count)] for a in range(count)]
    right = [0.0] * count
    for one in seen:
        middle = mean([score for _, score in one]) or 0.0
        for a, score in one:
            right[a] += score - middle
            matrix[a][a] += 1.0
            for b, _ in one:
                matrix[a][b] -= 1.0 / len(one)
    return matrix, right


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve by Gaussian elimination; the matrix is symmetric and, by its ridge, positive definite."""
    n = len(right)
    for p in range(n):
        for r in range(p + 1, n):
            factor = matrix[r][p] / matrix[p][p]
            for c in range(p, n):
                matrix[r][c] -= factor * matrix[p][c]
            right[r] -= factor * right[p]
    found = [0.0] * n
    for p in reversed(range(n)):
        found[p] = (right[p] - fsum(matrix[p][c] * found[c] for c in range(p + 1, n))) / matrix[p][p]
    return found
