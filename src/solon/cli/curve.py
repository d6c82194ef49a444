"""`solon curve`: what more judgments bought in a run, by every way to vote and to end a vote; nothing is sampled."""

from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from solon.calibrating import read_prior
from solon.cli.options import Share
from solon.data import read_cases
from solon.errors import UserError
from solon.files import make_folder, make_room, write_json
from solon.report.page import need_matplotlib, picture, table, text, write_page
from solon.report.recorded import Recorded
from solon.report.spending import Bought, bought, draw_bought
from solon.report.tables import percent, rows_table, signed
from solon.types import Label, LabeledCase


def curve(
    run: Path,
    /,
    *,
    labels: Path | None = None,
    prior: Path | None = None,
    delta: Share = 0.02,
    out: Path | None = None,
    json: Path | None = None,
) -> None:
    """Show accuracy against judgments, requests and tokens, from the samples of one run of full votes.

    Parameters
    ----------
    run
        The folder that solon judge --out made, or its run file.
    labels
        A file with the labels of the run's cases; without one, agreement with the vote of all judgments is shown.
    prior
        For the confident rule, a file of solon tune stop; not one that was made of this run.
    delta
        For the anytime-valid rule, the chance to be wrong.
    out
        The folder for curve.png and curve.html; by default the run's.
    json
        Also write the figures to this file.
    """
    need_matplotlib()
    known = None if prior is None else read_prior(prior)
    recorded = Recorded.of(run)
    told = None if labels is None else labels_of(labels, recorded)
    folder = out or (run if run.is_dir() else run.parent)
    make_folder(folder)
    make_room(json)
    points = bought(recorded, told, known, delta, recorded.others(run))
    measure = "agreement with all judgments" if labels is None else "accuracy, ties share"
    _show(points, measure, f"what judgments buy: {len(recorded.cases):,} cases, up to {recorded.k} judgments", folder)
    if json is not None:
        write_json(json, [_plain(point) for point in points])


def _show(points: list[Bought], measure: str, title: str, folder: Path) -> None:
    """Print the table, and write the picture and the page."""
    rows = [_row(point, measure) for point in points]
    Console().print(rows_table(rows, title))
    draw_bought(points, folder / "curve.png", measure)
    cells = [[str(value) for value in row.values()] for row in rows]
    blocks = [picture(folder / "curve.png", measure), text(title), table(tuple(rows[0]), cells)]
    write_page(folder / "curve.html", "What judgments buy", blocks)
    said = f"report: {folder / 'curve.html'}"
    Console(stderr=True).print(said, markup=False, highlight=False, soft_wrap=True)


def _plain(point: Bought) -> dict[str, object]:
    intervals = {"score": point.score, "over_all": point.over_all, "over_fixed": point.over_fixed}
    return asdict(point) | {name: interval and interval._asdict() for name, interval in intervals.items()}


def labels_of(path: Path, run: Recorded) -> dict[str, Label]:
    """Read the labels of a run's cases.

    Raises:
        UserError: the file has none for any of them.
    """
    found = {one.case.id: one.label for one in read_cases(str(path)).cases if isinstance(one, LabeledCase)}
    if not any(case.id in found for case in run.cases):
        raise UserError(f"'{path}' has no label for any case of the run: the ids must be the same")
    return found


def _row(point: Bought, measure: str) -> dict[str, object]:
    costs = {
        "judgments": f"{point.judgments:.1f}",
        "requests": f"{point.requests:.1f}",
        "tokens": f"{point.tokens:,.0f}",
    }
    fixed = {"over as many for all": signed(point.over_fixed) if point.over_fixed else ""}
    return {"": point.name, **costs, measure: percent(point.score), "over all votes": signed(point.over_all), **fixed}
