"""The study's bootstrap: cases are drawn again within each seed, and the same draws serve whatever is measured.

A statistic is a function of sums over cases, so a resample is a count per case, and one product of matrices gives the
sums of all resamples. Arms that share cases share their draws, which is what makes their difference a paired one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Table: TypeAlias = "NDArray[np.float64]"
"""A seed's cases along the first axis: what each adds to the sums that a statistic is made of, in any shape."""

Combine: TypeAlias = Callable[[Sequence[Any]], Any]
"""Takes the sums of every seed, resamples along the first axis, and returns what each resample comes to."""

Unit: TypeAlias = Literal["percent", "points", "small points", "values", "ratio", "number", "word"]
"""What is told: a share in percent, a difference of shares in points (a small one with more digits) or of counts, a
ratio, a whole number, a word."""

RESAMPLES = 10_000

_ROWS = 500
"""So many resamples are drawn at once."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of all seeds, and that of each alone.

    `low` and `high` bound its 95 % interval, `lower` and `upper` the interval of its test; None where there is none.
    """

    mean: float
    low: float | None
    high: float | None
    lower: float | None
    upper: float | None
    seeds: tuple[float, ...]


class Draws:
    """How often every case counts in every resample, kept by seed and number of cases.

    A claim's interval does not depend on which other claims are looked at, or in which order.
    """

    def __init__(self, resamples: int = RESAMPLES) -> None:
        self._resamples = resamples
        self._kept: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def counts(self, seed: int, cases: int) -> "NDArray[np.float32]":
        """Return an array of (resamples, cases)."""
        import numpy as np

        if (seed, cases) not in self._kept:
            self._kept[seed, cases] = self._drawn(seed, cases)
        return self._kept[seed, cases].astype(np.float32)

    def _drawn(self, seed: int, cases: int) -> "NDArray[np.uint8]":
        import numpy as np

        rng, found = np.random.default_rng((0, seed)), np.empty((self._resamples, cases), np.uint8)
        for start in range(0, self._resamples, _ROWS):
            rows = min(_ROWS, self._resamples - start)
            places = rng.integers(cases, size=(rows, cases)) + cases * np.arange(rows)[:, None]
            found[start : start + rows] = np.bincount(places.ravel(), minlength=rows * cases).reshape(rows, cases)
        return found


def estimate(tables: Mapping[int, Table], combine: Combine, draws: Draws, error: float = 0.01) -> Estimate:
    """Return a statistic of the cases of all seeds, with its percentile bootstrap intervals.

    Args:
        tables: the cases of every seed.
        combine: the statistic.
        draws: the resamples.
        error: the interval of the test leaves out so much, half on either side.
    """
    import numpy as np

    whole = [table.sum(axis=0, keepdims=True) for table in tables.values()]
    drawn = combine([_sums(draws.counts(seed, len(table)), table) for seed, table in tables.items()])
    shares = (0.025, 0.975, error / 2, 1 - error / 2)
    low, high, lower, upper = (float(bound) for bound in np.quantile(drawn, shares, method="nearest"))
    alone = tuple(float(combine([each])[0]) for each in whole)
    return Estimate(float(combine(whole)[0]), low, high, lower, upper, alone)


def _sums(counts: "NDArray[np.float32]", table: Table) -> Table:
    """Return the sums of all resamples; 32 bits suffice, since what cases earn are mostly binary fractions."""
    import numpy as np

    return np.tensordot(counts, table.astype(np.float32), 1).astype(np.float64)
