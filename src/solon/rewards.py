"""Scores of a group to rewards. None stays None: a response without a score has no reward, and is no part of a mean."""

from collections.abc import Mapping, Sequence
from math import fsum
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["mean", "centered", "rank", "pairwise"]
"""What a reward is: the mean score over judgments, that less the group's mean, the rank of it, or the mean score over
comparisons with every other member in both orders."""

KINDS: tuple[Kind, ...] = get_args(Kind)

SCALE = (1.0, 10.0)
"""The least and the largest score, where a form does not say otherwise."""

_MEANS: Mapping[Kind, float] = {"centered": 0.0, "rank": 0.5}
"""The mean over any group of rewards that are relative to it."""

Values: TypeAlias = Sequence[float | None]
"""Scores or rewards, one per member of a group; None where there is none."""

Duels: TypeAlias = Mapping[tuple[int, int], tuple[float, float]]
"""By (index shown first, index shown second): the scores of both, in that order."""


def mean(values: Values) -> float | None:
    """Return the mean of what is there, or None."""
    known = [value for value in values if value is not None]
    return fsum(known) / len(known) if known else None


def valid(reward: float | None) -> float:
    """Return 1.0 for a reward and 0.0 for none: what trainers filter by, and its mean is the share of rewards."""
    return float(reward is not None)


def rewards(scores: Values, kind: Kind) -> list[float | None]:
    """Turn the scores of a group's members into rewards; scores of pairwise comparisons are rewards already."""
    if kind == "centered":
        middle = mean(scores)
        return [None if score is None or middle is None else score - middle for score in scores]
    if kind == "rank":
        known = [score for score in scores if score is not None]
        return [None if score is None else _rank(score, known) for score in scores]
    return list(scores)


def grouped(n: int, duels: Duels) -> list[float | None]:
    """Return S(y_i) = 1 / (2 (n - 1)) * sum over j != i of s(y_i | y_i, y_j) + s(y_i | y_j, y_i).

    A comparison that could not be read is left out of its members' means; a member without any has no score.
    """
    seen: list[list[float]] = [[] for _ in range(n)]
    for (first, second), (score_first, score_second) in sorted(duels.items()):
        seen[first].append(score_first)
        seen[second].append(score_second)
    return [mean(scores) for scores in seen]


def stand_in(
    kind: Kind, known: float | None, neutral: float | None = None, scale: tuple[float, float] = SCALE
) -> float:
    """Return what stands for a missing reward where a trainer takes only numbers: what changes its group the least.

    That is the group's mean, which of centered rewards and of ranks is known beforehand; where nothing of the group is
    known the number that was asked for; without one the middle of the scale.

    Args:
        kind: what rewards are.
        known: the mean of the group's rewards, as far as they are known here.
        neutral: the number that was asked for.
        scale: the least and the largest score.
    """
    if kind in _MEANS:
        return _MEANS[kind]
    return next(value for value in (known, neutral, fsum(scale) / 2) if value is not None)


def share(score: float, scale: tuple[float, float] = SCALE) -> float:
    """Return a score as a share of the scale, 0 to 1."""
    low, high = scale
    return min(1.0, max(0.0, (score - low) / (high - low)))


def _rank(score: float, known: Sequence[float]) -> float:
    """Return the share of the others that a score beats, ties counting half; without others it is in the middle."""
    if len(known) == 1:
        return 0.5
    beaten = sum(other < score for other in known)
    tied = sum(other == score for other in known) - 1
    return (beaten + tied / 2) / (len(known) - 1)
