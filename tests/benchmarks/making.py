"""Items and outcomes of made-up benchmarks, and the real data where it is."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from solon.benchmarks import benchmark_of
from solon.benchmarks.benchmark import Item, Mode, Outcome, Way
from solon.benchmarks.judging import Ballots, cases_of
from solon.types import Case, Judgment, Order, Unread, Verdict
from solon.vote import vote

DATA = Path(__file__).parents[3] / "shared" / "data"
FORMS = Path(__file__).parents[2] / "recipes" / "forms"
VOTES = Way("votes", "mean")


def real(name: str) -> Path:
    """Return a real file or folder, or skip the test where it is not there."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def judgment(*scores: float) -> Judgment:
    """Make a judgment of these scores, in the case's own order."""
    return Judgment(scores, (), "because", "text")


def verdict(case: Case, outcomes: Sequence[Judgment | Unread]) -> Verdict:
    """Let outcomes vote that saw the case's own order and its reverse by turns."""
    own: Order = tuple(range(case.n))
    orders = [own if place % 2 == 0 else own[::-1] for place in range(len(outcomes))]
    return vote(outcomes, case.n, orders=orders)


def by(score: Callable[[Case], Sequence[float] | None], items: Sequence[Item], mode: Mode) -> list[Outcome]:
    """Return the outcomes of a judge that scores a case's responses, or cannot be read, whatever the order."""
    found = []
    for item in items:
        verdicts = []
        for case in cases_of(item, mode):
            scores = score(case)
            one = Unread("no_scores", "no box") if scores is None else judgment(*scores)
            verdicts.append(verdict(case, [one, one]))
        found.append(Ballots(item, mode, tuple(verdicts)).at(1, VOTES))
    return found


def values(name: str, outcomes: Sequence[Outcome], ties: str = "official") -> dict[str, float]:
    """Return a benchmark's figures of some outcomes."""
    return {figure.name: figure.value for figure in benchmark_of(name).figures(outcomes, ties)}  # type: ignore[arg-type]
