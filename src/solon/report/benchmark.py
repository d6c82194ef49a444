"""A run of a benchmark as figures, and these as tables of text and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from solon.benchmarks.baselines import baselines
from solon.benchmarks.benchmark import Benchmark, Item, Mode, Outcome
from solon.benchmarks.bias import Bin, Finding, calibration, calibration_error, findings, hardest, probed
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.figures import Ties
from solon.benchmarks.points import Point, Row, curve, table
from solon.benchmarks.running import Pass
from solon.report.sheets import MISSING, Sheet
from solon.report.tables import percent, signed
from solon.stats import Interval

_PASSES = ("greedy", "votes")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to.

    `points` are the curve, `rows` the table at the most votes, `hardest` the outcomes that are most clearly wrong, and
    `missing` says what of the benchmark was not there.
    """

    benchmark: Benchmark
    system: str
    mode: Mode
    items: int
    missing: str | None
    points: Sequence[Point]
    rows: Sequence[Row]
    baselines: Mapping[str, Mapping[Ties, float]]
    findings: Sequence[Finding]
    bins: Sequence[Bin]
    hardest: Sequence[Outcome]
    usage: Mapping[str, Mapping[str, float]]
    notes: Sequence[str]

    @property
    def last(self) -> Point:
        """The point that the table is of."""
        most = max(point.k for point in self.points)
        return next(point for point in self.points if point.k == most)

    @property
    def at(self) -> str:
        """Say which votes the table is of."""
        return self.last.name if self.last.name in ("greedy", "score") else f"{self.last.name}, k = {self.last.k}"


def report_of(
    benchmark: Benchmark,
    items: Sequence[Item],
    mode: Mode,
    config: BenchConfig,
    passes: Sequence[Pass],
    missing: str | None = None,
) -> Report:
    """Measure the passes of a run; the last of the greedy one and the votes is what the table is of."""
    named = {one.name: one for one in passes}
    main = [named[name] for name in _PASSES if name in named]
    ks = {"greedy": (1,), "votes": config.ks}
    last = main[-1]
    outcomes = [judged.at(last.k, last.ways[0]) for judged in last.ballots]
    plain = named.get("greedy")
    changed = [finding for name in named if name not in _PASSES and plain for finding in probed(plain, named[name])]
    return Report(
        benchmark=benchmark,
        system=config.system,
        mode=mode,
        items=len(items),
        missing=missing,
        points=[point for one in main for point in curve(benchmark, one, ks[one.name])],
        rows=table(benchmark, outcomes),
        baselines=baselines(benchmark, items, mode),
        findings=[*findings(outcomes, last.ballots), *changed],
        bins=calibration(outcomes),
        hardest=hardest(outcomes, _SHOWN),
        usage={one.name: asdict(one.usage) for one in passes},
        notes=list(dict.fromkeys(note for one in passes for note in one.notes)),
    )


def verdict(report: Report) -> str:
    """Say whether the judge is better than chance, by the interval in which ties are drawn at random."""
    chance, score = report.baselines["chance"]["random"], report.last.random
    told = f"With ties drawn at random the score is {percent(score)} % ({report.at})"
    if score.low <= chance <= score.high:
        return f"{told}: the interval contains chance, {100 * chance:.1f} %; nothing shows that the judge is better."
    side = "above" if score.low > chance else "below"
    return f"{told}: the interval is {side} chance, {100 * chance:.1f} %."


def sheets(report: Report) -> list[Sheet]:
    """Return the tables: the curve with the baselines, the figures at the most votes, and the biases."""
    return [_curve(report), _table(report), _biases(report)]


def _curve(report: Report) -> Sheet:
    heads = ["", "k", "judgments", "official", "random ties", "unread", "no verdict", "ties", "orders agree"]
    rows = [_point(point) for point in report.points]
    for name, scores in report.baselines.items():
        told = [f"{100 * scores[ties]:.1f}" if ties in scores else MISSING for ties in ("official", "random")]
        rows.append([name, "", "", *told, "", "", "", ""])
    title = f"{report.benchmark.title}: {report.system}, {report.items:,} items, {report.mode}; percent [95 % interval]"
    return Sheet(title, heads, rows)


def _point(point: Point) -> list[str]:
    shares = [f"{100 * share:.1f}" for share in (point.unread, point.without, point.ties)]
    agree = MISSING if point.consistency is None else f"{100 * point.consistency:.1f}"
    scores = [percent(point.official), percent(point.random)]
    return [point.name, str(point.k), str(point.judgments), *scores, *shares, agree]


def _table(report: Report) -> Sheet:
    rows = [
        [row.name, f"{row.units:,}", *(MISSING if one is None else percent(one) for one in (row.official, row.random))]
        for row in report.rows
    ]
    return Sheet(f"Figures: {report.at}", ["", "items", "official", "random ties"], rows)


def _biases(report: Report) -> Sheet:
    rows = [[one.about, one.name, _value(one), one.unbiased or MISSING, f"{one.count:,}"] for one in report.findings]
    error = calibration_error(report.bins)
    if error is not None:
        rows.append(["self-consistency", "expected calibration error", f"{100 * error:.1f}", "0", ""])
    return Sheet(f"Biases: {report.at}", ["of", "what", "percent or points", "without bias", "over"], rows)


def _value(finding: Finding) -> str:
    if finding.value is None:
        return MISSING
    if "points" in finding.name or "correlation" in finding.name:
        return "{:+.2f} [{:+.2f}, {:+.2f}]".format(*finding.value)
    return signed(finding.value) if finding.unbiased == "0" and finding.value.low < 0 else percent(finding.value)


def facts(report: Report, config: BenchConfig) -> dict[str, Any]:
    """Return everything but the cases as JSON."""
    return {
        "benchmark": report.benchmark.name,
        "system": report.system,
        "mode": report.mode,
        "items": report.items,
        "missing": report.missing,
        "verdict": verdict(report),
        "points": [_plain(asdict(point)) for point in report.points],
        "table": [_plain(asdict(row)) for row in report.rows],
        "baselines": report.baselines,
        "biases": [_plain(asdict(finding)) for finding in report.findings],
        "calibration": {"error": calibration_error(report.bins), "bins": [asdict(one) for one in report.bins]},
        "hardest": [outcome.item.case.id for outcome in report.hardest],
        "usage": report.usage,
        "notes": report.notes,
        "config": config.model_dump(mode="json"),
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value._asdict() if isinstance(value, Interval) else value for name, value in row.items()}
