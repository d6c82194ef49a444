"""A run of a benchmark as one page that needs nothing but itself: curve, figures, biases, and the hardest cases."""

from collections.abc import Sequence
from pathlib import Path

from solon.benchmarks.benchmark import Outcome
from solon.benchmarks.bias import Bin
from solon.benchmarks.judging import cases_of
from solon.benchmarks.points import Point
from solon.report.benchmark import Report, sheets, verdict
from solon.report.page import (
    Level,
    Line,
    draw,
    folded,
    heading,
    need_matplotlib,
    picture,
    table,
    text,
    verbatim,
    write_page,
)
from solon.report.show import show
from solon.reward import best_responses, decides
from solon.types import Right

_COLORS = ("#1f5fa8", "#b4472e", "#3c7a3f")


def write_report(report: Report, folder: Path) -> None:
    """Write report.html, curve.png and, where verdicts have an agreement, calibration.png.

    Raises:
        UserError: matplotlib is not installed, or a file cannot be written.
    """
    need_matplotlib()
    draw_curve(report, folder / "curve.png")
    curve, figures, biases = sheets(report)
    blocks = [text(verdict(report)), text(report.benchmark.note)]
    blocks += [text(f"Not the whole benchmark: {report.missing}.")] if report.missing else []
    blocks += [picture(folder / "curve.png", "the score against the number of votes")]
    blocks += [table(curve.heads, curve.rows), text(_told(report))]
    blocks += [heading(figures.title), table(figures.heads, figures.rows)]
    blocks += [heading(biases.title), table(biases.heads, biases.rows)]
    if report.bins:
        draw_calibration(report.bins, folder / "calibration.png")
        blocks.append(picture(folder / "calibration.png", "how often verdicts are right, by their agreement"))
    blocks += [heading("The hardest cases"), *map(_case, report.hardest)]
    blocks += [text(f"Note: {note}") for note in report.notes]
    write_page(folder / "report.html", f"{report.benchmark.title}: {report.system}", blocks)


def draw_curve(report: Report, path: Path) -> None:
    """Draw the official score of every way to vote against k, with ties drawn at random as a dashed line beside it."""
    greedy = next((point for point in report.points if point.name == "greedy"), None)
    names = [name for name in dict.fromkeys(point.name for point in report.points) if name != "greedy"]
    lines = []
    for name, color in zip(names, _COLORS, strict=False):
        votes = [point for point in report.points if point.name == name]
        lines.append(Line(f"{name}, official", color, votes, greedy if name == names[-1] else None))
        lines.append(Line(f"{name}, random ties", color, [_Random(point) for point in votes], marks="s--"))
    if greedy is not None and not names:
        lines = [Line("greedy, official", _COLORS[0], [greedy]), Line("random ties", _COLORS[1], [_Random(greedy)])]
    flat = [Level(name, scores["random"]) for name, scores in report.baselines.items()]
    draw(lines, path, f"{report.benchmark.title}: {report.system}", flat=flat)


class _Random:
    """A point of which the score with ties drawn at random is drawn."""

    def __init__(self, point: Point) -> None:
        self.k, self.accuracy = point.k, point.random


def draw_calibration(bins: Sequence[Bin], path: Path) -> None:
    """Draw accuracy against agreement; a judge that is as sure as it is right lies on the diagonal."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 4.2), dpi=120, layout="constrained")
    most = max(one.count for one in bins)
    axes.plot([0, 1], [0, 1], color="#777777", linestyle=":", linewidth=1)
    axes.plot([one.confidence for one in bins], [one.accuracy for one in bins], color=_COLORS[0], linewidth=1)
    axes.scatter(
        [one.confidence for one in bins],
        [one.accuracy for one in bins],
        s=[20 + 180 * one.count / most for one in bins],
        color=_COLORS[0],
    )
    axes.set(xlabel="agreement of the judgments", ylabel="verdicts that are right", xlim=(0, 1.02), ylim=(-0.02, 1.02))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    plt.close(figure)


def _told(report: Report) -> str:
    calls = sum(usage["calls"] for usage in report.usage.values())
    tokens = sum(usage["prompt_tokens"] + usage["completion_tokens"] for usage in report.usage.values())
    return (
        "Official is the benchmark's own rule; with random ties a shared top, and a case without a verdict, is drawn "
        f"at random, in expectation. {calls:,.0f} calls, {tokens:,.0f} tokens with prompts. Intervals are 95 %, "
        "bootstrapped over questions."
    )


def _case(outcome: Outcome) -> str:
    """Show the judgments of a case; of one that was judged in pairs, those of the pair that went most wrong."""
    cases = cases_of(outcome.item, outcome.mode)
    at = 0
    if outcome.mode == "pairs" and len(cases) > 1:
        margins = [0.0 if margin is None else margin for margin in outcome.margins]
        at = margins.index(min(margins))
    verdict = outcome.verdicts[at]
    title = f"{cases[at].id} ({outcome.item.subset})"
    return folded(title, verbatim(f"label: {_label(outcome)}\n{show(cases[at], verdict)}"))


def _label(outcome: Outcome) -> str:
    label = outcome.item.label
    if isinstance(label, Right):
        return "right" if label.value else "wrong"
    return f"best {', '.join(str(i + 1) for i in best_responses(label))}" if decides(label) else "a tie"
