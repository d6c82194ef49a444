"""What an outcome is worth under a tie rule, and the means over items that most tables are made of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import TypeAlias

from solon.benchmarks.benchmark import Outcome
from solon.benchmarks.figures import Figure, Ties, part
from solon.reward import best_responses, correct, credit, decides

Worth: TypeAlias = Callable[[Outcome, Ties], float | None]
"""What an outcome is worth under a tie rule, from 0 to 1; None where the label decides nothing."""


def of_pair(margin: float | None, ties: Ties) -> float:
    """Return what one comparison is worth: officially a tie is a loss, and so is what could not be read."""
    if ties == "random" and not margin:
        return 0.5
    return float(margin is not None and margin > 0)


def of_best(outcome: Outcome, ties: Ties) -> float | None:
    """Return whether the best response beats every worse one; drawn at random, how likely it is then."""
    label, n, scores = outcome.item.label, outcome.item.case.n, outcome.scores
    if not decides(label):
        return None
    if outcome.mode == "pairs" and n > 2:
        return prod(of_pair(margin, ties) for margin in outcome.margins)
    if scores is None:
        return 0.0 if ties == "official" else len(best_responses(label)) / n
    return float(correct(scores, label)) if ties == "official" else credit(scores, label)


def by_subset(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Part outcomes by subset, in the order of their names."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.item.subset, []).append(outcome)
    return dict(sorted(found.items()))


def mean_of(name: str, outcomes: Sequence[Outcome], worth: Worth, ties: Ties) -> Figure:
    """Return the mean worth of outcomes, each counting alike; items of one question are drawn together."""
    return weighted(name, [(1.0, outcomes)], worth, ties)


def weighted(name: str, parts: Iterable[tuple[float, Sequence[Outcome]]], worth: Worth, ties: Ties) -> Figure:
    """Return the weighted mean of the mean worths of several parts; a part without a deciding label is left out."""
    made = []
    for weight, outcomes in parts:
        units = [(outcome.item.group, worth(outcome, ties)) for outcome in outcomes]
        if known := [(group, value) for group, value in units if value is not None]:
            made.append(part(known, weight))
    return Figure(name, tuple(made))


def averaged(name: str, figures: Sequence[Figure]) -> Figure:
    """Return the plain mean of figures."""
    return Figure(
        name,
        tuple(
            replace(one, weight=one.weight / sum(each.weight for each in figure.parts))
            for figure in figures
            for one in figure.parts
        ),
    )


def subsets(outcomes: Sequence[Outcome], worth: Worth, ties: Ties) -> list[Figure]:
    """Return the mean worth in every subset that has a deciding label."""
    found = [mean_of(name, some, worth, ties) for name, some in by_subset(outcomes).items()]
    return [figure for figure in found if figure.parts]
