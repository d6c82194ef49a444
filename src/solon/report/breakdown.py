"""The study's curves and kinds in figures: what a picture shows, and what single claims take together."""

from collections.abc import Iterator

from solon.report.cells import Cells
from solon.report.contrasts import Contrast, Source, at, figure, greedy
from solon.report.curve import KS
from solon.report.fact import JUDGES, Fact, averaged, measured, values_of
from solon.report.resampling import Draws, Unit
from solon.sandbox.request import KINDS

CURVES = {
    **{judge: (judge, "votes") for judge in JUDGES},
    "rl, the best half by the meta model": ("rl", "meta"),
    "rl, all by the chance to be right": ("rl", "soft"),
    "small": ("small", "votes"),
    "pairwise": ("pairwise", "votes"),
    "pairwise, by token probability": ("pairwise", "sure"),
    "cloud": ("cloud", "votes"),
}
"""Arms and how their votes count, on `test`."""


def curves(cells: Cells, draws: Draws) -> Iterator[Fact]:
    """Tell how accurate votes are at every number of them."""
    for told, (arm, way) in CURVES.items():
        for k in KS:
            contrast = figure(at(k, arm, way=way))
            yield from measured(cells, draws, "accuracy by number of votes, test", told, f"@{k}", "percent", contrast)


def shapes(cells: Cells, _: Draws) -> Iterator[Fact]:
    """Tell how often votes tie at the top, and how many distinct rewards they come to, at every number of them."""
    units: dict[str, Unit] = {"ties": "percent", "distinct": "number"}
    for judge in JUDGES:
        for key, unit in units.items():
            for k in KS:
                found = values_of(cells, Source(judge, "test", (key, str(k))))
                yield from averaged("ties and distinct rewards, test", f"{judge}, {key}", f"@{k}", unit, found)


def kinds(cells: Cells, draws: Draws) -> Iterator[Fact]:
    """Tell how accurate the main arms and the scalar model are on each kind of request."""
    sources = {f"{arm}, greedy": greedy(arm) for arm in JUDGES} | {"rl, @32": at(32, "rl"), "scalar": greedy("scalar")}
    for kind in sorted(KINDS):
        for told, source in sources.items():
            contrast = Contrast(((1, source),), kind=kind)
            yield from measured(cells, draws, "accuracy by kind of request, test", kind, told, "percent", contrast)
