"""`solon judge`: judge a file of cases with any model."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, Protocol, TypeVar

from cyclopts import Parameter
from rich.console import Console

from solon.cascade import Cascade
from solon.cli.progress import bar
from solon.cli.telling import StagedTelling, Telling, VerdictTelling
from solon.config import JudgeConfig
from solon.data import Malformed, each_case, unpacked
from solon.errors import UserError
from solon.files import Spool, make_folder, make_room, write_json, write_whole
from solon.judge import Judge
from solon.plan import Tell
from solon.report.tables import facts_table
from solon.store import Store
from solon.types import Case, LabeledCase

_PART = 256


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
    console = Console(stderr=True)
    cases = CaseFile(file, reference)
    if out:
        make_folder(out)
    make_room(json)
    task = _Task(cases, out, json, strict, show, console)
    with _opened(config, first, margin) as model:
        if isinstance(model, Cascade):
            survey = _judged(task, model.model, model, StagedTelling(model))
        else:
            survey = _judged(task, model, model, VerdictTelling(model))
    if survey.faults:
        raise UserError(
            f"{_count(survey.faults)} of '{file}' could not be judged ({survey.first}); mend it and run again"
        )


S = TypeVar("S")
Said = TypeVar("Said", covariant=True)


class Conductor(Protocol[Said]):
    """What judges cases as they come: a judge, or a cascade, with what it says of a case."""

    def run(
        self,
        cases: Iterable[Case],
        take: Callable[[int, Case, Said], object],
        store: Store | None = None,
        progress: Tell | None = None,
        total: int | None = None,
    ) -> None:
        """Judge cases and hand each to `take`."""
        ...


@dataclass(frozen=True)
class _Task:
    """What is to be judged, and where it is to be written."""

    cases: "CaseFile"
    out: Path | None
    json: Path | None
    strict: bool
    show: bool
    console: Console


def _judged(task: _Task, judge: Judge, conductor: Conductor[S], telling: Telling[S]) -> "Survey":
    """Judge what can be judged and write what comes of it."""
    survey = _surveyed(judge, task.cases, task.strict, task.console)
    with Spool() as lines, Spool() as pages:
        run = Run(judge, task.cases, telling, lines, pages if task.show else None)
        with (
            Store(task.out / "run.sqlite" if task.out else "", judge.identity()) as store,
            bar(task.console) as progress,
        ):
            for place, some in run.parts():
                store.add_cases(some, place)
            conductor.run(run.cases(), run.take, store, progress, survey.count)
            summary = telling.summary.figures(store.usage(), survey.faults)
        _write(lines, pages, task.out, task.show)
    for path in [path for path in (task.json, task.out and task.out / "summary.json") if path]:
        write_json(path, summary)
    task.console.print(facts_table(telling.facts(summary), "judged"))
    told = [*(f"note: {note}" for note in summary["notes"]), *([f"report: {task.out}"] if task.out else [])]
    for line in told:
        task.console.print(line, markup=False, highlight=False, soft_wrap=True)
    return survey


def _opened(config: JudgeConfig, first: str | None, margin: float | None) -> Judge | Cascade:
    """Return the judge, behind a scorer if there is to be one."""
    if (first is None) != (margin is None):
        raise UserError("--first names a scorer and --margin says when it is sure: name both, or neither")
    judge = Judge(**dict(config))
    if first is None or margin is None:
        return judge
    try:
        return Cascade(judge, first, margin)
    except BaseException:
        judge.close()
        raise


class CaseFile:
    """A file of cases, read anew for every pass; what is no file on disk, such as a pipe, is held in memory.

    Raises:
        UserError: it cannot be read, or holds nothing.
    """

    def __init__(self, file: str, reference: str) -> None:
        self.name, self._reference = file, reference
        self._whole = None if Path(file).is_file() else unpacked(Path(file))
        if next(iter(self), None) is None:
            raise UserError(f"'{file}' holds no case that can be judged")

    def __iter__(self) -> Iterator[tuple[int, Case | LabeledCase] | Malformed]:
        return each_case(self.name, self._whole, reference=self._reference)


@dataclass(slots=True)
class Survey:
    """What a file holds: the number of its cases that can be judged, and of its faults, with the first of these."""

    count: int = 0
    faults: int = 0
    first: str = ""


def _surveyed(model: Judge, cases: CaseFile, strict: bool, console: Console) -> Survey:
    """Name everything that is left out, and count the rest.

    Raises:
        UserError: nothing is left, or something is left out and must not be.
    """
    survey = Survey()
    for found in cases:
        if (fault := _fault(model, found)) is None:
            survey.count += 1
            continue
        console.print(f"not judged: {fault}", markup=False, highlight=False, soft_wrap=True)
        survey.first = survey.first or fault
        survey.faults += 1
    if survey.faults and strict:
        told = f"{_count(survey.faults)} of '{cases.name}' cannot be judged: {survey.first}"
        raise UserError(f"{told}. Mend it, or leave out --strict")
    if not survey.count:
        raise UserError(f"'{cases.name}' holds no case that can be judged: {survey.first}")
    return survey


def _fault(model: Judge, found: tuple[int, Case | LabeledCase] | Malformed) -> str | None:
    """Say why a line cannot be judged, or None when it can."""
    if isinstance(found, Malformed):
        return f"line {found.line}: {found.fault}"
    case = _case(found[1])
    misfit = model.misfit(case)
    return f"case '{case.id}': {misfit}" if misfit else None


class Run(Generic[S]):
    """A run over the cases of a file, each of which is written down and counted when it is judged."""

    def __init__(self, model: Judge, file: CaseFile, telling: Telling[S], lines: Spool, pages: Spool | None) -> None:
        self._model, self._file, self._telling, self._lines, self._pages = model, file, telling, lines, pages
        self._open: dict[int, Case | LabeledCase] = {}

    def parts(self) -> Iterator[tuple[int, list[Case]]]:
        """Yield the cases that can be judged, some at a time, with the place of the first of them."""
        first, some = 0, list[Case]()
        for one in self._fitting():
            some.append(_case(one))
            if len(some) == _PART:
                yield first, some
                first, some = first + _PART, []
        yield first, some

    def cases(self) -> Iterator[Case]:
        """Yield the cases that can be judged, which are remembered until they are judged."""
        for place, one in enumerate(self._fitting()):
            self._open[place] = one
            yield _case(one)

    def _fitting(self) -> Iterator[Case | LabeledCase]:
        for found in self._file:
            if not isinstance(found, Malformed) and not self._model.misfit(_case(found[1])):
                yield found[1]

    def take(self, place: int, case: Case, said: S) -> None:
        """Write down and count what is said of the case at a place."""
        self._telling.summary.add(place, self._open.pop(place), said)
        self._lines.add(place, self._telling.line(case, said))
        if self._pages is not None:
            self._pages.add(place, self._telling.page(case, said))


def _case(one: Case | LabeledCase) -> Case:
    return one.case if isinstance(one, LabeledCase) else one


def _write(lines: Spool, pages: Spool, out: Path | None, show: bool) -> None:
    if out is not None:
        write_whole(out / "verdicts.jsonl", lines)
    elif not show:
        sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.writelines(f"{page}\n\n" for page in pages)


def _count(faults: int) -> str:
    return f"{faults} line{'s' if faults > 1 else ''}"
