"""Any labeled file of cases as a benchmark: accuracy where there are several responses, ROC-AUC where there is one."""

from collections.abc import Sequence

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, against_the_rest
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Source
from solon.benchmarks.realmistake import area_of
from solon.benchmarks.worth import by_subset, mean_of, of_best
from solon.data import read_cases
from solon.errors import UserError
from solon.types import LabeledCase, Right


def read(source: Source) -> list[Item]:
    """Read a file as `solon judge` does; every line must be a case with a label."""
    if source.data is None:
        raise UserError("there is no file of cases: name one with --data")
    reading = read_cases(source.data)
    if reading.malformed:
        bad = reading.malformed[0]
        raise UserError(f"'{source.data}', line {bad.line}: {bad.fault}; a labeled case is expected")
    items = []
    for line, one in zip(reading.lines, reading.cases, strict=True):
        if not isinstance(one, LabeledCase):
            told = "'ratings', 'best' or, of one response, 'label' 0 or 1 is expected"
            raise UserError(f"'{source.data}', line {line}: the case has no label; {told}")
        subset = str(one.case.tags.get("subset") or one.case.tags.get("source") or "all")
        pairs = against_the_rest(one.label, one.case.n)
        items.append(Item(one.case, one.label, subset, pairs, f"'{source.data}', line {line}"))
    return items


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return accuracy over all and by subset, and likewise the ROC-AUC of single responses."""
    many = [one for one in outcomes if not isinstance(one.item.label, Right)]
    single = [one for one in outcomes if isinstance(one.item.label, Right)]
    found = [mean_of("accuracy", many, of_best, ties), area_of("ROC-AUC", single, ties)]
    found += [mean_of(name, some, of_best, ties) for name, some in by_subset(many).items()]
    found += [area_of(f"{name}, ROC-AUC", some, ties) for name, some in by_subset(single).items()]
    return [figure for figure in found if figure.units]


OWN = Benchmark(
    name="own",
    title="Cases of your own",
    modes=("list", "pairs", "single"),
    read=read,
    figures=figures,
    note="Accuracy where a case has several responses (a tie is wrong), ROC-AUC of the mean score where it has one.",
)
