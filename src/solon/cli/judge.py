"""`solon judge`: judge a file of cases with any model."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from solon.cli.first import judge_first
from solon.cli.progress import bar
from solon.config import JudgeConfig
from solon.data import read_cases
from solon.errors import UserError
from solon.files import make_folder, write_json, write_whole
from solon.judge import Judge
from solon.report.lines import verdict_line
from solon.report.show import show as shown
from solon.report.summary import facts, summarize
from solon.report.tables import facts_table
from solon.store import Store, Usage
from solon.types import Case, LabeledCase, Verdict


def judge(
    file: str,
    /,
    *,
    config: Annotated[JudgeConfig, Parameter(name="*")],
    out: Path | None = None,
    reference: str = "reference",
    strict: bool = False,
    show: bool = False,
    json: Path | None = None,
    first: str | None = None,
    margin: float | None = None,
) -> None:
    """Judge every case of a file and write its verdict.

    Parameters
    ----------
    file
        Cases as JSON lines (.jsonl, also .gz or .xz) or one JSON array (.json): Solon's case lines, preference rows
        (prompt, chosen, rejected) or UltraFeedback rows.
    config
        Which model judges, and how.
    out
        The run's folder: verdicts.jsonl, summary.json and the run file, from which the same command resumes. Without
        it verdicts go to standard output.
    reference
        The dotted key of a reference answer in each row, such as meta.reference.
    strict
        Stop before judging when a line is malformed, instead of judging the rest.
    show
        Print every judgment: the order shown, principles, box, restored scores and running sums; with a meta model
        also its logit and whether the judgment was kept for the vote.
    json
        Also write the summary to this file.
    first
        A scalar model that judges first: the URL of a /classify server, a checkpoint folder, or a hub id.
    margin
        With --first, how far its best must be above its second for its verdict to stand (solon tune cascade); all
        other cases go to the judge.
    """
    if first is not None or margin is not None:
        judge_first(file, config, first, margin, out=out, reference=reference, strict=strict, show=show, json=json)
        return
    console = Console(stderr=True)
    reading = read_cases(file, reference=reference)
    faults = [f"line {bad.line}: {bad.fault}" for bad in reading.malformed]
    _name(file, faults, strict, console)
    _need(file, reading.cases, faults)
    for folder in [folder for folder in (out, json and json.parent) if folder]:
        make_folder(folder)
    with Judge(**dict(config)) as model:
        found, misfits = _fitting(model, reading.cases)
        _name(file, misfits, strict, console)
        faults += misfits
        _need(file, found, faults)
        verdicts, usage = _run(model, [_case(one) for one in found], out, console)
        summary = summarize(model, found, verdicts, usage, len(faults))
    _write(model, [_case(one) for one in found], verdicts, out, show)
    for path in [path for path in (json, out and out / "summary.json") if path]:
        write_json(path, summary)
    _tell(summary, out, console)
    if faults:
        raise UserError(f"{_count(faults)} of '{file}' could not be judged ({faults[0]}); mend it and run again")


def _case(one: Case | LabeledCase) -> Case:
    return one.case if isinstance(one, LabeledCase) else one


def _name(file: str, faults: Sequence[str], strict: bool, console: Console) -> None:
    """Name everything that is left out; raise when nothing may be."""
    for fault in faults:
        console.print(f"not judged: {fault}", markup=False, highlight=False, soft_wrap=True)
    if faults and strict:
        raise UserError(f"{_count(faults)} of '{file}' cannot be judged: {faults[0]}. Mend it, or leave out --strict")


def _need(file: str, cases: Sequence[Case | LabeledCase], faults: Sequence[str]) -> None:
    if not cases:
        raise UserError(f"'{file}' holds no case that can be judged{f': {faults[0]}' if faults else ''}")


def _fitting(model: Judge, cases: Sequence[Case | LabeledCase]) -> tuple[list[Case | LabeledCase], list[str]]:
    """Part the cases that this judge can judge from the faults of all others."""
    misfits = [(one, model.misfit(_case(one))) for one in cases]
    faults = [f"case '{_case(one).id}': {misfit}" for one, misfit in misfits if misfit]
    return [one for one, misfit in misfits if not misfit], faults


def _run(model: Judge, cases: Sequence[Case], out: Path | None, console: Console) -> tuple[list[Verdict], Usage]:
    with Store(out / "run.sqlite" if out else ":memory:", model.identity()) as store, bar(console) as progress:
        return model.batch(cases, store, progress), store.usage()


def _write(model: Judge, cases: Sequence[Case], verdicts: Sequence[Verdict], out: Path | None, show: bool) -> None:
    judged = list(zip(cases, verdicts, strict=True))
    lines = [verdict_line(case, verdict, model.config.principles) for case, verdict in judged]
    if out is not None:
        write_whole(out / "verdicts.jsonl", lines)
    elif not show:
        sys.stdout.writelines(f"{line}\n" for line in lines)
    if show:
        sys.stdout.writelines(
            f"{shown(case, v, v.weights, model.ending.votes(len(v.outcomes)))}\n\n" for case, v in judged
        )


def _tell(summary: Mapping[str, Any], out: Path | None, console: Console) -> None:
    console.print(facts_table(facts(summary), "judged"))
    for line in [*(f"note: {note}" for note in summary["notes"]), *([f"report: {out}"] if out else [])]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _count(faults: Sequence[str]) -> str:
    return f"{len(faults)} line{'s' if len(faults) > 1 else ''}"
