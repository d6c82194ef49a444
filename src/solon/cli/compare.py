"""`solon sandbox compare`: checkpoints of the sandbox side by side, on the same held-out cases."""

from itertools import product
from pathlib import Path

from rich.console import Console

from solon.cli.options import Count
from solon.cli.progress import bar
from solon.files import write_json
from solon.report.judges import gain, judge_row
from solon.report.tables import facts_table, percent
from solon.sandbox import cases as sandbox_cases
from solon.sandbox.judging import Judged, judged
from solon.stats import Interval
from solon.types import PrinciplesMode


def compare(
    *checkpoints: Path,
    split: str = "dev",
    count: Count = 500,
    k: Count = 8,
    n: int | None = 2,
    principles: tuple[PrinciplesMode, ...] = ("self",),
    seed: int = 1,
    json: Path | None = None,
) -> None:
    """Judge the same cases with several checkpoints, greedily and with k votes, and print their figures and gains.

    Parameters
    ----------
    checkpoints
        Checkpoint folders; gains are over the first.
    split
        The split of the cases: dev for choices; test, unseen, many and pleading measure.
    count
        How many cases.
    k
        Judgments per case of the vote.
    n
        Responses per case; 0 takes the split's own mix.
    principles
        Who writes the principles: self, query or none; several are measured beside each other.
    seed
        The seed of the cases and of the samples.
    json
        Also write the figures to this file.
    """
    console = Console()
    labeled = sandbox_cases(split, count, seed=seed, n=n or None)
    first: dict[int, Judged] = {}
    rows = []
    for checkpoint, mode in product(checkpoints, principles):
        for votes in dict.fromkeys((1, k)):
            with bar(console) as tell:
                found = judged(checkpoint, labeled, votes, seed=seed, principles=mode, tell=tell)
            row = judge_row(str(checkpoint) if mode == "self" else f"{checkpoint}, {mode}", found, votes)
            if first.setdefault(votes, found) is not found and "accuracy" in row:
                row["gain"] = gain(found, first[votes], votes)
            rows.append(row | {"tokens": found.tokens})
            console.print(facts_table({name: _shown(value) for name, value in row.items()}, ""))
    if json is not None:
        write_json(json, rows)


def _shown(value: object) -> object:
    if isinstance(value, Interval):
        return percent(value)
    return f"{value:.3f}" if isinstance(value, float) else value
