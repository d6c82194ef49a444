"""What the study's cells come to as tables of text, for the terminal and for Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from solon.report.cells import title_of
from solon.report.deciding import Claim, Outcome, Part, Ruling
from solon.report.fact import Fact
from solon.report.findings import COSTS, MEASURES, ArmFound, Findings
from solon.report.resampling import Estimate, Unit

_UNITS: dict[Unit, tuple[float, int, str]] = {
    "percent": (100, 1, ""),
    "points": (100, 1, "+"),
    "small points": (100, 2, "+"),
    "values": (1, 1, "+"),
    "ratio": (1, 3, ""),
    "number": (1, 0, ""),
}
"""How a figure is written: times what, with how many decimals, and with which sign."""

MISSING = "-"

_DECIDING: dict[Ruling, tuple[Outcome, str]] = {
    "holds": ("above", "above 0"),
    "refuted": ("below", "below 0"),
    "undecided": ("neither", "undecided"),
}
"""The outcome of the parts that a verdict hangs on, and how the claims in brief call it."""

_OPENING = (
    "# What the study's cells come to",
    "",
    "Arms, claims and rules are those of docs/study.md. Brackets hold 95 % intervals over the cases of all seeds.",
    "A figure without one is the mean of its seeds; those of shares and ratios stand in parentheses.",
    "",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of text."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def sheets(found: Findings) -> list[Sheet]:
    """Return the tables: arms, their strict accuracies, claims, and one for each topic of the facts."""
    topics = dict.fromkeys(fact.topic for fact in found.facts)
    return [
        _arms(found.arms),
        _costs(found.arms),
        brief(found.claims),
        _claims(found.claims),
        *(_facts(topic, [fact for fact in found.facts if fact.topic == topic]) for topic in topics),
    ]


def markdown(found: Findings) -> list[str]:
    """Return the tables as a page of GitHub Markdown."""
    return [*_OPENING, *markdown_lines(sheets(found))]


def markdown_lines(laid_out: Sequence[Sheet]) -> list[str]:
    """Return tables as lines of GitHub Markdown."""
    lines: list[str] = []
    for sheet in laid_out:
        lines += [f"### {sheet.title}", "", *sheet_lines(sheet), ""]
    return lines[:-1]


def sheet_lines(sheet: Sheet) -> list[str]:
    """Return a table as lines of GitHub Markdown, without its title."""
    return [_line(sheet.heads), _line(["---"] * len(sheet.heads)), *map(_line, sheet.rows)]


def brief(claims: Sequence[Claim]) -> Sheet:
    """Return a line per claim: the paper's figures beside the part that decided ours, and the arms that make it."""
    rows = [[f"{c.name} {c.text}", c.paper, _decisive(c), c.verdict, _command(c.arms)] for c in claims]
    return Sheet("Claims in brief", ["claim", "paper (27B)", "miniature [95 %]", "verdict", "command"], rows)


def _decisive(claim: Claim) -> str:
    """Write the part that a verdict hangs on: of those whose outcome is the verdict's, the lowest or the highest.

    The highest where one part would do; the first where they are of different units, which cannot be compared.
    """
    if not claim.parts:
        return f"lacks {', '.join(claim.missing)}"
    outcome, side = _DECIDING[claim.verdict]
    parts = [part for part in claim.parts if part.decides]
    alike = [part for part in parts if part.outcome == outcome]
    if len({part.unit for part in alike}) > 1:
        chosen, which = alike[0], "first"
    else:
        pick, which = (max, "highest") if claim.one else (min, "lowest")
        chosen = pick(alike, key=lambda part: part.mean if part.lower is None else part.lower)
    told = f"{which} of {len(alike)}" if len(alike) > 1 else "the one"
    of = f", {told} {side} of {len(parts)}" if len(alike) < len(parts) else f", {told}" if len(parts) > 1 else ""
    return f"{chosen.text}: {written(chosen, chosen.unit)}{of}"


def _command(arms: Sequence[str]) -> str:
    return f"`solon sandbox study {' '.join(f'--only {arm}' for arm in arms)}`"


def written(value: Estimate, unit: Unit) -> str:
    """Write a figure with its 95 % interval, if it has one."""
    if value.low is None or value.high is None:
        return _number(value.mean, unit)
    return f"{_number(value.mean, unit)} {_between(value.low, value.high, unit)}"


def _number(value: float, unit: Unit) -> str:
    times, decimals, sign = _UNITS[unit]
    rounded = round(times * value, decimals) + 0.0  # without the sign of a zero
    return f"{rounded:{sign},.{decimals}f}"


def _between(low: float | None, high: float | None, unit: Unit) -> str:
    return MISSING if low is None or high is None else f"[{_number(low, unit)}, {_number(high, unit)}]"


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _arms(arms: Sequence[ArmFound]) -> Sheet:
    heads = [title for title in MEASURES if "strict" not in title]
    rows = [[title_of(a.arm), a.setting, str(a.seeds), f"{a.cases:,}", *_earned(a, heads)] for a in arms]
    title = "Arms: accuracy, ties shared, percent [95 % interval over cases]"
    return Sheet(title, ["arm", "setting", "seeds", "cases", *heads], rows)


def _earned(arm: ArmFound, titles: Sequence[str]) -> list[str]:
    return [written(arm.earned[title], "percent") if title in arm.earned else MISSING for title in titles]


def _costs(arms: Sequence[ArmFound]) -> Sheet:
    """Lay out strict accuracies and tokens, which are means over seeds."""
    heads = [title for title in MEASURES if "strict" in title]
    costs = [[f"{a.costs[c]:,.0f}" if c in a.costs else MISSING for c in COSTS] for a in arms]
    rows = [[title_of(a.arm), a.setting, *_earned(a, heads), *c] for a, c in zip(arms, costs, strict=True)]
    title = "Arms: accuracy where a tie is wrong, and generated tokens of a judgment"
    return Sheet(title, ["arm", "setting", *heads, *COSTS], rows)


def _claims(claims: Sequence[Claim]) -> Sheet:
    rows: list[list[str]] = []
    for claim in claims:
        rows.append([claim.name, claim.text, claim.verdict, "; ".join(f"lacks {one}" for one in claim.missing)])
        rows += [["", part.text, *_part(part)] for part in claim.parts]
    heads = ["claim", "what", "verdict", "difference [95 %]", "interval of the test", "each seed"]
    even = [[*row, *[""] * (len(heads) - len(row))] for row in rows]
    return Sheet("Claims: differences in points, of distinct values in counts", heads, even)


def _part(part: Part) -> list[str]:
    side = {"above": "above 0", "below": "below 0", "neither": "neither"}[part.outcome]
    return [
        side if part.decides else f"{side} (only shown)",
        written(part, part.unit),
        _between(part.lower, part.upper, part.unit),
        ", ".join(_number(seed, part.unit) for seed in part.seeds),
    ]


def _facts(topic: str, facts: Sequence[Fact]) -> Sheet:
    names, of = (list(dict.fromkeys(getattr(fact, key) for fact in facts)) for key in ("name", "of"))
    found = {(fact.of, fact.name): _value(fact) for fact in facts}
    rows = [[one, *(found.get((one, name), MISSING) for name in names)] for one in of]
    return Sheet(f"{topic[0].upper()}{topic[1:]}", ["", *names], rows)


def _value(fact: Fact) -> str:
    if isinstance(fact.value, str):
        return fact.value
    told, seeds = written(fact.value, fact.unit), fact.value.seeds
    if fact.value.low is not None or fact.unit == "number" or len(seeds) < 2:
        return told
    return f"{told} ({', '.join(_number(seed, fact.unit) for seed in seeds)})"
