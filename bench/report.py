"""What every benchmark prints: a table of figures with their targets, and the same as JSON."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A measured number: its median over the rounds, the lowest and highest, and what it must reach."""

    name: str
    median: float
    low: float
    high: float
    target: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether the target is met; empty without one."""
        return "" if self.target is None else "ok" if self.median >= self.target else "MISSED"


def figure(name: str, values: Sequence[float], target: float | None = None) -> Figure:
    """Summarize the values of several rounds."""
    return Figure(name, median(values), min(values), max(values), target)


def options(description: str, rounds: int) -> argparse.Namespace:
    """Read `--rounds` and `--json` from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


def show(title: str, figures: Sequence[Figure], path: Path | None) -> None:
    """Print the table, and write it where `--json` says."""
    print(f"\n{title}\n{'':44}{'median':>10}{'lowest':>10}{'highest':>10}{'target':>9}")
    for one in figures:
        target = "" if one.target is None else f">= {one.target:,g}"
        values = "".join(f"{value:>10,.{0 if one.median >= 100 else 2}f}" for value in (one.median, one.low, one.high))
        print(f"{one.name:44}{values}{target:>11} {one.verdict}")
    if path is not None:
        path.write_text(json.dumps([asdict(one) | {"verdict": one.verdict} for one in figures], indent=1) + "\n")
