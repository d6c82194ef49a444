"""All that the study's cells come to: arms, claims and the facts beside them, and a picture."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from solon.errors import UserError
from solon.report.beside import facts
from solon.report.cells import Cells, row_of
from solon.report.claims import claims
from solon.report.contrasts import Source, figure, greedy, measure
from solon.report.deciding import Claim
from solon.report.fact import Fact
from solon.report.page import Level, Line, draw
from solon.report.resampling import Draws, Estimate
from solon.report.studied import LINES, Height, heights, interval

MEASURES: dict[str, tuple[str, ...]] = {
    "greedy": ("greedy",),
    "@1": ("votes", "1"),
    "@8": ("votes", "8"),
    "@32": ("votes", "32"),
    "greedy, strict": ("greedy strict",),
    "@8, strict": ("votes strict", "8"),
    "@32, strict": ("votes strict", "32"),
}
"""What is told of every arm, by the keys under `earned`; strict accuracies count a tie as wrong."""

COSTS: dict[str, tuple[str, str]] = {
    "greedy tokens": ("tokens", "greedy"),
    "sampled tokens": ("tokens", "votes"),
}
"""Tokens of one judgment of an arm, by the keys of a row."""


@dataclass(frozen=True, slots=True)
class ArmFound:
    """An arm in one setting: accuracies by `MEASURES` and mean costs by `COSTS`, where it has them."""

    arm: str
    setting: str
    seeds: int
    cases: int
    earned: dict[str, Estimate]
    costs: dict[str, float]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the cells come to."""

    arms: list[ArmFound]
    claims: list[Claim]
    facts: list[Fact]

    def plain(self) -> dict[str, Any]:
        """Return it as values that JSON holds."""
        return asdict(self)


def findings(cells: Cells) -> Findings:
    """Return what the cells come to; intervals are those of docs/study.md.

    Raises:
        UserError: cells of the same seed are not of the same cases.
    """
    draws = Draws()
    return Findings(list(_arms(cells, draws)), claims(cells, draws), facts(cells, draws))


def _arms(cells: Cells, draws: Draws) -> Iterator[ArmFound]:
    for name, found in cells.items():
        settings = dict.fromkeys(row.get("setting") for rows in found.values() for row in rows if "earned" in row)
        for setting in settings:
            yield _arm(cells, name, setting, draws)


def _arm(cells: Cells, name: str, setting: str | None, draws: Draws) -> ArmFound:
    rows = [row for seed in cells[name] if (row := row_of(cells, name, seed, setting))]
    own = {title: Source(name, setting, ("earned", *keys)) for title, keys in MEASURES.items()}
    earned = {title: measure(figure(source), cells, draws) for title, source in own.items()}
    costs = {title: [float(row[a][b]) for row in rows if a in row] for title, (a, b) in COSTS.items()}
    return ArmFound(
        arm=name,
        setting=setting or "-",
        seeds=len(rows),
        cases=sum(row["cases"] for row in rows),
        earned={title: value for title, value in earned.items() if value is not None},
        costs={title: fmean(values) for title, values in costs.items() if values},
    )


DRAWN = (
    ("base", "votes", "base", "#9a8c7a"),
    ("rft", "votes", "after fine-tuning (RFT)", "#b5651d"),
    ("rl", "votes", "after reinforcement (RL)", "#1f5c99"),
    ("rl", "meta", "RL, the best half by the meta model", "#2e7d4f"),
    *(line for line in LINES if line[0] != "scalar"),
)
"""The lines of the picture: arm, way to vote, name and color."""


def draw_findings(cells: Cells, path: Path) -> None:
    """Draw accuracy on `test` against votes, of the arms that vote.

    Raises:
        UserError: matplotlib is not installed, or no arm has votes.
    """
    draws = Draws()
    lines = [line for each in DRAWN if (line := _line(cells, draws, *each)).votes]
    if not lines:
        raise UserError(f"no cells of {', '.join(dict.fromkeys(arm for arm, *_ in DRAWN))}: there is nothing to draw")
    alone = measure(figure(greedy("scalar")), cells, draws)
    flat = [] if alone is None else [Level("scalar model (Bradley-Terry)", alone.mean)]
    draw(lines, path, "accuracy against votes, two responses of the test split", flat=flat)


def _line(cells: Cells, draws: Draws, arm: str, way: str, name: str, color: str) -> Line:
    one = measure(figure(greedy(arm)), cells, draws) if way == "votes" else None
    flat = None if one is None else Height(1, interval(one))
    return Line(name, color, heights(cells, draws, arm, way), flat, "o-" if way == "votes" else "s--")
