"""Curves as a picture, and a page that needs nothing but itself."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from solon.errors import UserError
from solon.files import write_whole
from solon.report.curve import Point
from solon.report.tables import percent
from solon.stats import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a page may load: its pictures and its style, both of which stand in it."""
_COLORS = 128
_STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 62rem; margin: 3rem auto; padding: 0 1rem; color: #1d2733; }
h1, h2, p, summary { overflow-wrap: anywhere; } h1, h2 { font-weight: normal; } img { max-width: 100%; }
.wide { overflow-x: auto; } table { border-collapse: collapse; }
th, td { padding: .3rem 1rem; text-align: right; border-bottom: 1px solid #d8dee6; }
th:first-child, td:first-child { text-align: left; }
pre { background: #f5f3ee; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
"""


class Drawn(Protocol):
    """What is drawn of a point: how accurate k votes are."""

    @property
    def k(self) -> int:
        """The number of votes."""

    @property
    def accuracy(self) -> Interval:
        """Their accuracy."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a picture: votes at growing k, and the greedy judgment as a flat one, if there is one.

    `marks` is how matplotlib draws it: circles on a full line unless told.
    """

    name: str
    color: str
    votes: Sequence[Drawn]
    greedy: Drawn | None = None
    marks: str = "o-"


@dataclass(frozen=True, slots=True)
class Level:
    """A flat line of a picture: how accurate a model is that does not vote.

    `marks` is how matplotlib draws it; a marker stands at either end.
    """

    name: str
    accuracy: float
    color: str = "#777777"
    marks: str = "-."


def need_matplotlib() -> None:
    """Make sure that curves can be drawn, before anything else is done for them.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UserError("drawing needs matplotlib: pip install 'solon[report]'") from error


def draw(
    lines: Sequence[Line], path: Path, title: str, *, flat: Sequence[Level] = (), tokens: float | None = None
) -> None:
    """Draw accuracy against k (log scale) with 95 % intervals; greedy judgments, and models that do not vote, are flat.

    Args:
        lines: what is drawn, in the order of the legend.
        path: the picture's file.
        title: its title.
        flat: models that do not vote.
        tokens: how many a judgment has, for a second axis in generated tokens.

    Raises:
        UserError: matplotlib is not installed.
    """
    need_matplotlib()
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.8), dpi=150, layout="constrained")
    for line in lines:
        ks = [point.k for point in line.votes]
        means, low, high = (
            [100 * value for value in part] for part in zip(*(p.accuracy for p in line.votes), strict=True)
        )
        axes.plot(ks, means, line.marks, color=line.color, label=line.name)
        axes.fill_between(ks, low, high, color=line.color, alpha=0.12, linewidth=0)
        if line.greedy is not None:
            mean = 100 * line.greedy.accuracy.mean
            axes.axhline(mean, color=line.color, linestyle=":", linewidth=1.2, label=f"{line.name}, greedy")
    for level in flat:
        _level(axes, level)
    axes.set(xlabel="judgments per case (k)", ylabel="accuracy, percent", title=title)
    _mark(axes, sorted({point.k for line in lines for point in line.votes}), tokens)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    _keep(figure, path)
    plt.close(figure)


def _level(axes: "Axes", level: Level) -> None:
    """Draw a flat line from one side to the other."""
    across, height = axes.get_yaxis_transform(), [100 * level.accuracy] * 2
    drawn = axes.plot([0, 1], height, level.marks, color=level.color, transform=across, scalex=False, clip_on=False)
    drawn[0].set(linewidth=1.2, label=level.name)


def _keep(figure: "Figure", path: Path) -> None:
    """Write a picture in few colors, which takes a third of the bytes."""
    from PIL import Image

    figure.savefig(path, format="png")
    with Image.open(path) as whole:
        few = whole.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    few.save(path, format="png", optimize=True)


def _mark(axes: "Axes", ks: Sequence[int], tokens: float | None) -> None:
    """Mark the numbers of votes below, and what they cost above."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(ks, [str(k) for k in ks])
    if tokens:
        above = axes.secondary_xaxis("top")
        above.set_xticks(ks, [f"{k * tokens:,.0f}" for k in ks])
        above.minorticks_off()
        above.set_xlabel("generated tokens per case")


def write_page(path: Path, title: str, blocks: Sequence[str]) -> None:
    """Write one HTML file of a title and blocks, which the functions below make; it runs nothing and loads nothing."""
    head = (
        f"<meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
    )
    body = f"<h1>{html.escape(title)}</h1>{''.join(blocks)}"
    write_whole(path, [f"<!doctype html><html lang='en'>{head}{body}</html>"])


def picture(path: Path, told: str) -> str:
    """Return a picture as a block; `told` says what it shows."""
    image = base64.b64encode(path.read_bytes()).decode()
    return f"<img alt='{html.escape(told, quote=True)}' src='data:image/png;base64,{image}'>"


def text(said: str) -> str:
    """Return a paragraph as a block."""
    return f"<p>{html.escape(said)}</p>"


def heading(said: str) -> str:
    """Return a heading as a block."""
    return f"<h2>{html.escape(said)}</h2>"


def verbatim(said: str) -> str:
    """Return a text in its own lines, such as a shown judgment, as a block."""
    return f"<pre>{html.escape(said)}</pre>"


def folded(title: str, block: str) -> str:
    """Return a block that a title stands for until it is opened."""
    return f"<details><summary>{html.escape(title)}</summary>{block}</details>"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as a block."""
    top = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class='wide'><table><tr>{top}</tr>{body}</table></div>"


def points_table(points: Sequence[Point]) -> str:
    """Return the points of curves as a block."""
    rows = [
        [p.title, percent(p.accuracy), percent(p.strict), f"{p.ties:.1%}", f"{p.distinct:.0f}", f"{p.unread:.2%}"]
        for p in points
    ]
    return table(("", "accuracy, ties share", "a tie is wrong", "ties", "values", "unread"), rows)
