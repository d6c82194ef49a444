"""What stands beside the study's claims: what the world's rules say, meta models, single responses, other numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

from solon.report.cells import Cells
from solon.report.contrasts import Contrast, Source, at, difference, figure, greedy, measure, rated, seeds
from solon.report.resampling import Draws, Estimate, Unit

Topic: TypeAlias = Callable[[Cells, Draws], Iterator["Fact"]]

JUDGES = ("base", "rft", "rl")
SPLITS = ("test", "unseen")
RULES: dict[str, Unit] = {
    "checks true": "percent",
    "implied": "percent",
    "covered by one": "percent",
    "covered by eight": "percent",
    "weight correlation": "ratio",
    "distinct sets": "ratio",
    "longer": "percent",
    "longer chosen": "percent",
    "longer best": "percent",
}
RENAMED = {"longer": "longer, equal counted as not"}
"""What a figure of cells is called here whose name says too little."""
PARAMETERS = {"rl": 1.07, "small": 0.37}
"""In millions."""
DEV = "dev, to choose the rule of meta votes"
WAYS = {"meta": "the best half", "soft": "all, by the chance to be right"}
"""How a meta model guides votes, by what the cells call it; the first wins a tie on the dev split."""
VOTED = ("greedy", "@8")
LARGEST = 5
"""Unread shares are told of so many settings."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure, or a word; facts of a topic make a table with a line for each `of` and a column for each `name`."""

    topic: str
    of: str
    name: str
    value: Estimate | str
    unit: Unit


def facts(cells: Cells, draws: Draws | None = None) -> list[Fact]:
    """Return all facts for which there are cells, on however many seeds."""
    draws = draws or Draws()
    topics: tuple[Topic, ...] = (_rules, _meta, _spreads, _single, _sizes, _pleading, _guided, _chosen, _pairs)
    return [fact for topic in (*topics, _compute, _unread) for fact in topic(cells, draws)]


def _rules(cells: Cells, _: Draws) -> Iterator[Fact]:
    for judge in JUDGES:
        for split in SPLITS:
            for way in ("greedy", "votes"):
                for name, unit in RULES.items():
                    source = Source(judge, split, ("rules", way, name))
                    told = f"{judge}, {way}, {split}"
                    yield from _mean("by the world's rules", told, RENAMED.get(name, name), unit, _found(cells, source))


def _meta(cells: Cells, _: Draws) -> Iterator[Fact]:
    for name, key in (("over all", "auc"), ("within cases", "auc within cases")):
        source = Source("rl", "test", ("weights", key))
        yield from _mean("AUC of the meta model", "rl", name, "ratio", _found(cells, source))


def _spreads(cells: Cells, _: Draws) -> Iterator[Fact]:
    for arm, setting in (("rl", "test"), ("cloud", None)):
        inner, outer = (_found(cells, Source(arm, setting, ("spread", key))) for key in ("samples", "cases"))
        told = [a / b for a, b in zip(inner, outer, strict=True) if b] if len(inner) == len(outer) else []
        yield from _mean("spread of sampled rewards", arm, "within cases / between cases", "ratio", told)


def _single(cells: Cells, draws: Draws) -> Iterator[Fact]:
    topic = "AUC of single responses"
    for judge in JUDGES:
        for form in ("sandbox", "sandbox-correct"):
            for name, k in (("greedy", None), ("@8", 8)):
                contrast = figure(rated("single", f"{judge}, {form}", k), "auc")
                yield from _measured(cells, draws, topic, f"{judge}, {form}", name, "ratio", contrast)


def _sizes(cells: Cells, draws: Draws) -> Iterator[Fact]:
    topic = "by number of responses"
    for n in (3, 4, 5, 6):
        own = {judge: (greedy("sizes", f"{judge}, n = {n}"), at(8, "sizes", f"{judge}, n = {n}")) for judge in JUDGES}
        columns = {
            f"{judge}, {way}": figure(one) for judge, two in own.items() for way, one in zip(VOTED, two, strict=True)
        }
        for way, more, less in zip(VOTED, own["rl"], own["base"], strict=True):
            columns[f"rl - base, {way}"] = difference(more, less)
        columns["scalar"] = figure(greedy("scalar", f"n = {n}"))
        for name, contrast in columns.items():
            unit: Unit = "points" if " - " in name else "percent"
            yield from _measured(cells, draws, topic, f"n = {n}", name, unit, contrast)
        if "sizes" in cells:
            yield from _mean(topic, f"n = {n}", "chance", "percent", [1 / n])


def _pleading(cells: Cells, draws: Draws) -> Iterator[Fact]:
    for judge in JUDGES:
        for name, source in (("greedy", greedy("pleading", judge)), ("@8", at(8, "pleading", judge))):
            yield from _measured(cells, draws, "responses that plead", judge, name, "percent", figure(source))


def _guided(cells: Cells, draws: Draws) -> Iterator[Fact]:
    for split in SPLITS:
        for way, told in WAYS.items():
            for k in (8, 32):
                contrast = difference(at(k, "rl", split, way), at(k, "rl", split))
                topic, of = "meta-guided votes over plain ones", f"{told}, {split}"
                yield from _measured(cells, draws, topic, of, f"@{k}", "points", contrast)


def _chosen(cells: Cells, draws: Draws) -> Iterator[Fact]:
    """Tell which way to guide votes, or none, the dev split would choose on each seed."""
    topic = "votes on the dev split, @8"
    sources = {told: at(8, "rl", DEV, way) for way, told in {"votes": "not guided", **WAYS}.items()}
    for seed in seeds(cells, list(sources.values())):
        alone = {"rl": {seed: cells["rl"][seed]}}
        found = {told: measure(figure(source), alone, draws) for told, source in sources.items()}
        known = {told: value for told, value in found.items() if value is not None}
        for told, value in known.items():
            yield Fact(topic, f"seed {seed}", told, value, "percent")
        yield Fact(topic, f"seed {seed}", "chosen", max(known, key=lambda told: known[told].mean), "word")


def _pairs(cells: Cells, _: Draws) -> Iterator[Fact]:
    topic = "four responses, as a list and in pairs"
    yield from _mean(topic, "rl", "same best", "percent", _found(cells, Source("pairs", "list", ("agree",))))
    for setting in ("list", "pairs"):
        source = Source("pairs", setting, ("per case",))
        yield from _mean(topic, "rl", f"tokens a case, {setting}", "number", _found(cells, source))


def _compute(cells: Cells, _: Draws) -> Iterator[Fact]:
    """Tell what C8 matches: tokens of a case's judgments, and the same times millions of parameters."""
    topic = "compute of a small model's votes"
    for arm, of, k, source in (
        ("rl", "rl greedy", 1, Source("rl", "test", ("tokens", "greedy"))),
        ("small", "small @32", 32, Source("small", None, ("tokens", "votes"))),
    ):
        tokens = [k * each for each in _found(cells, source)]
        yield from _mean(topic, of, "tokens a case", "number", tokens)
        yield from _mean(topic, of, "times millions of parameters", "number", [PARAMETERS[arm] * t for t in tokens])


def _unread(cells: Cells, _: Draws) -> Iterator[Fact]:
    """Tell the largest unread shares of any setting."""
    settings = {
        (arm, row.get("setting")): None for arm, found in cells.items() for rows in found.values() for row in rows
    }
    shares = {
        (arm, setting): {way: _found(cells, Source(arm, setting, ("unread", way))) for way in ("greedy", "votes")}
        for arm, setting in settings
    }
    ranked = sorted(shares, key=lambda one: -max((s for each in shares[one].values() for s in each), default=0.0))
    for arm, setting in ranked[:LARGEST]:
        for way, found in shares[arm, setting].items():
            of = arm if setting is None else f"{arm}, {setting}"
            yield from _mean("largest unread shares", of, way, "percent", found)


def _found(cells: Cells, source: Source) -> list[float]:
    """Return the one value of each seed's row."""
    rows = [source.row(cells, seed) for seed in seeds(cells, [source])]
    return [float(source.values(row)[0]) for row in rows if row]


def _mean(topic: str, of: str, name: str, unit: Unit, found: list[float]) -> Iterator[Fact]:
    if found:
        yield Fact(topic, of, name, Estimate(fmean(found), None, None, None, None, tuple(found)), unit)


def _measured(
    cells: Cells, draws: Draws, topic: str, of: str, name: str, unit: Unit, contrast: Contrast
) -> Iterator[Fact]:
    value = measure(contrast, cells, draws)
    if value is not None:
        yield Fact(topic, of, name, value, unit)
