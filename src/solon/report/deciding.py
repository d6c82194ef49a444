"""What cells say of a claim: it holds, is refuted or undecided, or was not run, by the rule of docs/study.md.

A contrast is above 0 when the interval of its test is and so is the contrast on every seed alone, since the bootstrap
does not see the chance of a training. A claim that one success would satisfy asks more of each of its contrasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from statistics import fmean
from typing import Literal, TypeAlias

from solon.report.cells import Cells, title_of
from solon.report.contrasts import Contrast, Source, measure, seeds
from solon.report.curve import KS
from solon.report.resampling import Draws, Estimate, Unit

SEEDS = 3
"""A claim is judged by so many seeds or more."""

ERROR = 0.01
"""What the interval of a test leaves out; of m parts of which one would do, each leaves out an m-th of it."""

Ruling: TypeAlias = Literal["holds", "refuted", "undecided", "not run"]
Outcome: TypeAlias = Literal["above", "below", "neither"]


@dataclass(frozen=True, slots=True)
class Part(Estimate):
    """A contrast of a claim, and on which side of 0 it lies; it is shown without deciding unless `decides`."""

    text: str
    outcome: Outcome
    decides: bool = True
    unit: Unit = "points"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its verdict, the paper's figures and the arms that decide it; `missing` says what it lacks.

    All parts that decide must be above 0, or `one` of them.
    """

    name: str
    text: str
    paper: str
    arms: tuple[str, ...]
    verdict: Ruling
    parts: tuple[Part, ...] = ()
    missing: tuple[str, ...] = ()
    one: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a claim asks: contrasts by their texts, all of which must be above 0, or `one` of them; others are shown.

    `paper` quotes what arXiv 2504.02495 reports of it.
    """

    name: str
    text: str
    paper: str
    parts: Mapping[str, Contrast]
    shown: Mapping[str, Contrast] = field(default_factory=dict)
    one: bool = False

    @property
    def all(self) -> dict[str, Contrast]:
        """All contrasts, those that decide first."""
        return {**self.parts, **self.shown}

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that decide."""
        return tuple(dict.fromkeys(source.arm for contrast in self.parts.values() for source in contrast.sources))

    @property
    def error(self) -> float:
        """What the interval of each part leaves out."""
        return ERROR / len(self.parts) if self.one else ERROR


def judge(asked: Asked, cells: Cells, draws: Draws) -> Claim:
    """Judge one claim.

    Raises:
        UserError: cells of the same seed are not of the same cases.
    """
    claim = partial(Claim, asked.name, asked.text, asked.paper, asked.arms, one=asked.one)
    missing = _missing(cells, [source for contrast in asked.parts.values() for source in contrast.sources])
    if missing:
        return claim("not run", missing=missing)
    found = {text: measure(contrast, cells, draws, asked.error) for text, contrast in asked.all.items()}
    told = {text: value for text, value in found.items() if value is not None and len(value.seeds) >= SEEDS}
    if few := tuple(f"cases of '{text}' on {SEEDS} seeds" for text in asked.parts if text not in told):
        return claim("not run", missing=few)
    parts = tuple(
        Part(**asdict(value), text=text, outcome=_outcome(value), decides=text in asked.parts)
        for text, value in told.items()
    )
    return claim(_verdict(parts, asked.one), parts)


def _outcome(value: Estimate) -> Outcome:
    if value.lower is not None and value.lower > 0 and min(value.seeds) > 0:
        return "above"
    return "below" if value.upper is not None and value.upper < 0 and max(value.seeds) < 0 else "neither"


def _verdict(parts: Sequence[Part], one: bool) -> Ruling:
    """Return the verdict of all parts that decide; where one would do, only all of them below 0 refute the claim."""
    outcomes = [part.outcome for part in parts if part.decides]
    holds, refutes = (any, all) if one else (all, any)
    if holds(outcome == "above" for outcome in outcomes):
        return "holds"
    return "refuted" if refutes(outcome == "below" for outcome in outcomes) else "undecided"


def _missing(cells: Cells, sources: Sequence[Source]) -> tuple[str, ...]:
    """Name what too few seeds have: arms, or values of arms that were run; or say that too few seeds have it all."""
    lacking = dict.fromkeys(_lacking(cells, source) for source in sources)
    shared = len(seeds(cells, sources))
    alike = (f"everything on {shared} of {SEEDS} seeds",) if shared < SEEDS else ()
    return tuple(told for told in lacking if told) or alike


def _lacking(cells: Cells, source: Source) -> str:
    run, count = len(cells.get(source.arm, {})), len(seeds(cells, [source]))
    named = title_of(source.arm) if run < SEEDS else source.title
    return f"{named} on {run if run < SEEDS else count} of {SEEDS} seeds" if count < SEEDS else ""


def growing(name: str, text: str, paper: str, cells: Cells) -> Claim:
    """Judge the claim without an interval: every k has more distinct values and fewer ties than the one before."""
    sources = {
        f"{arm}, {of} at {KS[-1]} {less} 1": [Source(arm, "test", (what, str(k))) for k in KS]
        for arm in ("rl", "base")
        for what, of, less in (("distinct", "distinct values", "over"), ("ties", "ties", "under"))
    }
    claim = partial(Claim, name, text, paper, ("rl", "base"))
    if missing := _missing(cells, [source for each in sources.values() for source in each]):
        return claim("not run", missing=missing)
    parts = tuple(_growth(cells, told, each) for told, each in sources.items())
    return claim(_verdict(parts, one=False), parts)


def _growth(cells: Cells, text: str, sources: Sequence[Source]) -> Part:
    """Return how far a quantity moves the claimed way from the first k to the last, above 0 where each step does."""
    falls = sources[0].keys[0] == "ties"
    rows = [sources[0].row(cells, seed) for seed in seeds(cells, sources)]
    paths = [[(1 - 2 * falls) * float(source.values(row)[0]) for source in sources] for row in rows if row]
    rises = [later > earlier for path in paths for earlier, later in pairwise(path)]
    moved = tuple(path[-1] - path[0] for path in paths)
    outcome: Outcome = "above" if all(rises) else "below" if max(moved) < 0 else "neither"
    unit: Unit = "points" if falls else "values"
    return Part(fmean(moved), None, None, None, None, moved, text=text, outcome=outcome, unit=unit)
