"""Contrasts: figures of arms, and differences of such figures over the cases that the arms share.

An arm with fewer cases has the first ones of an arm with more, so arms are paired by the first cases of each seed, as
many as all of them have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from solon.errors import UserError
from solon.report.cells import Cells, Row, row_of, title_of
from solon.report.resampling import Combine, Draws, Estimate, Table, estimate

Statistic: TypeAlias = Literal["mean", "auc", "deviation"]

_TEST = dict.fromkeys(("base", "rft", "rl", "scalar"), "test")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value per case stands: the arm, the setting of its row, and the keys that lead to it in the row."""

    arm: str
    setting: str | None
    keys: tuple[str, ...]

    def row(self, cells: Cells, seed: int) -> Row | None:
        """Return the row, if it is there and holds values."""
        row = row_of(cells, self.arm, seed, self.setting)
        return row if row is not None and self.values(row) else None

    def values(self, row: Row) -> list[Any]:
        """Return the values of the row's cases, or the one value of the row; none where there is nothing."""
        found: Any = row
        for key in self.keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, list) else [] if found is None else [found]

    @property
    def title(self) -> str:
        """Name the source: `rl @8`, `single greedy (rl, sandbox)`."""
        words = [key for key in self.keys if key not in ("earned", "rated", "votes")]
        what = [f"@{word}" if word.isdecimal() else word for word in words]
        where = [] if self.setting in (None, "test") else [f"({self.setting})"]
        return " ".join([title_of(self.arm), *what, *where])


@dataclass(frozen=True, slots=True)
class Contrast:
    """A sum of statistics of sources, each with a sign; with one term it is a figure, with two a difference.

    `mean` is that of what cases earned, of those of one `kind` alone if it is named. `auc` is how well the scores of
    single responses tell right from wrong; pairs are those of one seed, since what another training's scores mean is
    another thing. `deviation` is the standard deviation of the accuracies of the kinds, those of all seeds together.
    """

    terms: tuple[tuple[int, Source], ...]
    statistic: Statistic = "mean"
    offset: float = 0.0
    kind: str | None = None

    @property
    def sources(self) -> list[Source]:
        """The sources of all terms."""
        return [source for _, source in self.terms]


@dataclass(frozen=True, slots=True)
class _Paired:
    """Cases that all sources have: their kinds or labels, and for each source what they earned or how they scored."""

    traits: Sequence[Any]
    values: Sequence[Sequence[float]]


def figure(source: Source, statistic: Statistic = "mean") -> Contrast:
    """Return the contrast that is one figure."""
    return Contrast(((1, source),), statistic)


def difference(more: Source, less: Source, statistic: Statistic = "mean", **fields: Any) -> Contrast:
    """Return the contrast of two sources."""
    return Contrast(((1, more), (-1, less)), statistic, **fields)


def greedy(arm: str, setting: str | None = None) -> Source:
    """Return what greedy judgments earned; the main arms' on `test` unless told."""
    return Source(arm, setting or _TEST.get(arm), ("earned", "greedy"))


def at(k: int, arm: str, setting: str | None = None, way: str = "votes") -> Source:
    """Return what votes of k earned; the main arms' on `test` unless told."""
    return Source(arm, setting or _TEST.get(arm), ("earned", way, str(k)))


def rated(arm: str, setting: str, k: int | None = None) -> Source:
    """Return how single responses scored, greedily or by votes of k."""
    return Source(arm, setting, ("rated", "greedy") if k is None else ("rated", "votes", str(k)))


def seeds(cells: Cells, sources: Sequence[Source]) -> list[int]:
    """Return the seeds that have all sources."""
    found = sorted({seed for arm in cells.values() for seed in arm})
    return [seed for seed in found if all(source.row(cells, seed) is not None for source in sources)]


def measure(contrast: Contrast, cells: Cells, draws: Draws, error: float = 0.01) -> Estimate | None:
    """Return a contrast over all seeds that have its sources; None where no seed has cases for it.

    Raises:
        UserError: sources were not measured on the same cases.
    """
    found = {seed: _paired(contrast, cells, seed) for seed in seeds(cells, contrast.sources)}
    paired = {seed: one for seed, one in found.items() if _told(contrast, one)}
    if not paired:
        return None
    tables, statistics = _STATISTICS[contrast.statistic]
    signs = _array([sign for sign, _ in contrast.terms])
    return estimate(tables(paired), lambda sums: statistics(sums) @ signs + contrast.offset, draws, error)


def _paired(contrast: Contrast, cells: Cells, seed: int) -> _Paired:
    """Return the cases of a seed: the first ones, as many as all sources have, without those that one left unread."""
    rows = [row for source in contrast.sources if (row := source.row(cells, seed))]
    values = [source.values(row) for row, source in zip(rows, contrast.sources, strict=True)]
    count, name = min(map(len, values)), "labels" if contrast.statistic == "auc" else "kinds"
    traits = rows[0][name][:count]
    for source, row in zip(contrast.sources, rows, strict=True):
        if row[name][:count] != traits:
            raise UserError(
                f"{contrast.sources[0].title} and {source.title} of seed {seed} are not of the same cases: "
                "make the cells of both again"
            )
    kept = [i for i in range(count) if contrast.kind in (None, traits[i]) and all(v[i] is not None for v in values)]
    return _Paired([traits[i] for i in kept], [[each[i] for i in kept] for each in values])


def _told(contrast: Contrast, paired: _Paired) -> bool:
    """Tell whether there is anything to measure: cases, and for an AUC right ones and wrong ones."""
    return len(set(paired.traits)) > 1 if contrast.statistic == "auc" else bool(paired.traits)


def _array(values: object) -> Table:
    import numpy as np

    return np.asarray(values, dtype=np.float64)


def _earned(paired: Mapping[int, _Paired]) -> dict[int, Table]:
    """Return (cases, sources + 1): what a case earned, and 1, which sums to the number of cases."""
    return {seed: _array([*one.values, [1.0] * len(one.traits)]).T for seed, one in paired.items()}


def _means(sums: Sequence[Any]) -> Table:
    total = sum(sums[1:], sums[0])
    return _array(total[:, :-1] / total[:, -1:])


def _by_kind(paired: Mapping[int, _Paired]) -> dict[int, Table]:
    """Return (cases, sources + 1, kinds): what a case earned, and 1, in the place of its kind."""
    kinds = sorted({kind for one in paired.values() for kind in one.traits})
    own = {seed: _array([[kind == trait for kind in kinds] for trait in one.traits]) for seed, one in paired.items()}
    return {seed: table[:, :, None] * own[seed][:, None, :] for seed, table in _earned(paired).items()}


def _deviations(sums: Sequence[Any]) -> Table:
    """Return the standard deviations over kinds; a kind of which a resample has no case is left out of it."""
    import numpy as np

    total = sum(sums[1:], sums[0])
    with np.errstate(invalid="ignore"):
        return _array(np.nanstd(total[:, :-1] / total[:, -1:], axis=2))


def _by_score(paired: Mapping[int, _Paired]) -> dict[int, Table]:
    """Return (cases, sources, 2, scores): 1 in the place of a case's label and score, scores in rising order."""
    import numpy as np

    tables = {}
    for seed, one in paired.items():
        values, labels = _array(one.values).T, np.asarray(one.traits, dtype=bool)
        scored = values[:, :, None, None] == np.unique(values)
        tables[seed] = _array(scored & (labels[:, None] == [True, False])[:, None, :, None])
    return tables


def _aucs(sums: Sequence[Any]) -> Table:
    """Return the chances that a right one's score is above a wrong one's of the same seed, ties as half."""
    import numpy as np

    above, pairs = 0.0, 0.0
    for each in sums:
        right, wrong = each[:, :, 0], each[:, :, 1]
        above = above + (right * (wrong.cumsum(axis=2) - wrong / 2)).sum(axis=2)
        pairs = pairs + right.sum(axis=2) * wrong.sum(axis=2)
    drawn = np.asarray(pairs) > 0  # a resample of few cases may hold no pair
    return _array(np.divide(above, pairs, out=np.full(drawn.shape, 0.5), where=drawn))


_STATISTICS: dict[Statistic, tuple[Callable[[Mapping[int, _Paired]], dict[int, Table]], Combine]] = {
    "mean": (_earned, _means),
    "deviation": (_by_kind, _deviations),
    "auc": (_by_score, _aucs),
}
