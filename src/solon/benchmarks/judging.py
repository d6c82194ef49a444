"""Judge a benchmark's items: the cases that they are put as, the samples of these, and any number of them as votes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from solon.benchmarks.benchmark import Item, Mode, Outcome, Way
from solon.judge import Judge
from solon.plan import Tell
from solon.store import Store
from solon.types import Case, Verdict


def games_of(mode: Mode) -> int:
    """Return how many judgments make one vote: two in pairs, one for each order."""
    return 2 if mode == "pairs" else 1


def cases_of(item: Item, mode: Mode) -> list[Case]:
    """Return the cases that an item is judged as; where its responses stand together that is the item's own."""
    case = item.case
    if mode == "list" or case.n == 1 or (mode == "pairs" and case.n == 2):
        return [case]
    chosen = item.pairs if mode == "pairs" else tuple((i,) for i in range(case.n))
    return [
        replace(case, id=f"{case.id}#{','.join(map(str, some))}", responses=tuple(case.responses[i] for i in some))
        for some in chosen
    ]


@dataclass(frozen=True, slots=True)
class Ballots:
    """An item and all the judgments of it: a verdict for every case that it was put as."""

    item: Item
    mode: Mode
    verdicts: tuple[Verdict, ...]

    def at(self, k: int, way: Way) -> Outcome:
        """Return what the first k votes come to: those that a run of k alone would have drawn."""
        places = range(k * games_of(self.mode))
        return Outcome(self.item, self.mode, tuple(way.of(verdict, places) for verdict in self.verdicts), way)


def judge_items(
    model: Judge,
    items: Sequence[Item],
    mode: Mode,
    store: Store | None = None,
    progress: Tell | None = None,
) -> list[Ballots]:
    """Judge all items in a mode, in one run.

    Raises:
        UserError: a case does not fit the model's form, or the model cannot be asked at all.
    """
    cases = [cases_of(item, mode) for item in items]
    return regrouped(items, mode, model.batch([case for some in cases for case in some], store, progress))


def regrouped(items: Sequence[Item], mode: Mode, verdicts: Sequence[Verdict]) -> list[Ballots]:
    """Give every item the verdicts of its cases, which stand in the items' order."""
    rest = iter(verdicts)
    return [Ballots(item, mode, tuple(next(rest) for _ in cases_of(item, mode))) for item in items]
