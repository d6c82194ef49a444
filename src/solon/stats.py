"""Ties and intervals: who shares the top, and the percentile bootstrap over cases with its seed as an argument."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from math import fsum
from statistics import correlation
from typing import Any, NamedTuple


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
    sums = [[(fsum(group), len(group))] for group in groups if group]
    return combined([Part(1.0, sums, _pooled)], seed=seed, resamples=resamples)


def mean(values: Sequence[float]) -> float:
    """Return the mean, added up from the first to the last as the benchmarks' own tools do."""
    return sum(values) / len(values)


@dataclass(frozen=True, slots=True)
class Part:
    """A stratum of a weighted figure: groups of units that are drawn whole, and what is measured of the units drawn."""

    weight: float
    groups: Sequence[Sequence[Any]]
    statistic: Callable[[Sequence[Any]], float] = mean

    def value(self, groups: Sequence[Sequence[Any]]) -> float:
        """Return the statistic of the units of these groups, times the part's weight."""
        return self.weight * self.statistic(list(chain.from_iterable(groups)))

    def drawing(self, rng: random.Random) -> Callable[[], float]:
        """Return what draws as many groups as there are, and measures them."""
        if self.statistic is mean:
            draw = _mean_drawing(self.groups, rng)
            return lambda: self.weight * draw()
        return lambda: self.value(rng.choices(self.groups, k=len(self.groups)))


def _mean_drawing(groups: Sequence[Sequence[float]], rng: random.Random) -> Callable[[], float]:
    """Return what draws groups and takes the mean of their values.

    Where few of them differ, only how often each kind comes is drawn: the same distribution, in far less time.
    """
    sums = [(fsum(group), len(group)) for group in groups]
    kinds = Counter(sums)
    if len(kinds) * 16 > len(sums):
        return lambda: _pooled(rng.choices(sums, k=len(sums)))
    counts = list(kinds.values())

    def drawn() -> float:
        often = list(zip(_multinomial(counts, rng), kinds, strict=True))
        return fsum(times * total for times, (total, _) in often) / sum(times * size for times, (_, size) in often)

    return drawn


def _multinomial(counts: Sequence[int], rng: random.Random) -> list[int]:
    """Draw as often as these counts sum up to, each kind by its share, and return how often each was drawn."""
    left = total = sum(counts)
    drawn = []
    for count in counts:
        drawn.append(binomial(left, count, total, rng))
        left, total = left - drawn[-1], total - count
    return drawn


def binomial(n: int, count: int, total: int, rng: random.Random) -> int:
    """Return how many of n trials succeed whose chance is count / total, exactly.

    A trial is a random number below 1 that succeeds below the chance. Digit by binary digit, those trials are decided
    whose digit is not that of the chance: a random half of the trials still open.
    """
    if count == total:
        return n
    found = 0
    while n and count:
        digit, count = divmod(2 * count, total)
        decided = rng.getrandbits(n).bit_count()
        found += digit * decided
        n -= decided
    return found


def combined(parts: Sequence[Part], *, seed: int = 0, resamples: int = 1000) -> Interval:
    """Return the weighted mean of the parts' statistics with its bootstrap interval (95 %), drawn within every part.

    Raises:
        ValueError: there are no parts, or one has no groups.
    """
    if not parts or not all(part.groups for part in parts):
        raise ValueError("an interval needs at least one value")
    rng, weight = random.Random(seed), fsum(part.weight for part in parts)
    draws = [part.drawing(rng) for part in parts]
    drawn = sorted(sum(draw() for draw in draws) / weight for _ in range(resamples))
    whole = sum(part.value(part.groups) for part in parts) / weight
    return Interval(whole, drawn[round(0.025 * (resamples - 1))], drawn[round(0.975 * (resamples - 1))])


def _pooled(sums: Sequence[tuple[float, int]]) -> float:
    """Return the mean of all values of groups by their sums and sizes."""
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
