"""`solon compare`: runs of benchmarks side by side."""

from pathlib import Path

from rich.console import Console

from solon.benchmarks.loading import load, source_of
from solon.errors import UserError
from solon.files import make_room, write_json, write_whole
from solon.report.runs import BenchRun, Difference, compared, mean_ranks, overall, read_runs, scores, sheets
from solon.report.sheets import markdown_lines
from solon.report.tables import text_table


def compare(*runs: Path, json: Path | None = None, markdown: Path | None = None) -> None:
    """Compare runs item by item where they are of one benchmark, rank their systems, and average as the paper does.

    Parameters
    ----------
    runs
        Folders that solon bench --out made. Differences are over the first run of each benchmark.
    json
        Also write the figures to this file.
    markdown
        Also write the tables to this file.
    """
    if not runs:
        raise UserError("no run is named: give folders that solon bench --out made")
    read = read_runs(runs)
    make_room(json, markdown)
    apart = differences(read)
    tables = sheets(read, apart)
    for sheet in tables:
        Console().print(text_table(sheet.title, sheet.heads, sheet.rows))
    if markdown:
        write_whole(markdown, markdown_lines(tables))
    if json:
        write_json(json, _facts(read, apart))


def differences(runs: list[BenchRun]) -> list[Difference]:
    """Compare every run with the first one of its benchmark, on the same items."""
    found = []
    for name in dict.fromkeys(run.found["benchmark"] for run in runs):
        first, *rest = [run for run in runs if run.found["benchmark"] == name]
        if rest:
            benchmark = first.benchmark
            items = load(benchmark, source_of(benchmark, first.config), partial=first.config.partial)
            found += [compared(run, first, items) for run in rest]
    return found


def _facts(runs: list[BenchRun], apart: list[Difference]) -> dict[str, object]:
    found = scores(runs)
    return {
        "scores": {system: {name: one._asdict() for name, one in row.items()} for system, row in found.items()},
        "overall": {system: overall(row) for system, row in found.items()},
        "mean_rank": mean_ranks(found),
        "differences": [
            {"benchmark": one.benchmark, "system": one.system, "over": one.over, "at": one.at}
            | {ties: interval._asdict() | {"p": p} for ties, (interval, p) in one.differences.items()}
            for one in apart
        ],
    }
