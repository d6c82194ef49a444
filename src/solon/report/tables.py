"""Tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from solon.report.curve import Point
from solon.stats import Interval


def curve_table(points: Sequence[Point], title: str) -> Table:
    """Lay out a curve, one line per point, figures in percent with their 95 % intervals."""
    table = Table(title=title, title_justify="left")
    for head in ("", "ties share", "a tie is wrong", "ties", "values", "unread"):
        table.add_column(head, justify="left" if not head else "right")
    for p in points:
        row = (percent(p.accuracy), percent(p.strict), f"{p.ties:.1%}", f"{p.distinct:.0f}", f"{p.unread:.2%}")
        table.add_row(p.title, *row)
    return table


def facts_table(facts: Mapping[str, object], title: str) -> Table:
    """Lay out named facts, one a line."""
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in facts.items():
        table.add_row(name, Text(f"{value:,}" if isinstance(value, int) else str(value)))
    return table


def rows_table(rows: Sequence[Mapping[str, object]], title: str) -> Table:
    """Lay out rows that have the same keys; shares with three digits, and `-` where there is no value."""
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row.values()))
    return table


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def text_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Lay out cells of text under their heads."""
    table = Table(*heads, title=title, title_justify="left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def accuracy_table(rows: Sequence[Mapping[str, Any]], title: str) -> Table:
    """Lay out rows of facts and of intervals with the keys mean, low and high, all in percent."""
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        cells = (percent(Interval(**value)) if isinstance(value, dict) else str(value) for value in row.values())
        table.add_row(*map(Text, cells))
    return table


def percent(interval: Interval) -> str:
    """Write a share in percent with its 95 % interval."""
    mean, low, high = (100 * value for value in interval)
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def ratio(interval: Interval) -> str:
    """Write a ratio with its bounds, as decimals."""
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def signed(interval: Interval) -> str:
    """Write a difference of shares in points with its 95 % interval."""
    mean, low, high = (100 * value for value in interval)
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"
