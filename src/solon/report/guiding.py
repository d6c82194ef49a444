"""Votes that a meta model guides: what they gain over plain ones, and what the dev split chooses."""

from collections.abc import Iterator, Mapping
from statistics import fmean

from solon.report.cells import Cells, Rows
from solon.report.contrasts import Source, at, difference, figure, measure, seeds
from solon.report.fact import SPLITS, Fact, measured
from solon.report.resampling import Draws

DEV = "dev, to choose the rule of meta votes"
WAYS = {"meta": "the best half", "soft": "all, by the chance to be right"}
"""How a meta model guides votes, by what the cells call it; the first wins a tie on the dev split."""
KS = (8, 32)

_CHOSEN = "chosen"


def guided(cells: Cells, draws: Draws) -> Iterator[Fact]:
    """Tell what each way to guide votes gains over plain ones."""
    for split in SPLITS:
        for way, told in WAYS.items():
            for k in KS:
                contrast = difference(at(k, "rl", split, way), at(k, "rl", split))
                topic, of = "meta-guided votes over plain ones", f"{told}, {split}"
                yield from measured(cells, draws, topic, of, f"@{k}", "small points", contrast)


def on_dev(cells: Cells, draws: Draws) -> Iterator[Fact]:
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


def as_chosen(cells: Cells, draws: Draws) -> Iterator[Fact]:
    """Tell what the way to guide votes that dev chooses of the two gains over plain votes, on each seed and on all."""
    topic = "the way to guide votes that the dev split chooses, over plain ones"
    ways = _ways(cells)
    rows = {seed: _renamed(cells["rl"][seed], way) for seed, way in ways.items()}
    alone = {f"seed {seed}": {seed: own} for seed, own in rows.items()}
    for of, own in (alone | {"all seeds": rows} if rows else {}).items():
        if of in alone:
            yield Fact(topic, of, "chosen", WAYS[ways[next(iter(own))]], "word")
        for split in SPLITS:
            for k in KS:
                contrast = difference(at(k, "rl", split, _CHOSEN), at(k, "rl", split))
                yield from measured({"rl": own}, draws, topic, of, f"{split}, @{k}", "small points", contrast)


def _ways(cells: Cells) -> dict[int, str]:
    """Return the way that is the most accurate one on each seed's dev split."""
    sources = {way: at(8, "rl", DEV, way) for way in WAYS}
    return {
        seed: max(WAYS, key=lambda way: _accuracy(cells, sources[way], seed))
        for seed in seeds(cells, list(sources.values()))
    }


def _accuracy(cells: Cells, source: Source, seed: int) -> float:
    row = source.row(cells, seed)
    assert row is not None
    return fmean(source.values(row))


def _renamed(rows: Rows, way: str) -> Rows:
    """Return the rows with what votes of that way earned under a name that does not differ from seed to seed."""
    return [row | {"earned": _with_chosen(row["earned"], way)} for row in rows if "earned" in row]


def _with_chosen(earned: Mapping[str, object], way: str) -> dict[str, object]:
    return {**earned, _CHOSEN: earned[way]} if way in earned else dict(earned)
