"""RewardBench 2 (arXiv 2506.01937): one right response against three in five subsets, and Ties by absolute scores.

A line: `id, prompt, chosen [text], rejected [text], num_correct, total_completions, subset`. In Ties the id is
`ref:N` (one right answer) or `tied:N` (many that are equally right), and both of a number are scored together: the
right ones must be above the wrong ones, and by more than they differ among themselves.
"""

from collections.abc import Sequence
from math import tanh
from typing import NamedTuple

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, against_the_rest
from solon.benchmarks.figures import Figure, Ties, part
from solon.benchmarks.reading import Entry, Hub, Source
from solon.benchmarks.worth import averaged, by_subset, mean_of
from solon.reward import credit
from solon.stats import mean
from solon.types import Case, Ratings

COUNTS = {"Factuality": 475, "Precise IF": 160, "Math": 183, "Safety": 450, "Focus": 495, "Ties": 102}
_KINDS = ("ref", "tied")


def read(source: Source) -> list[Item]:
    """Read every line; the case's first `num_correct` responses are the right ones."""
    return [_item(entry) for entry in source.entries()]


def _item(entry: Entry) -> Item:
    subset, name = entry.choice("subset", tuple(COUNTS)), entry.identity("id")
    chosen, rejected = entry.texts("chosen"), entry.texts("rejected")
    if entry.row.get("num_correct", len(chosen)) != len(chosen):
        raise entry.fault("num_correct", f"the number of 'chosen', {len(chosen)},")
    kind, _, number = name.partition(":")
    if subset == "Ties" and not (kind in _KINDS and number.isdecimal()):
        raise entry.fault("id", "ref:NUMBER or tied:NUMBER, as all of Ties have it,")
    label = Ratings((1.0,) * len(chosen) + (0.0,) * len(rejected))
    case = Case(f"{subset}/{name}", entry.conversation("prompt"), chosen + rejected, tags={"subset": subset})
    group = number if subset == "Ties" else ""
    pairs = against_the_rest(label, case.n)
    return Item(case, label, subset, pairs, entry.where, group, {"id": entry.row["id"], "num_correct": len(chosen)})


def worth(outcome: Outcome, ties: Ties) -> float:
    """Return the share of the top that is right; of what could not be read the chance to draw it, as officially."""
    label, n = outcome.item.label, outcome.item.case.n
    return 1 / n if outcome.scores is None else credit(outcome.scores, label)


class Scored(NamedTuple):
    """What the scores of one line of Ties come to; `spread` is None with one right answer."""

    kind: str
    accurate: bool
    ahead: float
    spread: float | None


def _scored(outcome: Outcome) -> Scored:
    kind, scores = outcome.item.case.id.partition("/")[2].partition(":")[0], outcome.scores
    if scores is None:
        return Scored(kind, False, 0.0, None)
    assert isinstance(outcome.item.label, Ratings)
    right = [score for score, rating in zip(scores, outcome.item.label.values, strict=True) if rating]
    wrong = [score for score, rating in zip(scores, outcome.item.label.values, strict=True) if not rating]
    ahead = min(right) - max(wrong)
    return Scored(kind, ahead > 0, ahead, max(right) - min(right) if len(right) > 1 else None)


def ties_score(lines: Sequence[Sequence[Scored]]) -> float:
    """Return the score of Ties (RewardBench 0.1.4, `process_single_model`) from the lines of every number.

    0.3 each for the share of `tied` and of `ref` lines whose right answers are all above the wrong ones; 0.2 for the
    share of numbers where the right ones are ahead by more than they differ, 0.2 where those of `ref` are as well; and
    0.01 for the mean of tanh(ratio - 1), the ratio of the two.
    """
    numbers = [{line.kind: line for line in group} for group in lines]
    rates = {kind: [float(found[kind].accurate) for found in numbers if kind in found] for kind in _KINDS}
    both = [
        (found["tied"].ahead, min(found["ref"].ahead, found["tied"].ahead), found["tied"].spread)
        for found in numbers
        if len(found) == len(_KINDS) and found["tied"].spread is not None
    ]
    preferred = [float(tied > (spread or 0.0)) for tied, _, spread in both]
    harder = [float(least > (spread or 0.0)) for _, least, spread in both]
    ratios = [tanh(least / spread - 1) for _, least, spread in both if spread]
    shares = [_mean(values) for values in (rates["tied"], rates["ref"], preferred, harder, ratios)]
    return 0.3 * shares[0] + 0.3 * shares[1] + 0.2 * shares[2] + 0.2 * shares[3] + 0.01 * shares[4]


def _mean(values: Sequence[float]) -> float:
    return mean(values) if values else 0.0


def _ties(outcomes: Sequence[Outcome]) -> Figure:
    numbers: dict[str, list[Scored]] = {}
    for outcome in outcomes:
        numbers.setdefault(outcome.item.group, []).append(_scored(outcome))
    return Figure("Ties", (part((("", tuple(lines)) for lines in numbers.values()), statistic=ties_score),))


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the mean of the subsets, and the subsets."""
    parts = by_subset(outcomes)
    found = [mean_of(name, parts[name], worth, ties) for name in COUNTS if name in parts and name != "Ties"]
    found += [_ties(parts["Ties"])] if "Ties" in parts else []
    return [averaged("score", found), *found]


REWARDBENCH2 = Benchmark(
    name="rewardbench2",
    title="RewardBench 2",
    modes=("list", "single"),
    read=read,
    figures=figures,
    note="The right response must have the top of four; t that share it share the credit, and what cannot be read "
    "counts as drawn. Ties has a formula of its own on the scores; a judge that rates all alike earns nothing in it.",
    hub=(Hub("allenai/reward-bench-2", "test"),),
    expected=COUNTS,
)
