"""Figures that stand beside the study's claims, one by one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

from solon.report.cells import Cells
from solon.report.contrasts import Contrast, Source, measure, seeds
from solon.report.resampling import Draws, Estimate, Unit

Topic: TypeAlias = Callable[[Cells, Draws], Iterator["Fact"]]

JUDGES = ("base", "rft", "rl")
SPLITS = ("test", "unseen")
VOTED = ("greedy", "@8")


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure, or a word; facts of a topic make a table with a line for each `of` and a column for each `name`."""

    topic: str
    of: str
    name: str
    value: Estimate | str
    unit: Unit


def values_of(cells: Cells, source: Source) -> list[float]:
    """Return the one value of each seed's row."""
    rows = [source.row(cells, seed) for seed in seeds(cells, [source])]
    return [float(source.values(row)[0]) for row in rows if row]


def averaged(topic: str, of: str, name: str, unit: Unit, found: Sequence[float]) -> Iterator[Fact]:
    """Yield the mean of what each seed came to, without an interval; nothing where no seed came to anything."""
    if found:
        yield Fact(topic, of, name, Estimate(fmean(found), None, None, None, None, tuple(found)), unit)


def measured(
    cells: Cells, draws: Draws, topic: str, of: str, name: str, unit: Unit, contrast: Contrast
) -> Iterator[Fact]:
    """Yield a contrast with its interval; nothing where no seed has its cases."""
    value = measure(contrast, cells, draws)
    if value is not None:
        yield Fact(topic, of, name, value, unit)
