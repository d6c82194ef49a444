"""Ties and intervals: who shares the top, and the percentile bootstrap over cases with its seed as an argument."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import fsum, sqrt
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


def clustered_difference(
    groups: Sequence[Sequence[float]], others: Sequence[Sequence[float]], *, seed: int = 0, resamples: int = 1000
) -> Interval:
    """Return the difference of the means of values that come in the same groups, with its bootstrap interval (95 %).

    A group is drawn whole, with the values of both; it is left out where either has none. Within each of the two every
    value counts alike.

    Raises:
        ValueError: the groups are not as many, or none has values of both.
    """
    pairs = zip(groups, others, strict=True)
    sums = [[((fsum(group), len(group)), (fsum(other), len(other)))] for group, other in pairs if group and other]
    return combined([Part(1.0, sums, _pooled_difference)], seed=seed, resamples=resamples)


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


def _pooled_difference(sums: Sequence[tuple[tuple[float, int], tuple[float, int]]]) -> float:
    """Return how far one mean of all values is above the other."""
    more, less = zip(*sums, strict=True)
    return _pooled(more) - _pooled(less)


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
    return counted_rank_correlation((pair, 1) for pair in zip(values, others, strict=True))


def counted_rank_correlation(counted: Iterable[tuple[tuple[float, float], int]]) -> float | None:
    """Return Spearman's correlation of pairs that come so many times each; a pair may be listed more than once."""
    pairs: Counter[tuple[float, float]] = Counter()
    for pair, times in counted:
        pairs[pair] += times
    first, second = (_shared_ranks(_side(pairs, side)) for side in (0, 1))
    middle = (pairs.total() + 1) / 2
    gaps = [(first[a] - middle, second[b] - middle, times) for (a, b), times in pairs.items()]
    xx, yy = fsum(times * x * x for x, _, times in gaps), fsum(times * y * y for _, y, times in gaps)
    return fsum(times * x * y for x, y, times in gaps) / sqrt(xx * yy) if xx and yy else None


def _side(pairs: Mapping[tuple[float, float], int], side: int) -> Counter[float]:
    """Return how often each value comes on one side of pairs."""
    found: Counter[float] = Counter()
    for pair, times in pairs.items():
        found[pair[side]] += times
    return found


def ranks(values: Sequence[float]) -> list[float]:
    """Return every value's rank from 1 on, equal values sharing their mean rank."""
    shared = _shared_ranks(Counter(values))
    return [shared[value] for value in values]


def _shared_ranks(counts: Mapping[float, int]) -> dict[float, float]:
    """Return the mean rank, from 1 on, of every value that comes so many times."""
    found, below = {}, 0
    for value in sorted(counts):
        found[value] = below + (counts[value] + 1) / 2
        below += counts[value]
    return found
