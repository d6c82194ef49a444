"""`solon demo`: the whole method in miniature, on a CPU, with the tiny model that comes along."""

import os
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from solon.checkpoint import SANDBOX
from solon.cli.options import Count
from solon.cli.progress import bar
from solon.files import make_folder, write_json
from solon.judge import Judge
from solon.report.curve import Point, curve
from solon.report.page import draw, need_matplotlib, write_page
from solon.report.show import show
from solon.report.tables import curve_table
from solon.samplers.processes import ProcessSampler
from solon.sandbox import cases as sandbox_cases
from solon.store import Store
from solon.types import LabeledCase, Verdict
from solon.vote import vote

KS = (1, 2, 4, 8, 16, 32)
TITLE = "A tiny judge votes: accuracy on held-out sandbox cases"


def demo(*, cases: Count = 1000, seed: int = 1, out: Path = Path("runs/demo"), json: Path | None = None) -> None:
    """Watch a one-million-parameter judge write principles, score responses and grow more accurate with every vote.

    Parameters
    ----------
    cases
        Held-out cases to judge, 32 judgments each; all points of the curve come from these.
    seed
        The seed of the cases and of the run.
    out
        The folder for the curve (PNG and HTML) and the run files; the same command again resumes.
    json
        Also write the figures to this file.
    """
    console = Console()
    labeled = sandbox_cases("test", cases, seed=seed)
    for folder in (out, *([json.parent] if json else [])):
        make_folder(folder)
    need_matplotlib()
    console.print(
        f"{cases} held-out cases, two responses each, {max(KS)} judgments per case; then one greedy judgment.\n"
    )
    voted, tokens = _judged(labeled, max(KS), seed, out, console)
    greedy, greedy_tokens = _judged(labeled, 1, seed, out, console)
    for text in (shown := [show(labeled[i].case, _first(voted[i], 3)) for i in range(min(3, cases))]):
        console.print(text + "\n", markup=False, highlight=False, soft_wrap=True)
    labels = [one.label for one in labeled]
    points = [*curve(greedy, labels, (1,), name="greedy"), *curve(voted, labels, KS)]
    console.print(curve_table(points, f"{TITLE} (n = {cases}, percent [95 % interval])"))
    console.print(_gains(points), markup=False, highlight=False)
    console.print(f"mean tokens per judgment: sampled {tokens:.1f}, greedy {greedy_tokens:.1f}")
    draw(points[1:], points[0], out / "curve.png", TITLE)
    write_page(out / "curve.html", out / "curve.png", points, shown, TITLE)
    figures = {"points": [_figures(point) for point in points], "tokens": {"sampled": tokens, "greedy": greedy_tokens}}
    write_json(out / "curve.json", figures)
    if json is not None:
        write_json(json, figures)
    console.print(f"report: {out / 'curve.html'}", markup=False, highlight=False)


def _judged(labeled: list[LabeledCase], k: int, seed: int, out: Path, console: Console) -> tuple[list[Verdict], float]:
    sampler = ProcessSampler(str(SANDBOX), processes=os.cpu_count() or 1)
    with (
        Judge(sampler, form="sandbox", k=k, seed=seed, temperature=float(k > 1), max_tokens=160) as judge,
        Store(out / f"k{k}.sqlite", judge.identity()) as store,
        bar(console) as progress,
    ):
        verdicts = judge.batch([one.case for one in labeled], store, progress)
        usage = store.usage()
    return verdicts, usage.completion_tokens / usage.samples


def _first(verdict: Verdict, k: int) -> Verdict:
    return vote(verdict.outcomes[:k], len(verdict.orders[0]), orders=verdict.orders[:k])


def _gains(points: list[Point]) -> str:
    greedy, one, most = points[0], points[1], points[-1]
    over_one, over_greedy = (100 * (most.accuracy.mean - p.accuracy.mean) for p in (one, greedy))
    return f"{most.title}: {over_one:+.1f} points over one sample, {over_greedy:+.1f} over greedy (ties share)"


def _figures(point: Point) -> dict[str, object]:
    return asdict(point) | {"accuracy": point.accuracy._asdict(), "strict": point.strict._asdict()}
