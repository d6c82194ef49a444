"""`solon bench`: one run of a benchmark, the whole score against the number of votes."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from solon.benchmarks import benchmark_of
from solon.benchmarks.benchmark import Benchmark, Mode
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.loading import load, missing, source_of
from solon.benchmarks.results import write_results
from solon.benchmarks.running import run
from solon.cli.progress import bar
from solon.errors import UserError
from solon.files import make_folder, write_json, write_whole
from solon.report.benchmark import facts, report_of, sheets, verdict
from solon.report.benchmark_page import write_report
from solon.report.page import need_matplotlib
from solon.report.sheets import markdown_lines
from solon.report.tables import text_table


def bench(name: str, /, *, config: Annotated[BenchConfig, Parameter(name="*")]) -> None:
    """Judge a benchmark greedily and by votes, and write its score for every number of votes.

    Parameters
    ----------
    name
        The benchmark: rewardbench, rewardbench2, rm-bench, rmb, ppe-preference, ppe-correctness, realmistake,
        judgebench, llmbar, pandalm, or own for any file of labeled cases.
    config
        Which data and model, and how they are judged.
    """
    need_matplotlib()
    benchmark = benchmark_of(name)
    mode = _mode(benchmark, config)
    items = load(benchmark, source_of(benchmark, config), partial=config.partial)
    make_folder(config.out)
    console = Console(stderr=True)
    with bar(console) as tell:
        passes = run(benchmark, items, mode, config, tell)
    report = report_of(benchmark, items, mode, config, passes, missing(benchmark, items))
    tables = sheets(report)
    for sheet in tables:
        Console().print(text_table(sheet.title, sheet.heads, sheet.rows))
    write_json(config.out / "bench.json", facts(report, config))
    write_whole(config.out / "bench.md", [verdict(report), "", *markdown_lines(tables)])
    write_results(benchmark, passes, config)
    write_report(report, config.out)
    for line in (verdict(report), *(f"note: {note}" for note in report.notes), f"report: {config.out / 'report.html'}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _mode(benchmark: Benchmark, config: BenchConfig) -> Mode:
    mode = config.mode or benchmark.modes[0]
    if mode not in benchmark.modes:
        raise UserError(f"mode is '{mode}'; {benchmark.title} can be judged as {', '.join(benchmark.modes)}")
    return mode
