"""The score against the number of votes, and the table of one number of votes, as rows for reports to draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from solon.benchmarks.benchmark import Benchmark, Outcome, Way
from solon.benchmarks.figures import Figure
from solon.benchmarks.judging import games_of
from solon.benchmarks.running import Pass
from solon.stats import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """The benchmark's score at k votes, under both tie rules, and how the votes stand.

    `judgments` are those of one case. `unread` is the share of samples that could not be read, `without` that of the
    items without a verdict on all their cases, `ties` that of the cases whose top is shared, and `consistency` the
    share of pairs for which the votes in both orders have the same top.
    """

    name: str
    k: int
    judgments: int
    official: Interval
    random: Interval
    unread: float
    without: float
    ties: float
    consistency: float | None

    @property
    def accuracy(self) -> Interval:
        """What is drawn: the official score."""
        return self.official


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a figure under both tie rules, over how many items or pairs; None where it has no such."""

    name: str
    units: int
    official: Interval | None
    random: Interval | None


def curve(benchmark: Benchmark, one: Pass, ks: Sequence[int]) -> list[Point]:
    """Return a point for every way to vote and every k: the votes that a run of k alone would have drawn."""
    return [point(benchmark, one, way, k) for way in one.ways for k in ks if k <= one.k]


def point(benchmark: Benchmark, one: Pass, way: Way, k: int) -> Point:
    """Return the point of a pass at k votes."""
    outcomes = [judged.at(k, way) for judged in one.ballots]
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    samples = sum(len(verdict.outcomes) for verdict in verdicts)
    alike = [v.position_consistency for v in verdicts if v.position_consistency is not None]
    return Point(
        name=way.name,
        k=k,
        judgments=k * games_of(one.ballots[0].mode),
        official=benchmark.figures(outcomes, "official")[0].interval(),
        random=benchmark.figures(outcomes, "random")[0].interval(),
        unread=1 - sum(len(verdict.judgments) for verdict in verdicts) / samples,
        without=fmean(not outcome.read for outcome in outcomes),
        ties=fmean(len(verdict.tied) > 1 for verdict in verdicts),
        consistency=fmean(alike) if alike else None,
    )


def table(benchmark: Benchmark, outcomes: Sequence[Outcome]) -> list[Row]:
    """Return all figures of the benchmark with their intervals, the official order first."""
    official = {figure.name: figure for figure in benchmark.figures(outcomes, "official")}
    random = {figure.name: figure for figure in benchmark.figures(outcomes, "random")}
    return [_row(name, official.get(name), random.get(name)) for name in official | random]


def _row(name: str, official: Figure | None, random: Figure | None) -> Row:
    units = max(figure.units for figure in (official, random) if figure is not None)
    intervals = [None if figure is None else figure.interval() for figure in (official, random)]
    return Row(name, units, *intervals)
