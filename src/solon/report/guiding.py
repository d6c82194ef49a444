"""Votes that a meta model guides: what they gain over plain ones, and what the dev split chooses."""

from collections.abc import Iterator, Mapping

from solon.report.cells import Cells, Rows
from solon.report.contrasts import at, difference, figure, measure, seeds
from solon.report.fact import SPLITS, Fact, measured
from solon.report.resampling import Draws, Estimate

DEV = "dev, to choose the rule of meta votes"
WAYS = {"meta": "the best half", "soft": "all, by the chance to be right"}
"""How a meta model guides votes, by what the cells call it; the first wins a tie on the dev split."""
ALL = {"votes": "not guided", **WAYS}
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
    for seed, found in _on_dev(cells, draws).items():
        for way, value in found.items():
            yield Fact(topic, f"seed {seed}", ALL[way], value, "percent")
        yield Fact(topic, f"seed {seed}", "chosen", ALL[max(found, key=lambda way: found[way].mean)], "word")


def as_chosen(cells: Cells, draws: Draws) -> Iterator[Fact]:
    """Tell what the way to guide votes that dev chooses of the two gains over plain votes, on each seed and on all."""
    topic = "the way to guide votes that the dev split chooses, over plain ones"
    ways = {seed: max(WAYS, key=lambda way: found[way].mean) for seed, found in _on_dev(cells, draws).items()}
    rows = {seed: _renamed(cells["rl"][seed], way) for seed, way in ways.items()}
    alone = {f"seed {seed}": {seed: own} for seed, own in rows.items()}
    for of, own in (alone | {"all seeds": rows} if rows else {}).items():
        if of in alone:
            yield Fact(topic, of, "chosen", WAYS[ways[next(iter(own))]], "word")
        for split in SPLITS:
            for k in KS:
                contrast = difference(at(k, "rl", split, _CHOSEN), at(k, "rl", split))
                yield from measured({"rl": own}, draws, topic, of, f"{split}, @{k}", "small points", contrast)


def _on_dev(cells: Cells, draws: Draws) -> dict[int, dict[str, Estimate]]:
    """Return how accurate every way to vote is on each seed's dev split; only seeds that have them all."""
    contrasts = {way: figure(at(8, "rl", DEV, way)) for way in ALL}
    found = {}
    for seed in seeds(cells, [source for contrast in contrasts.values() for source in contrast.sources]):
        values = {
            way: measure(contrast, {"rl": {seed: cells["rl"][seed]}}, draws) for way, contrast in contrasts.items()
        }
        found[seed] = {way: value for way, value in values.items() if value is not None}
    return found


def _renamed(rows: Rows, way: str) -> Rows:
    """Return the rows with what votes of that way earned under a name that does not differ from seed to seed."""
    return [row | {"earned": _with_chosen(row["earned"], way)} for row in rows if "earned" in row]


def _with_chosen(earned: Mapping[str, object], way: str) -> dict[str, object]:
    return {**earned, _CHOSEN: earned[way]} if way in earned else dict(earned)
