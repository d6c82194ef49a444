"""What every benchmark prints: a table of figures with their targets, and the same as JSON."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A measured number: its median over the rounds, the lowest and highest, and what it must reach or keep to."""

    name: str
    median: float
    low: float
    high: float
    target: float | None = None
    most: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether target and bound are met; empty without any."""
        missed = (self.target is not None and self.median < self.target) or (
            self.most is not None and self.median > self.most
        )
        return "" if not self.wanted else "MISSED" if missed else "ok"

    @property
    def wanted(self) -> str:
        """Say what the figure must reach or keep to; empty without any."""
        bounds = ((">=", self.target), ("<=", self.most))
        return ", ".join(f"{sign} {value:,g}" for sign, value in bounds if value is not None)

    def __str__(self) -> str:
        """Return the median with the lowest and the highest in brackets."""
        return f"{written(self.median)} [{written(self.low)}, {written(self.high)}]"


def figure(name: str, values: Sequence[float], target: float | None = None, most: float | None = None) -> Figure:
    """Summarize the values of several rounds."""
    return Figure(name, median(values), min(values), max(values), target, most)


def written(value: float) -> str:
    """Write a number as tables have it."""
    return f"{value:,.{0 if abs(value) >= 100 else 2}f}"


def arguments(description: str, rounds: int) -> argparse.ArgumentParser:
    """Return a parser that knows `--rounds` and `--json`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser


def options(description: str, rounds: int) -> argparse.Namespace:
    """Read `--rounds` and `--json` from the command line."""
    return arguments(description, rounds).parse_args()


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table: its first column stands to the left, the others to the right."""
    lines = [heads, *rows]
    first, *widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for name, *cells in lines:
        pairs = zip(cells, widths, strict=True)
        yield "  ".join([name.ljust(first), *(cell.rjust(width) for cell, width in pairs)]).rstrip()


def show(title: str, figures: Sequence[Figure], path: Path | None) -> bool:
    """Print the table, write it where `--json` says, and tell whether every figure is as it must be."""
    rows = [[one.name, *map(written, (one.median, one.low, one.high)), one.wanted, one.verdict] for one in figures]
    print(f"\n{title}", *columns(("", "median", "lowest", "highest", "target", ""), rows), sep="\n", flush=True)
    write(path, [asdict(one) | {"verdict": one.verdict} for one in figures])
    return all(one.verdict != "MISSED" for one in figures)


def write(path: Path | None, figures: object) -> None:
    """Write figures as JSON, where a file is named."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=1) + "\n")
