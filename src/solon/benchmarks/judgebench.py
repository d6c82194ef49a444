"""JudgeBench (arXiv 2410.12784): pairs of responses of one model, of which one is verifiably right.

A line: `pair_id, source, question, response_model, response_A, response_B, label "A>B" | "B>A"`. The official score
shows both orders: a pair counts when more of its two decisions are for the right response than for the wrong one.
"""

from collections.abc import Sequence
from pathlib import Path

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, Texts, against_the_rest, boxed
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Entry, Hub, Source
from solon.benchmarks.worth import mean_of, of_best, subsets
from solon.types import Best, Case, Message, Order, content

LABELS = ("A>B", "B>A")
_DECISIONS = {"A>B": 0, "B>A": 1, "A=B": -1}
_SUBSETS = {
    "mmlu-pro": "mmlu-pro",
    "livebench-math": "math",
    "livebench-reasoning": "reasoning",
    "livecodebench": "code",
}


def read(source: Source) -> list[Item]:
    """Read every pair; the case's first response is A."""
    return [_item(entry) for entry in source.entries("dataset=*")]


def _item(entry: Entry) -> Item:
    responses = (content(entry.text("response_A")), content(entry.text("response_B")))
    prompt = (Message("user", content(entry.text("question"))),)
    label = Best(LABELS.index(entry.choice("label", LABELS)))
    subset = next((name for start, name in _SUBSETS.items() if entry.text("source").startswith(start)), None)
    if subset is None:
        raise entry.fault("source", f"a text that begins with {', '.join(_SUBSETS)}")
    tags = {"source": entry.text("source"), "response_model": entry.row.get("response_model")}
    case = Case(entry.identity("pair_id"), prompt, responses, tags=tags)
    return Item(case, label, subset, against_the_rest(label, 2), entry.where, row=entry.row)


def worth(outcome: Outcome, ties: Ties) -> float | None:
    """Count the decisions of both orders for the right response against those for the wrong one."""
    if ties == "random":
        return of_best(outcome, ties)
    side = 1 if outcome.item.label == Best(0) else -1
    return float(sum(side * (decision or 0) for decision in outcome.decisions().values()) > 0)


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the share over all pairs, and over those of each kind."""
    return [mean_of("overall", outcomes, worth, ties), *subsets(outcomes, worth, ties)]


def published(path: Path, name: str, texts: bool) -> Texts:
    """Read a file of `outputs`: what its judge wrote in both orders, or its decisions."""
    found: dict[tuple[str, Order], str] = {}
    for entry in Source(path).entries():
        judgments = entry.row.get("judgments")
        if not isinstance(judgments, list) or len(judgments) != 2:
            raise entry.fault("judgments", "a list of two, one for each order,")
        for order, judged in zip(((0, 1), (1, 0)), judgments, strict=True):
            if judged and judged["judgment"]["response" if texts else "judge_model"] and judged["decision"]:
                winner = _DECISIONS[judged["decision"]]
                said = judged["judgment"]["response"] if texts else boxed(order[winner] if winner >= 0 else -1, order)
                found[entry.identity("pair_id"), order] = said
    return found


JUDGEBENCH = Benchmark(
    name="judgebench",
    title="JudgeBench",
    modes=("pairs", "list"),
    read=read,
    figures=figures,
    note="Every pair is shown in both orders; officially it counts when the decisions for the right response outnumber "
    "those for the wrong one, so that two that contradict each other earn nothing.",
    hub=(Hub("ScalerLab/JudgeBench", "gpt"),),
    expected=dict.fromkeys(_SUBSETS.values()),
    sizes=(350, 270),
    published=published,
)
