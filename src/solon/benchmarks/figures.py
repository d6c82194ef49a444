"""Figures: what the votes on many items are worth, and how sure that is.

Two tie rules stand beside each other. `official` is the benchmark's own. `random` is the one of arXiv 2504.02495: a tie
at the top is broken at random, in expectation, and so is a case of which nothing could be read, whose sums are all 0.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal, TypeAlias

from solon.stats import Interval, Part, binomial, combined, mean

Ties: TypeAlias = Literal["official", "random"]
TIES: tuple[Ties, ...] = ("official", "random")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a benchmark's table: the weighted mean of its parts."""

    name: str
    parts: tuple[Part, ...]

    @property
    def units(self) -> int:
        """How many units it is taken over."""
        return sum(len(group) for part in self.parts for group in part.groups)

    @property
    def value(self) -> float:
        """The figure."""
        return sum(part.value(part.groups) for part in self.parts) / sum(part.weight for part in self.parts)

    def interval(self, seed: int = 0) -> Interval:
        """Return the figure with its 95 % bootstrap interval over questions."""
        return combined(self.parts, seed=seed)


def part(
    units: Iterable[tuple[Hashable, Any]], weight: float = 1.0, statistic: Callable[[Sequence[Any]], float] = mean
) -> Part:
    """Make a part of (group, unit) pairs; units of one group are drawn together, and each without a group by itself."""
    groups: dict[Hashable, list[Any]] = {}
    for place, (group, unit) in enumerate(units):
        groups.setdefault(("", place) if group == "" else group, []).append(unit)
    return Part(weight, tuple(groups.values()), statistic)


def difference(figure: Figure, other: Figure, *, seed: int = 0, resamples: int = 1000) -> tuple[Interval, float]:
    """Return how far one figure is above another of the same items, and how likely that is by chance.

    The interval (95 %) is a bootstrap of pairs. The probability is that of an approximate randomization test (Noreen
    1989), two-sided: in every draw each group's two results change places or not, by a coin.
    """
    pairs = [_paired(a, b) for a, b in zip(figure.parts, other.parts, strict=True)]
    found = combined([pair for pair, _ in pairs], seed=seed, resamples=resamples)
    rng, weight = random.Random(seed), sum(pair.weight for pair, _ in pairs)
    beyond = sum(
        abs(sum(swapped(rng) for _, swapped in pairs) / weight) >= abs(found.mean) - 1e-12 for _ in range(resamples)
    )
    return found, (beyond + 1) / (resamples + 1)


def _paired(one: Part, other: Part) -> tuple[Part, Callable[[random.Random], float]]:
    """Return the difference of two parts of the same items, and what draws it with coins for every group's results."""
    groups = [list(zip(x, y, strict=True)) for x, y in zip(one.groups, other.groups, strict=True)]
    if one.statistic is mean:
        apart = Part(one.weight, [[a - b for a, b in group] for group in groups])
        return apart, _signed(apart)
    pairs = Part(one.weight, groups, _apart(one))
    return pairs, lambda rng: pairs.value([_swapped(group, rng) for group in groups])


def _signed(apart: Part) -> Callable[[random.Random], float]:
    """Return what draws a mean of differences whose groups change signs by coins; of each size it draws how many."""
    sizes = Counter(abs(fsum(group)) for group in apart.groups)
    share = apart.weight / sum(map(len, apart.groups))
    return lambda rng: share * fsum(size * (2 * binomial(n, 1, 2, rng) - n) for size, n in sizes.items())


def _apart(one: Part) -> Callable[[Sequence[Any]], float]:
    return lambda pairs: one.statistic([a for a, _ in pairs]) - one.statistic([b for _, b in pairs])


def _swapped(group: Sequence[tuple[Any, Any]], rng: random.Random) -> Sequence[tuple[Any, Any]]:
    return [(b, a) for a, b in group] if rng.random() < 0.5 else group
