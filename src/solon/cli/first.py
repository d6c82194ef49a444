"""`solon judge --first`: a scalar model judges first, and the judge what that one is not sure of."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from solon.cascade import Cascade, Staged
from solon.cli.progress import bar
from solon.config import JudgeConfig
from solon.data import read_cases
from solon.errors import UserError
from solon.files import make_folder, write_json, write_whole
from solon.judge import Judge
from solon.report.show import show as shown
from solon.report.staged import facts, staged_line, summarize
from solon.report.tables import facts_table
from solon.store import Store, Usage
from solon.types import Case, LabeledCase


def judge_first(
    file: str,
    config: JudgeConfig,
    first: str | None,
    margin: float | None,
    *,
    out: Path | None,
    reference: str,
    strict: bool,
    show: bool,
    json: Path | None,
) -> None:
    """Judge every case of a file by a cascade; the arguments are those of `solon judge`.

    Raises:
        UserError: one of first and margin is missing, a line could not be judged, or as `solon judge`.
    """
    if first is None or margin is None:
        raise UserError("--first names a scorer and --margin says when it is sure: name both, or neither")
    console = Console(stderr=True)
    for folder in [folder for folder in (out, json and json.parent) if folder]:
        make_folder(folder)
    with Judge(**dict(config)) as model, Cascade(model, first, margin) as cascade:
        found, faults = _read(file, reference, model)
        _name(file, found, faults, strict, console)
        cases = [one.case if isinstance(one, LabeledCase) else one for one in found]
        staged, usage = _run(cascade, cases, out, console)
        summary = summarize(cascade, found, staged, usage, len(faults))
    _write(cascade, cases, staged, out, show)
    for path in [path for path in (json, out and out / "summary.json") if path]:
        write_json(path, summary)
    console.print(facts_table(facts(summary), "judged"))
    for line in [*(f"note: {note}" for note in summary["notes"]), *([f"report: {out}"] if out else [])]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if faults:
        raise UserError(f"{len(faults)} lines of '{file}' could not be judged ({faults[0]}); mend them and run again")


def _read(file: str, reference: str, model: Judge) -> tuple[list[Case | LabeledCase], list[str]]:
    """Part the cases that can be judged from the faults of all other lines."""
    reading = read_cases(file, reference=reference)
    faults = [f"line {bad.line}: {bad.fault}" for bad in reading.malformed]
    found = []
    for one in reading.cases:
        case = one.case if isinstance(one, LabeledCase) else one
        if misfit := model.misfit(case):
            faults.append(f"case '{case.id}': {misfit}")
        else:
            found.append(one)
    return found, faults


def _name(
    file: str, found: Sequence[Case | LabeledCase], faults: Sequence[str], strict: bool, console: Console
) -> None:
    for fault in faults:
        console.print(f"not judged: {fault}", markup=False, highlight=False, soft_wrap=True)
    if faults and strict:
        raise UserError(
            f"{len(faults)} lines of '{file}' cannot be judged: {faults[0]}. Mend them, or leave out --strict"
        )
    if not found:
        raise UserError(f"'{file}' holds no case that can be judged{f': {faults[0]}' if faults else ''}")


def _run(cascade: Cascade, cases: Sequence[Case], out: Path | None, console: Console) -> tuple[list[Staged], Usage]:
    path = out / "run.sqlite" if out else ":memory:"
    with Store(path, cascade.model.identity()) as store, bar(console) as progress:
        return cascade.batch(cases, store, progress), store.usage()


def _write(cascade: Cascade, cases: Sequence[Case], staged: Sequence[Staged], out: Path | None, show: bool) -> None:
    model = cascade.model
    pairs = list(zip(cases, staged, strict=True))
    lines = [staged_line(case, one, model.config.principles) for case, one in pairs]
    if out is not None:
        write_whole(out / "verdicts.jsonl", lines)
    elif not show:
        sys.stdout.writelines(f"{line}\n" for line in lines)
    for case, one in pairs if show else ():
        if one.verdict is None:
            sys.stdout.write(f"case {case.id}\n  the scorer's verdict: best {one.best}, scores {one.scores}\n\n")
        else:
            voted = model.ending.votes(len(one.verdict.outcomes))
            sys.stdout.write(f"{shown(case, one.verdict, one.verdict.weights, voted)}\n\n")
