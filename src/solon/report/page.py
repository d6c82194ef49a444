"""A curve as a picture and as a page that needs nothing else."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from solon.errors import UserError
from solon.report.curve import Point
from solon.report.tables import percent

_STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem; color: #1d2733; }
h1, h2 { font-weight: normal; } img { max-width: 100%; }
table { border-collapse: collapse; }
th, td { padding: .3rem 1rem; text-align: right; border-bottom: 1px solid #d8dee6; }
th:first-child, td:first-child { text-align: left; }
pre { background: #f5f3ee; padding: 1rem; white-space: pre-wrap; font-size: 14px; }
"""


def need_matplotlib() -> None:
    """Make sure that curves can be drawn, before anything else is done for them.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UserError("drawing needs matplotlib: pip install 'solon[report]'") from error


def draw(votes: Sequence[Point], greedy: Point, path: Path, title: str) -> None:
    """Draw accuracy against k with its intervals, and greedy decoding as a horizontal line.

    Raises:
        UserError: matplotlib is not installed.
    """
    need_matplotlib()
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), dpi=150, layout="constrained")
    ks = [point.k for point in votes]
    axes.plot(ks, [100 * p.accuracy.mean for p in votes], "o-", color="#1f5c99", label="vote of k judgments")
    low, high = [100 * p.accuracy.low for p in votes], [100 * p.accuracy.high for p in votes]
    axes.fill_between(ks, low, high, color="#1f5c99", alpha=0.18, linewidth=0, label="95 % interval over cases")
    axes.axhline(100 * greedy.accuracy.mean, color="#b5651d", linestyle="--", label="greedy, one judgment")
    axes.set_xscale("log", base=2)
    axes.set_xticks(ks, [str(k) for k in ks])
    axes.set(xlabel="judgments per case (k)", ylabel="accuracy, percent", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path)
    plt.close(figure)


def write_page(path: Path, picture: Path, points: Sequence[Point], shown: Sequence[str], title: str) -> None:
    """Write one HTML file that holds the picture, the table and some judgments to read."""
    image = base64.b64encode(picture.read_bytes()).decode()
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(point))}</tr>" for point in points)
    heads = "".join(f"<th>{head}</th>" for head in ("", "accuracy, ties share", "a tie is wrong", "ties", "unread"))
    judgments = "".join(f"<pre>{html.escape(text)}</pre>" for text in shown)
    path.write_text(
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{html.escape(title)}</title>"
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>"
        f"<img alt='accuracy against the number of judgments' src='data:image/png;base64,{image}'>"
        f"<p>{points[0].cases} cases; intervals are 95 % bootstrap intervals over cases.</p>"
        f"<table><tr>{heads}</tr>{rows}</table><h2>Some judgments</h2>{judgments}</html>\n",
        "utf-8",
    )


def _cells(point: Point) -> list[str]:
    return [point.title, percent(point.accuracy), percent(point.strict), f"{point.ties:.1%}", f"{point.unread:.2%}"]
