"""What stands beside the study's claims: what the world's rules say, meta models, single responses, other numbers."""

from collections.abc import Iterator

from solon.report import breakdown, guiding
from solon.report.cells import Cells, row_of, title_of
from solon.report.contrasts import Source, at, difference, figure, greedy, rated, seeds
from solon.report.fact import JUDGES, SPLITS, VOTED, Fact, Topic, averaged, measured, values_of
from solon.report.resampling import Draws, Unit

TUNED = ("rft_failed", "rft_all", "rft_hinted", "rft_general", "rft_no_general")
"""Arms fine-tuned on other data than `rft`: hints, and how much of it is general."""
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
FORMS = ("sandbox", "sandbox-correct")
LARGEST = 5
"""Unread shares are told of so many settings."""
PAIRED: dict[str, tuple[tuple[str, str | None], tuple[str, str | None]]] = {
    **{f"rft - {title_of(arm)}": (("rft", "test"), (arm, None)) for arm in TUNED},
    "rl - rl cold": (("rl", "test"), ("rl_cold", None)),
    "rl - scalar": (("rl", "test"), ("scalar", "test")),
    "rl - scalar, unseen": (("rl", "unseen"), ("scalar", "unseen")),
    "rl - pairrm": (("rl", "test"), ("pairrm", None)),
    "pairrm - scalar": (("pairrm", None), ("scalar", "test")),
    "rl, balanced - random orders": (("orders", "balanced"), ("orders", "random")),
    "pleading, rft - base": (("pleading", "rft"), ("pleading", "base")),
    "pleading, rl - base": (("pleading", "rl"), ("pleading", "base")),
    **{
        f"{judge}, {told} principles - those of another kind": (own, ("principles", f"{judge}, of another kind"))
        for judge in ("base", "rl")
        for told, own in (("its own", (judge, "test")), ("true", ("principles", f"{judge}, true")))
    },
}
"""Differences that no claim asks for: the arm and setting that is named first, and the other."""
BETAS = ("beta_0", "beta_0.01", "beta_0.4")
"""rl with other KL weights."""
RESTING: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(BETAS, ("trained", "generated")),
    **dict.fromkeys(("rl_cold", "none", "pairwise"), ("generated",)),
}
"""Arms whose cells leave out what `rft` took: its stages, or its samples alone, which choose the cases of GRPO."""


def facts(cells: Cells, draws: Draws | None = None) -> list[Fact]:
    """Return all facts for which there are cells, on however many seeds."""
    draws = draws or Draws()
    return [fact for topic in TOPICS for fact in topic(cells, draws)]


def _rules(cells: Cells, _: Draws) -> Iterator[Fact]:
    places = [(judge, split) for judge in JUDGES for split in SPLITS] + [(arm, None) for arm in TUNED]
    for judge, split in places:
        votes = f"{_most(cells, judge, split)} votes"
        for way, told in (("greedy", "greedy"), ("votes", votes)):
            for name, unit in RULES.items():
                source = Source(judge, split, ("rules", way, name))
                of = f"{title_of(judge)}, {told}, {split or 'test'}"
                yield from averaged("by the world's rules", of, RENAMED.get(name, name), unit, values_of(cells, source))


def _most(cells: Cells, arm: str, setting: str | None) -> int:
    """Return how many votes an arm's cases had."""
    source = Source(arm, setting, ("earned", "votes"))
    rows = [source.row(cells, seed) for seed in seeds(cells, [source])]
    return max((int(k) for row in rows if row for k in row["earned"]["votes"]), default=0)


def _meta(cells: Cells, _: Draws) -> Iterator[Fact]:
    for name, key in (("over all", "auc"), ("within cases", "auc within cases")):
        source = Source("rl", "test", ("weights", key))
        yield from averaged("AUC of the meta model", "rl", name, "ratio", values_of(cells, source))


def _spreads(cells: Cells, _: Draws) -> Iterator[Fact]:
    for arm, setting in (("rl", "test"), ("cloud", None)):
        inner, outer = (values_of(cells, Source(arm, setting, ("spread", key))) for key in ("samples", "cases"))
        told = [a / b for a, b in zip(inner, outer, strict=True) if b] if len(inner) == len(outer) else []
        yield from averaged("spread of sampled rewards", arm, "within cases / between cases", "ratio", told)


def _single(cells: Cells, draws: Draws) -> Iterator[Fact]:
    own = {f"{judge}, {form}": ("single", f"{judge}, {form}") for judge in JUDGES for form in FORMS}
    own |= {f"{title_of(arm)}, sandbox": (arm, "n = 1") for arm in BETAS}
    for name, k in (("greedy", None), ("@8", 8)):
        contrasts = {of: figure(rated(*place, k), "auc") for of, place in own.items()}
        for form in FORMS:
            more, less = (rated("single", f"{judge}, {form}", k) for judge in ("rl", "base"))
            contrasts[f"rl - base, {form}"] = difference(more, less, "auc")
        for of, contrast in contrasts.items():
            yield from measured(cells, draws, "AUC of single responses", of, name, "ratio", contrast)


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
            yield from measured(cells, draws, topic, f"n = {n}", name, unit, contrast)
        if "sizes" in cells:
            yield from averaged(topic, f"n = {n}", "chance", "percent", [1 / n])


def _pleading(cells: Cells, draws: Draws) -> Iterator[Fact]:
    for judge in JUDGES:
        for name, source in (("greedy", greedy("pleading", judge)), ("@8", at(8, "pleading", judge))):
            yield from measured(cells, draws, "responses that plead", judge, name, "percent", figure(source))


def _differences(cells: Cells, draws: Draws) -> Iterator[Fact]:
    for of, (more, less) in PAIRED.items():
        for name, contrast in (
            ("greedy", difference(greedy(*more), greedy(*less))),
            ("@8", difference(at(8, *more), at(8, *less))),
        ):
            yield from measured(cells, draws, "paired differences", of, name, "points", contrast)


def _pairs(cells: Cells, _: Draws) -> Iterator[Fact]:
    topic = "four responses, as a list and in pairs"
    yield from averaged(topic, "rl", "same best", "percent", values_of(cells, Source("pairs", "list", ("agree",))))
    for setting in ("list", "pairs"):
        source = Source("pairs", setting, ("per case",))
        yield from averaged(topic, "rl", f"generated tokens a case, {setting}", "number", values_of(cells, source))


def _tokens(cells: Cells, _: Draws) -> Iterator[Fact]:
    """Tell what the stages took that made each arm: tokens of a seed, and what share of those of rl."""
    topic, main = "compute that made an arm, in tokens of a seed", _spent(cells, "rl", "trained")
    for arm in cells:
        trained, generated = (_spent(cells, arm, kind) for kind in ("trained", "generated"))
        for told, spent in (("trained on", trained), ("generated", generated)):
            if any(spent.values()):
                yield from averaged(topic, title_of(arm), told, "number", list(spent.values()))
        if any(trained.values()):
            shares = [spent / main[seed] for seed, spent in trained.items() if seed in main]
            yield from averaged(topic, title_of(arm), "trained on, of rl's", "percent", shares)


def _spent(cells: Cells, arm: str, kind: str) -> dict[int, float]:
    """Return the tokens of each seed that has them, with those of rft that the arm's own stages rest on."""
    arms = (arm, "rft") if kind in RESTING.get(arm, ()) else (arm,)
    spent = {}
    for seed in sorted(cells.get(arm, {})):
        rows = [row for one in arms if (row := row_of(cells, one, seed)) and "cost" in row]
        if len(rows) == len(arms):
            spent[seed] = sum(float(row["cost"][kind]) for row in rows)
    return spent


def _compute(cells: Cells, _: Draws) -> Iterator[Fact]:
    """Tell what C8 matches: generated tokens of a case's judgments, and the same times millions of parameters."""
    topic = "compute of a small model's votes"
    for arm, of, k, source in (
        ("rl", "rl greedy", 1, Source("rl", "test", ("tokens", "greedy"))),
        ("small", "small @32", 32, Source("small", None, ("tokens", "votes"))),
    ):
        tokens = [k * each for each in values_of(cells, source)]
        yield from averaged(topic, of, "generated tokens a case", "number", tokens)
        yield from averaged(topic, of, "times millions of parameters", "number", [PARAMETERS[arm] * t for t in tokens])


def _unread(cells: Cells, _: Draws) -> Iterator[Fact]:
    """Tell the largest unread shares of any setting."""
    settings = {
        (arm, row.get("setting")): None for arm, found in cells.items() for rows in found.values() for row in rows
    }
    shares = {
        (arm, setting): {way: values_of(cells, Source(arm, setting, ("unread", way))) for way in ("greedy", "votes")}
        for arm, setting in settings
    }
    ranked = sorted(shares, key=lambda one: -max((s for each in shares[one].values() for s in each), default=0.0))
    for arm, setting in ranked[:LARGEST]:
        for way, found in shares[arm, setting].items():
            of = title_of(arm) if setting is None else f"{title_of(arm)}, {setting}"
            yield from averaged("largest unread shares", of, way, "percent", found)


TOPICS: tuple[Topic, ...] = (
    _rules,
    _meta,
    _spreads,
    breakdown.curves,
    breakdown.shapes,
    breakdown.kinds,
    _single,
    _sizes,
    _pleading,
    _differences,
    guiding.guided,
    guiding.on_dev,
    guiding.as_chosen,
    _pairs,
    _tokens,
    _compute,
    _unread,
)
