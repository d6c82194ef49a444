"""Cells of made-up arms, for the tests of claims: what every case earned, by seed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from solon.report.cells import Row
from solon.sandbox.request import KINDS

SEEDS = (101, 102, 103)


def shares(share: float, count: int = 40) -> list[float]:
    """Return what `count` cases earned of which that share is right, spread evenly."""
    return [float(round((i + 1) * share) - round(i * share)) for i in range(count)]


def row(greedy: Sequence[float], votes: Mapping[int, Sequence[float]] | None = None, **fields: Any) -> Row:
    """Make a row of what cases earned; their kinds follow each other in turn."""
    kinds = list(KINDS)
    earned: dict[str, Any] = {"greedy": list(greedy), "greedy strict": list(greedy)}
    if votes:
        earned["votes"] = {str(k): list(values) for k, values in votes.items()}
    own = {"cases": len(greedy), "kinds": [kinds[i % len(kinds)] for i in range(len(greedy))], "earned": earned}
    return own | fields


def rated(labels: Sequence[bool], scores: Sequence[float | None], **fields: Any) -> Row:
    """Make a row of how single responses scored, greedily."""
    return {"cases": len(labels), "labels": list(labels), "rated": {"greedy": list(scores), "votes": {}}} | fields


def seeded(make: Callable[[int], list[Row]]) -> dict[int, list[Row]]:
    """Return the rows of an arm on every seed; `make` takes the place of the seed, 0 to 2."""
    return {seed: make(place) for place, seed in enumerate(SEEDS)}


def arm(greedy: Sequence[float], few: Sequence[float] | None = None, **fields: Any) -> dict[int, list[Row]]:
    """Return an arm that is the same on every seed: greedily, by one vote as greedily, and by eight votes."""
    return seeded(lambda _: [row(greedy, {1: greedy, 8: few or greedy}, **fields)])
