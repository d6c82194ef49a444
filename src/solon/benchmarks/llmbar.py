"""LLMBar (arXiv 2310.07641): pairs of outputs of which one follows the instruction, four of five subsets adversarial.

A folder per subset with `dataset.json`, an array of `input, output_1, output_2, label 1 | 2`. Accuracy is the mean over
both orders, agreement the share of pairs for which both orders decide alike; a judge has no tie to say.
"""

from collections.abc import Sequence
from pathlib import Path

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, Texts, against_the_rest, boxed
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Entry, Source
from solon.benchmarks.worth import averaged, by_subset, mean_of, of_best
from solon.errors import UserError
from solon.types import Best, Case, Message, Order, content

COUNTS = {"Natural": 100, "Neighbor": 134, "GPTInst": 92, "GPTOut": 47, "Manual": 46}
_ORDERS = {"swap = False": (0, 1), "swap = True": (1, 0)}


def read(source: Source) -> list[Item]:
    """Read every pair below a folder; the other sets of the repository, which have other names, are left out."""
    places: dict[str, int] = {}
    items = []
    for entry in source.entries("dataset.json*"):
        subset = entry.file.parent.name
        if subset in COUNTS:
            places[subset] = places.get(subset, -1) + 1
            items.append(_item(entry, subset, places[subset]))
    return items


def _item(entry: Entry, subset: str, place: int) -> Item:
    responses = (content(entry.text("output_1")), content(entry.text("output_2")))
    label = Best(int(entry.choice("label", ("1", "2"))) - 1)
    kind = subset if subset == "Natural" else f"Adversarial_{subset}"
    prompt = (Message("user", content(entry.text("input"))),)
    case = Case(f"llmbar/LLMBar_{kind}/{place:03}", prompt, responses, tags={"subset": subset})
    return Item(case, label, subset, against_the_rest(label, 2), entry.where)


def accuracy(outcome: Outcome, ties: Ties) -> float | None:
    """Return the share of the orders in which the right output is decided for."""
    if ties == "random":
        return of_best(outcome, ties)
    side = 1 if outcome.item.label == Best(0) else -1
    decided = outcome.decisions().values()
    return sum(decision == side for decision in decided) / len(decided)


def agreement(outcome: Outcome, ties: Ties) -> float:
    """Return whether both orders decide alike."""
    return float(len(set(outcome.decisions().values())) == 1)


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the mean of the subsets' accuracies, that of the adversarial ones, and both rates of every subset."""
    parts = by_subset(outcomes)
    rates = {name: mean_of(name, parts[name], accuracy, ties) for name in COUNTS if name in parts}
    hard = [figure for name, figure in rates.items() if name != "Natural"]
    alike = [mean_of(f"{name}, agreement", parts[name], agreement, ties) for name in rates]
    return [
        averaged("average", list(rates.values())),
        *([averaged("adversarial", hard)] if hard else []),
        *rates.values(),
        *alike,
    ]


def published(path: Path, name: str, texts: bool) -> Texts:
    """Read the generations of one judge and prompt, such as `GPT-4/CoT`: its texts, or the winners read from them."""
    found: dict[tuple[str, Order], str] = {}
    seen = set()
    for entry in Source(path).entries():
        seen.add(f"{entry.text('judge')}/{entry.text('strategy')}")
        if f"{entry.text('judge')}/{entry.text('strategy')}" == name:
            for key, order in _ORDERS.items():
                judged = entry.row["orders"][key]
                if judged["text" if texts else "winner"]:
                    said = judged["text"] if texts else boxed(int(judged["winner"]) - 1, order)
                    found[entry.text("id"), order] = said
    if not found:
        kind = "texts" if texts else "winners"
        raise UserError(f"'{path}' has no {kind} of '{name}'; it has {', '.join(sorted(seen))}")
    return found


LLMBAR = Benchmark(
    name="llmbar",
    title="LLMBar",
    modes=("pairs", "list"),
    read=read,
    figures=figures,
    note="Every pair is shown in both orders; accuracy is the mean over the orders, averaged over subsets, and a tie "
    "or an unread judgment is wrong. Agreement is the share of pairs for which both orders decide alike.",
    expected=COUNTS,
    published=published,
)
