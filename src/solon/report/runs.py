"""Runs of benchmarks read again from their folders and compared: item by item, by rank, by the paper's aggregate."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import ValidationError

from solon.benchmarks import benchmark_of
from solon.benchmarks.benchmark import Benchmark, Item, Outcome
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.figures import TIES, Ties, difference
from solon.benchmarks.judging import regrouped
from solon.benchmarks.running import ways_of
from solon.benchmarks.scalars import WAYS, scores_of
from solon.errors import UserError
from solon.report.recorded import Recorded
from solon.report.sheets import MISSING, Sheet
from solon.report.tables import percent, signed
from solon.stats import Interval, ranks

PAPER = ("rewardbench", "ppe-preference", "ppe-correctness", "rmb")
"""The benchmarks whose plain mean is the overall score of arXiv 2504.02495."""


@dataclass(frozen=True, slots=True)
class BenchRun:
    """A run's folder, what it was told, what it found, and what its judge is called."""

    folder: Path
    config: BenchConfig
    found: Mapping[str, Any]
    system: str

    @classmethod
    def of(cls, folder: Path) -> "BenchRun":
        """Read the folder that `solon bench --out` made.

        Raises:
            UserError: it is none, or its run is not over.
        """
        path = folder / "bench.json"
        try:
            found = json.loads(path.read_text("utf-8"))
            return cls(folder, BenchConfig.model_validate(found["config"]), found, found["system"])
        except OSError as error:
            raise UserError(
                f"'{path}' cannot be read ({error.strerror}): name a folder that solon bench made"
            ) from error
        except (ValueError, KeyError, ValidationError) as error:
            raise UserError(
                f"'{path}' is not what solon bench wrote: run the benchmark again with another --out"
            ) from error

    @property
    def benchmark(self) -> Benchmark:
        """The benchmark that it is a run of."""
        return benchmark_of(self.found["benchmark"])

    @property
    def scored(self) -> bool:
        """Whether it is the run of a scalar model."""
        return bool(self.found["points"][0]["name"] == WAYS[0].name)

    @property
    def most(self) -> int:
        """The most votes that it drew, 0 where it is greedy only."""
        return 0 if self.scored else self.config.votes

    def outcomes(self, items: Sequence[Item], k: int) -> list[Outcome]:
        """Return what k votes come to, or with k = 0 the greedy judgment.

        Raises:
            UserError: the run is of other items, or has no such judgments.
        """
        if len(items) != self.found["items"]:
            raise UserError(f"'{self.folder}' is a run of {self.found['items']} items, and there are {len(items)} now")
        if self.scored:
            return [one.at(1, WAYS[0]) for one in scores_of(self.folder / "greedy", items, self.found["mode"])]
        recorded = Recorded.of(self.folder / ("votes" if k else "greedy"))
        judged = regrouped(items, self.found["mode"], recorded.verdicts)
        return [one.at(k or 1, ways_of(recorded.form, k > 0 and self.config.meta is not None)[0]) for one in judged]


def read_runs(folders: Sequence[Path]) -> list[BenchRun]:
    """Read runs; systems that are called alike in two runs of one benchmark are told apart by their folders.

    Raises:
        UserError: a folder holds no run that is over.
    """
    runs = [BenchRun.of(folder) for folder in folders]
    names = Counter((run.found["benchmark"], run.system) for run in runs)
    twice = {system for (_, system), count in names.items() if count > 1}
    return [replace(run, system=f"{run.system} ({run.folder})") if run.system in twice else run for run in runs]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one run is above another on the same items, by tie rule, with the chance of such a difference."""

    benchmark: str
    system: str
    over: str
    at: str
    differences: Mapping[Ties, tuple[Interval, float]]


def compared(run: BenchRun, first: BenchRun, items: Sequence[Item]) -> Difference:
    """Compare two runs of one benchmark at the most votes that both have, or greedily where one has no votes."""
    k = min(run.most, first.most)
    mine, theirs = run.outcomes(items, k), first.outcomes(items, k)
    figures = run.benchmark.figures
    found = {ties: difference(figures(mine, ties)[0], figures(theirs, ties)[0]) for ties in TIES}
    return Difference(run.benchmark.title, run.system, first.system, f"k = {k}" if k else "greedy", found)


def scores(runs: Sequence[BenchRun]) -> dict[str, dict[str, Interval]]:
    """Return every system's official score on every benchmark, at its most votes."""
    found: dict[str, dict[str, Interval]] = {}
    for run in runs:
        row = run.found["table"][0]["official"]
        found.setdefault(run.system, {})[run.found["benchmark"]] = Interval(**row)
    return found


def overall(found: Mapping[str, Interval]) -> float | None:
    """Return the paper's overall score, the mean of its four benchmarks; None where one of them is missing."""
    return fmean(found[name].mean for name in PAPER) if all(name in found for name in PAPER) else None


def mean_ranks(found: Mapping[str, Mapping[str, Interval]]) -> dict[str, float | None]:
    """Return every system's mean rank (1 is best) over the benchmarks that all systems have; None without any."""
    shared = [name for name in next(iter(found.values())) if all(name in row for row in found.values())]
    by_benchmark = [ranks([-row[name].mean for row in found.values()]) for name in shared]
    return {
        system: fmean(rank[place] for rank in by_benchmark) if shared else None for place, system in enumerate(found)
    }


def sheets(runs: Sequence[BenchRun], differences: Sequence[Difference]) -> list[Sheet]:
    """Return the tables: systems by benchmark with their ranks, and the paired differences."""
    found, places = scores(runs), mean_ranks(scores(runs))
    names = list(dict.fromkeys(run.found["benchmark"] for run in runs))
    rows = []
    for system, row in sorted(found.items(), key=lambda pair: places[pair[0]] or 0.0):
        mean, rank = overall(row), places[system]
        told = [percent(row[name]) if name in row else MISSING for name in names]
        ends = [MISSING if mean is None else f"{100 * mean:.1f}", MISSING if rank is None else f"{rank:g}"]
        rows.append([system, *told, *ends])
    heads = ["", *names, "overall (arXiv 2504.02495)", "mean rank"]
    systems = Sheet("Systems: official scores, percent [95 % interval]", heads, rows)
    if not differences:
        return [systems]
    apart = [
        [one.benchmark, one.system, one.over, one.at, *(_difference(*one.differences[ties]) for ties in TIES)]
        for one in differences
    ]
    heads = ["", "system", "over", "at", "official", "random ties"]
    return [systems, Sheet("Paired differences, in points [95 % interval], p by randomization", heads, apart)]


def _difference(interval: Interval, chance: float) -> str:
    return f"{signed(interval)}, p = {chance:.3f}"
