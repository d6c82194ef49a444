"""The study's lines that the demo's page shows beside its own: judges that a demo does not train."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from solon.report.cells import Cells
from solon.report.contrasts import at, figure, greedy, measure, seeds
from solon.report.curve import KS
from solon.report.page import Level, Line
from solon.report.resampling import Draws, Estimate
from solon.sandbox import STUDIED
from solon.stats import Interval


class Height(NamedTuple):
    """How accurate votes of k are."""

    k: int
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Studied:
    """A judge of the study on two responses of `test`: its votes, if it has any, and its greedy accuracy."""

    name: str
    color: str
    seeds: int
    greedy: float
    votes: tuple[Height, ...]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Take a judge as JSON holds it."""
        votes = tuple(Height(k, Interval(*accuracy)) for k, accuracy in said["votes"])
        return cls(**{**said, "votes": votes})

    @property
    def title(self) -> str:
        """Say that the line is not of this run."""
        return f"study, {self.seeds} seed{'s' * (self.seeds > 1)}: {self.name}"

    @property
    def line(self) -> Line:
        """Return its votes, drawn unlike those of a run."""
        return Line(self.title, self.color, self.votes, marks="^:")

    @property
    def level(self) -> Level:
        """Return its greedy accuracy, drawn unlike the flat lines of a run."""
        return Level(self.title, self.greedy, self.color, marks="^--")


LINES = (
    ("pairwise", "votes", "pairwise", "#7d3c98"),
    ("pairwise", "sure", "pairwise, by token probability", "#b983c9"),
    ("cloud", "votes", "semi-scalar (CLoud)", "#c0392b"),
    ("scalar", "votes", "scalar model (Bradley-Terry)", "#d6279b"),
)
"""Arm, way to vote, name and color."""


def studied(path: Path = STUDIED) -> list[Studied]:
    """Return the judges that ship with the package."""
    return [Studied.of(one) for one in json.loads(path.read_text("utf-8"))]


def lines(cells: Cells) -> list[dict[str, Any]]:
    """Return the judges for whom there are cells, as JSON holds them."""
    draws = Draws()
    found = []
    for arm, way, name, color in LINES:
        alone = measure(figure(greedy(arm)), cells, draws)
        votes = tuple(heights(cells, draws, arm, way))
        if alone is not None and (votes or way == "votes"):
            found.append(asdict(Studied(name, color, len(seeds(cells, [greedy(arm)])), alone.mean, votes)))
    return found


def heights(cells: Cells, draws: Draws, arm: str, way: str) -> list[Height]:
    """Return the accuracies of an arm's votes at every k that it has."""
    values = [(k, measure(figure(at(k, arm, way=way)), cells, draws)) for k in KS]
    return [Height(k, interval(value)) for k, value in values if value is not None]


def interval(value: Estimate) -> Interval:
    """Return a figure that has an interval, with it."""
    assert value.low is not None
    assert value.high is not None
    return Interval(value.mean, value.low, value.high)
