"""Scorers side by side on the same pairs: the share that each puts in the right order, by source and over all.

A question's pairs share their responses, so intervals are over questions: the bootstrap draws them whole.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from solon.stats import Interval, clustered
from solon.training.pairs import Pair, PairedCase

Scores: TypeAlias = Sequence[Mapping[int, float]]
"""For every case, the scores of the responses that its pairs hold, by their index."""

ALL = "all"


def credit(scores: Mapping[int, float], pair: Pair) -> float:
    """Return 1 for a pair in the right order, 0.5 for a tie, else 0."""
    better, worse = (scores[i] for i in pair)
    return (better > worse) + (better == worse) / 2


def compared(cases: Sequence[PairedCase], scorers: Mapping[str, Scores], seed: int = 0) -> list[dict[str, object]]:
    """Return a row per source, and one over all sources where there are several.

    A row holds each scorer's accuracy, and under `A - B` the difference of the first scorer to each other one.
    """
    sources = list(dict.fromkeys(one.source for one in cases))
    rows = [
        _row(name, [i for i, one in enumerate(cases) if one.source == name], cases, scorers, seed) for name in sources
    ]
    return rows if len(sources) < 2 else [*rows, _row(ALL, range(len(cases)), cases, scorers, seed)]


def _row(
    name: str, places: Sequence[int], cases: Sequence[PairedCase], scorers: Mapping[str, Scores], seed: int
) -> dict[str, object]:
    credits = {
        scorer: [[credit(scores[i], pair) for pair in cases[i].pairs] for i in places]
        for scorer, scores in scorers.items()
    }
    first, *others = credits
    groups = credits | {f"{first} - {other}": _differences(credits[first], credits[other]) for other in others}
    intervals: dict[str, Interval] = {label: clustered(values, seed=seed) for label, values in groups.items()}
    facts: dict[str, object] = {"source": name, "cases": len(places), "pairs": sum(map(len, credits[first]))}
    return facts | {label: interval._asdict() for label, interval in intervals.items()}


def _differences(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[a - b for a, b in zip(one, other, strict=True)] for one, other in zip(ours, theirs, strict=True)]
