"""`solon tune`: choose how votes are weighed and when they end, on cases that nothing is measured on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console

from solon.calibrating import Full, Replay, best, calibrated, replayed
from solon.cli.curve import labels_of
from solon.cli.options import Count, Folds, Share
from solon.errors import UserError
from solon.files import make_room, write_json
from solon.report.folds import parted
from solon.report.knowing import knowing
from solon.report.recorded import Recorded
from solon.report.spending import earned_by_way
from solon.report.tables import percent, ratio, rows_table, signed
from solon.stats import bootstrap, paired
from solon.stopping import Stop
from solon.vote import TRUSTS


def stop(
    *runs: Path,
    out: Path,
    delta: Share = 0.02,
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
    make_room(out, json)
    prior = calibrated(votes, reach, delta)
    halves = [replayed(votes[i::2], reach, "confident", calibrated(votes[1 - i :: 2], reach, delta)) for i in (0, 1)]
    both = Replay(sum((half.used for half in halves), ()), sum((half.changed for half in halves), ()))
    rows = [_ended("confident, each half by the other's prior", both, len(votes[0]))]
    rules: list[tuple[str, Stop]] = [("lossless", "lossless"), ("anytime", "anytime")]
    rows += [_ended(name, replayed(votes, reach, rule, delta=delta), len(votes[0])) for name, rule in rules]
    rows.append(_ended("as many judgments for all", _fixed(votes, round(both.mean)), len(votes[0])))
    Console().print(rows_table(rows, f"{len(votes):,} full votes of {len(votes[0])} judgments"))
    write_json(out, asdict(prior) | {"delta": delta, "votes": len(votes)})
    if json:
        write_json(json, {"prior": asdict(prior), "rules": rows})
    Console(stderr=True).print(f"prior: {out}", markup=False, highlight=False, soft_wrap=True)


OPTIONS = {
    "votes": "",
    "meta, best half": "--weigh top",
    **{f"meta, softly {trust:g}": f"--weigh soft --trust {trust:g}" for trust in TRUSTS},
    "expected scores": "--scores expected",
    "soft scores": "--scores soft",
}
"""What to tell solon judge for a way to vote; a majority of a scoring form is only compared."""


def vote(
    run: Path,
    /,
    *,
    labels: Path,
    k: Count | None = None,
    folds: Folds = 5,
    seed: int = 0,
    json: Path | None = None,
) -> None:
    """Choose how to vote by labels, cross-validated: the choice of each fold is made on the others and measured on it.

    Parameters
    ----------
    run
        The folder that solon judge --out made, on cases that nothing is measured on; with --meta its weights, and with
        --top-logprobs expected scores are among the ways.
    labels
        A file with the labels of the run's cases.
    k
        Votes per case; by default all of the run.
    folds
        Parts of the cases.
    seed
        Draws the parts.
    json
        Also write the figures to this file.
    """
    recorded = Recorded.of(run)
    told, most = labels_of(labels, recorded), k or recorded.k
    if most > recorded.k:
        raise UserError(f"k is {most} and the run '{run}' has {recorded.k} judgments a case")
    make_room(json)
    ways = earned_by_way(recorded, told, most, recorded.others(run))
    named = {name: values for name, values in ways.items() if name in OPTIONS}
    chosen, scores = _chosen(named, folds, seed)
    rows = [
        _row(name, values, ways["votes"]) | {"options": OPTIONS.get(name, "-"), "chosen": chosen[name]}
        for name, values in ways.items()
    ]
    rows.append(_row("chosen by the others", scores, ways["votes"]) | {"options": "", "chosen": ""})
    best = max(named, key=lambda name: fmean(named[name]))
    gain, known = paired(scores, ways["votes"]), knowing(recorded, told, most)
    console = Console()
    console.print(rows_table(rows, f"{len(scores):,} labeled cases, {most} votes, {folds} folds"))
    console.print(f"chosen over plain votes, held out: {signed(gain)} points", markup=False, highlight=False)
    console.print(f"choose: {best} ({OPTIONS[best] or 'no option'})", markup=False, highlight=False)
    if known:
        aucs = [{"by": name, "AUC": ratio(auc)} for name, auc in known.items()]
        console.print(rows_table(aucs, "What tells right judgments from wrong ones"))
    if json:
        told_of = {name: auc._asdict() for name, auc in known.items()}
        figures = {"chosen": best, "options": OPTIONS[best], "rows": rows, "gain": gain._asdict(), "auc": told_of}
        write_json(json, figures)


def _row(way: str, earned: Sequence[float], plain: Sequence[float]) -> dict[str, Any]:
    return {"way": way, "accuracy": percent(bootstrap(earned)), "over votes": signed(paired(earned, plain))}


def _chosen(ways: Mapping[str, Sequence[float]], folds: int, seed: int) -> tuple[Counter[str], list[float]]:
    """Return how often each way is the best of the other folds, and what the choices earn on their own fold's cases."""
    count = len(next(iter(ways.values())))
    parts = parted(count, folds, seed)
    chosen, scores = Counter[str](), [0.0] * count
    for fold in sorted(set(parts)):
        rest = [i for i, part in enumerate(parts) if part != fold]
        best = max(ways, key=lambda name: fmean(ways[name][i] for i in rest or range(count)))
        chosen[best] += 1
        for i in (i for i, part in enumerate(parts) if part == fold):
            scores[i] = ways[best][i]
    return chosen, scores


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


def _ended(name: str, found: Replay, k: int) -> dict[str, Any]:
    changed = bootstrap([float(one) for one in found.changed])
    share = bootstrap([one / k for one in found.used])
    return {"rule": name, "judgments": found.mean, "of k, %": percent(share), "another best, %": percent(changed)}
