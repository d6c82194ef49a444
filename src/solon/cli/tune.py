"""`solon tune`: choose how votes are weighed and when they end, on cases that nothing is measured on."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console

from solon.calibrating import Full, Replay, best, calibrated, replayed
from solon.errors import UserError
from solon.files import make_folder, write_json
from solon.report.recorded import Recorded
from solon.report.tables import percent, rows_table
from solon.stats import bootstrap
from solon.stopping import Stop


def stop(
    *runs: Path,
    out: Path,
    delta: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.02,
    json: Path | None = None,
) -> None:
    """Calibrate the confident stopping rule on runs of full votes; no labels are needed, for it is to agree with them.

    Parameters
    ----------
    runs
        Folders that solon judge --out made with --stop never, of cases like those to come, or their run files.
    out
        The file for the prior, which solon judge --stop confident --prior reads.
    delta
        The share of cases whose best may be another one than the full vote's.
    json
        Also write the figures to this file.
    """
    votes, reach = _votes(runs)
    prior = calibrated(votes, reach, delta)
    halves = [replayed(votes[i::2], reach, "confident", calibrated(votes[1 - i :: 2], reach, delta)) for i in (0, 1)]
    both = Replay(sum((half.used for half in halves), ()), sum((half.changed for half in halves), ()))
    rows = [_row("confident, each half by the other's prior", both, len(votes[0]))]
    rules: list[tuple[str, Stop]] = [("lossless", "lossless"), ("anytime", "anytime")]
    rows += [_row(name, replayed(votes, reach, rule, delta=delta), len(votes[0])) for name, rule in rules]
    rows.append(_row("as many judgments for all", _fixed(votes, round(both.mean)), len(votes[0])))
    Console().print(rows_table(rows, f"{len(votes):,} full votes of {len(votes[0])} judgments"))
    for folder in {path.parent for path in (out, json) if path}:
        make_folder(folder)
    write_json(out, asdict(prior) | {"delta": delta, "votes": len(votes)})
    if json:
        write_json(json, {"prior": asdict(prior), "rules": rows})
    Console(stderr=True).print(f"prior: {out}", markup=False, highlight=False, soft_wrap=True)


def _votes(runs: Sequence[Path]) -> tuple[list[Full], float]:
    """Read the votes on several responses of runs that are of one length and form."""
    if not runs:
        raise UserError("no run is named: give the folders that solon judge --out made")
    read = [Recorded.of(run) for run in runs]
    kinds = {(one.k, one.form.reach, one.form.rule) for one in read}
    if len(kinds) > 1:
        told = "; ".join(f"'{run}' has k={one.k}, form '{one.form.name}'" for run, one in zip(runs, read, strict=True))
        raise UserError(f"the runs are not alike ({told}): a prior is of one form and one k")
    (reach,) = {one.form.reach for one in read}
    if reach is None:
        raise UserError(f"the form '{read[0].form.name}' names no SCALE, so its votes cannot end early")
    return [vote for one in read for vote, case in zip(one.full(), one.cases, strict=True) if case.n > 1], reach


def _fixed(votes: Sequence[Full], k: int) -> Replay:
    """Return what the first k judgments of every vote come to, for comparison."""
    return Replay((k,) * len(votes), tuple(best(vote[:k]) != best(vote) for vote in votes))


def _row(name: str, found: Replay, k: int) -> dict[str, Any]:
    changed = bootstrap([float(one) for one in found.changed])
    share = bootstrap([one / k for one in found.used])
    return {"rule": name, "judgments": found.mean, "of k, %": percent(share), "another best, %": percent(changed)}
