"""`solon cascade`, `solon tune cascade` and `solon judge --first`: a scalar model judges first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console

from solon.cascade import Scoring
from solon.cli.curve import labels_of
from solon.cli.options import Count, Folds, Share
from solon.errors import UserError
from solon.files import make_room, write_json
from solon.report.cascading import Goal, Measured, Trial, chosen, held_out, measured
from solon.report.recorded import Recorded
from solon.report.tables import percent, rows_table, signed
from solon.report.trials import Votes, trials
from solon.samplers.seam import Failure
from solon.stopping import Stop
from solon.store import Store


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What a cascade is counted on, as both commands are told.

    Attributes
    ----------
    first
        The scorer: a checkpoint folder of solon train scalar, a hub id, or the URL of a /classify server.
    labels
        A file with the labels of the runs' cases.
    k
        The votes that the cascade is compared with.
    up_to
        The most votes of a case that is sent to the judge; by default k.
    stop
        When the vote on such a case ends: never, lossless, confident or anytime.
    prior
        For the confident rule, a file of solon tune stop; not one that was made of these runs.
    delta
        For the anytime-valid rule, the chance to be wrong.
    json
        Also write the figures to this file.
    """

    first: str
    labels: Path
    k: Count = 8
    up_to: Count | None = None
    stop: Stop = "never"
    prior: Path | None = None
    delta: Share = 0.02
    json: Path | None = None

    @property
    def votes(self) -> Votes:
        """How many votes are counted."""
        return Votes(self.k, self.up_to or self.k, self.stop, self.prior, self.delta)


def tune(
    *runs: Path,
    counting: Annotated[Counting, Parameter(name="*")],
    accuracy: Share | None = None,
    tokens: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    folds: Folds = 5,
    seed: int = 0,
) -> None:
    """Choose the margin below which a scorer's cases go to the judge; what is printed is cross-validated.

    Parameters
    ----------
    runs
        Folders that solon judge --out made of all cases, with --stop never, on cases that nothing is measured on.
    counting
        The scorer, the labels and the votes.
    accuracy
        Choose the fewest tokens that reach this accuracy, such as 0.8; by default the best accuracy is chosen.
    tokens
        Choose the best accuracy that keeps to so many tokens of the judge a case, prompts included.
    folds
        Parts of the cases: what is printed of each is by the margin that the others choose.
    seed
        Draws the parts.
    """
    if accuracy is not None and tokens is not None:
        raise UserError("accuracy and tokens are two goals: name one")
    found = _trials(runs, counting)
    goal = Goal(accuracy, tokens)
    margin, figures = chosen(found, goal), measured(found, held_out(found, goal, folds, seed))
    _print(figures, f"{len(found):,} labeled cases, margins chosen on the others of {folds} folds", counting.k)
    Console().print(f"choose: --margin {margin:g}", markup=False, highlight=False)
    _write(counting.json, {"margin": margin, "held_out": figures.figures(), "all": _all(found, margin).figures()})


def cascade(
    *runs: Path,
    margin: Annotated[float, Parameter(validator=Number(gte=0))],
    counting: Annotated[Counting, Parameter(name="*")],
) -> None:
    """Measure a cascade on a run of full votes: beside the votes of all cases and the scorer alone, and what it costs.

    Parameters
    ----------
    runs
        Folders that solon judge --out made of all cases, with --stop never.
    margin
        How far the scorer's best must be above its second for its verdict to stand.
    counting
        The scorer, the labels and the votes.
    """
    found = _trials(runs, counting)
    figures = _all(found, margin)
    _print(figures, f"{len(found):,} labeled cases, margin {margin:g}", counting.k)
    _write(counting.json, {"margin": margin, "measured": figures.figures()})


def _trials(runs: Sequence[Path], counting: Counting) -> list[Trial]:
    """Score the runs' cases, but for those whose scores they keep, and judge them both ways."""
    if not runs:
        raise UserError("no run is named: give the folders that solon judge --out made")
    make_room(counting.json)
    return asyncio.run(_judged(runs, counting))


async def _judged(runs: Sequence[Path], counting: Counting) -> list[Trial]:
    scoring, found, unscored = Scoring.of(counting.first), [], []
    try:
        for run in runs:
            recorded = Recorded.of(run)
            told = labels_of(counting.labels, recorded)
            with Store.of(run / "run.sqlite" if run.is_dir() else run) as store:
                firsts = await scoring.firsts(recorded.cases, store)
                found += trials(recorded, store, told, firsts, counting.votes)
            unscored += [one for one in firsts if isinstance(one, Failure)]
    finally:
        await scoring.scorer.close()
    _name_failures(unscored)
    return found


def _name_failures(failed: Sequence[Failure]) -> None:
    if failed:
        told = f"note: {len(failed):,} cases could not be scored and go to the judge, such as: {failed[0].detail}"
        Console(stderr=True).print(told, markup=False, highlight=False, soft_wrap=True)


def _all(found: Sequence[Trial], margin: float) -> Measured:
    return measured(found, [margin] * len(found))


def _print(figures: Measured, title: str, k: int) -> None:
    whole = figures.plain_tokens_per_case
    read = "-" if figures.with_read is None else f"{100 * figures.with_read:.1f} %"
    alone = "-" if figures.with_read is None else f"{100 * (figures.with_read - figures.tokens):.1f} %"
    heads = ("", "accuracy, ties share", "sent to the judge", "votes", "tokens", "of all votes'", "with the scorer's")
    cells = [
        (
            "cascade",
            percent(figures.accuracy),
            f"{100 * figures.share:.1f} %",
            f"{figures.votes:.1f}",
            f"{figures.tokens_per_case:,.0f}",
            f"{100 * figures.tokens:.1f} %",
            read,
        ),
        ("scorer alone", percent(figures.alone), "0.0 %", "0.0", "0", "0.0 %", alone),
        (f"{k} votes of all", percent(figures.plain), "100.0 %", f"{k:.1f}", f"{whole:,.0f}", "100.0 %", "100.0 %"),
    ]
    console = Console()
    console.print(rows_table([dict(zip(heads, row, strict=True)) for row in cells], title))
    for name, gain in ((f"{k} votes of all", figures.over_plain), ("the scorer alone", figures.over_alone)):
        console.print(f"cascade over {name}: {signed(gain)} points", markup=False, highlight=False)


def _write(path: Path | None, figures: object) -> None:
    if path is not None:
        write_json(path, figures)
