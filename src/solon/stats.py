"""Ties and intervals: who shares the top, and the percentile bootstrap over cases with its seed as an argument."""

import random
from collections.abc import Sequence
from itertools import groupby
from math import fsum
from statistics import correlation
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean with the bounds of its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def top(scores: Sequence[float]) -> tuple[int, ...]:
    """Return the indices that share the highest score."""
    highest = max(scores)
    return tuple(i for i, score in enumerate(scores) if score == highest)


def bootstrap(values: Sequence[float], *, seed: int = 0, resamples: int = 1000) -> Interval:
    """Return the mean of values, one per case, with its percentile bootstrap interval (95 %).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    rng, n = random.Random(seed), len(values)
    means = sorted(fsum(rng.choices(values, k=n)) / n for _ in range(resamples))
    return Interval(fsum(values) / n, means[round(0.025 * (resamples - 1))], means[round(0.975 * (resamples - 1))])


def paired(values: Sequence[float], others: Sequence[float], *, seed: int = 0, resamples: int = 1000) -> Interval:
    """Return the mean difference of two measures of the same cases with its bootstrap interval."""
    return bootstrap([a - b for a, b in zip(values, others, strict=True)], seed=seed, resamples=resamples)


def clustered(groups: Sequence[Sequence[float]], *, seed: int = 0, resamples: int = 1000) -> Interval:
    """Return the mean of values that come in groups, the pairs of a question, with its bootstrap interval (95 %).

    Groups are drawn whole, since their values are not independent; every value counts alike.

    Raises:
        ValueError: there are no values.
    """
    sums = [(fsum(group), len(group)) for group in groups if group]
    if not sums:
        raise ValueError("an interval needs at least one value")
    rng = random.Random(seed)
    means = sorted(_mean(rng.choices(sums, k=len(sums))) for _ in range(resamples))
    return Interval(_mean(sums), means[round(0.025 * (resamples - 1))], means[round(0.975 * (resamples - 1))])


def _mean(sums: Sequence[tuple[float, int]]) -> float:
    return fsum(total for total, _ in sums) / sum(count for _, count in sums)


def auc(values: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Return the chance that a positive's value is above a negative's, ties as half; None without one of either."""
    positives = sum(positive)
    negatives = len(values) - positives
    if not positives or not negatives:
        return None
    above = fsum(rank for rank, is_positive in zip(ranks(values), positive, strict=True) if is_positive)
    return (above - positives * (positives + 1) / 2) / (positives * negatives)


def rank_correlation(values: Sequence[float], others: Sequence[float]) -> float | None:
    """Return Spearman's correlation of paired values, ties sharing their mean rank; None where one side is constant."""
    if len(values) < 2 or len(set(values)) < 2 or len(set(others)) < 2:
        return None
    return correlation(ranks(values), ranks(others))


def ranks(values: Sequence[float]) -> list[float]:
    """Return every value's rank from 1 on, equal values sharing their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    for _, same in groupby(enumerate(order, 1), key=lambda item: values[item[1]]):
        tied = list(same)
        for _, place in tied:
            found[place] = (tied[0][0] + tied[-1][0]) / 2
    return found
