"""`solon sandbox compare`: checkpoints of the sandbox side by side, on the same held-out cases."""

from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console

from solon.checkpoint import folder_of
from solon.cli.options import Count
from solon.cli.progress import bar
from solon.errors import UserError
from solon.files import make_room, write_json
from solon.report.judges import accuracy_row, gain
from solon.report.tables import percent, ratio, signed, text_table
from solon.sandbox import cases as sandbox_cases
from solon.sandbox import digest
from solon.sandbox.judging import Judged, judged
from solon.sandbox.measures import BEYOND, Rules, rules
from solon.stats import Interval
from solon.types import PrinciplesMode

RATIOS = ("weight correlation", "distinct sets", "auc")
"""Figures that are no shares."""


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

    Intervals are over cases, gains paired by case; `solon.sandbox.measures.Rules` says what each figure is.

    Parameters
    ----------
    checkpoints
        Checkpoint folders, or sandbox for the judge that comes with the package; gains are over the first.
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
    if not checkpoints:
        raise UserError("no checkpoint is named: give folders of checkpoints, or sandbox")
    for checkpoint in checkpoints:
        digest(folder_of(checkpoint))
    make_room(json)
    console = Console()
    labeled = sandbox_cases(split, count, seed=seed, n=n or None)
    first: dict[int, tuple[Judged, Rules]] = {}
    rows = []
    for checkpoint, mode in product(checkpoints, principles):
        for votes in dict.fromkeys((1, k)):
            with bar(console) as tell:
                found = judged(folder_of(checkpoint), labeled, votes, seed=seed, principles=mode, tell=tell)
            ruled = rules(labeled, found.verdicts)
            name = str(checkpoint) if mode == "self" else f"{checkpoint}, {mode}"
            row = accuracy_row(name, found, votes) | ruled.intervals() | {"tokens": found.tokens}
            against, known = first.setdefault(votes, (found, ruled))
            if against is not found:
                accuracy = {"accuracy": gain(found, against, votes)} if "accuracy" in row else {}
                row["gains"] = accuracy | ruled.gains(known)
            rows.append(row)
            console.print(text_table("", ("", "", "over the first"), _lines(row)))
    if json is not None:
        write_json(json, rows)


def _lines(row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Lay out a row's figures, a line each, with their gains."""
    gains = row.get("gains", {})
    shown = {name: _shown(name, value, percent) for name, value in row.items() if name != "gains"}
    told = {"distinct sets": f"distinct sets of {row['k']}"}
    return [(told.get(name, name), value, _shown(name, gains.get(name, ""), signed)) for name, value in shown.items()]


def _shown(name: str, value: object, share: Callable[[Interval], str]) -> str:
    if isinstance(value, Interval):
        return (ratio if name in RATIOS else signed if name == BEYOND else share)(value)
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)
