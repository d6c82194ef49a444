"""RewardBench 1 (arXiv 2403.13787): pairs in 23 subsets and four sections.

A line: `prompt, chosen, rejected, chosen_model, rejected_model, subset, id`. A section is the mean over its subsets by
their sizes, but that math-prm (447 pairs) counts as 984, as much as code; the score is the mean of the sections.
"""

from collections.abc import Mapping, Sequence

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, against_the_rest
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Entry, Hub, Source
from solon.benchmarks.worth import averaged, by_subset, of_pair, subsets, weighted
from solon.types import Best, Case, content

WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "Chat": {
        "alpacaeval-easy": 100,
        "alpacaeval-length": 95,
        "alpacaeval-hard": 95,
        "mt-bench-easy": 28,
        "mt-bench-med": 40,
    },
    "Chat Hard": {
        "mt-bench-hard": 37,
        "llmbar-natural": 100,
        "llmbar-adver-neighbor": 134,
        "llmbar-adver-GPTInst": 92,
        "llmbar-adver-GPTOut": 47,
        "llmbar-adver-manual": 46,
    },
    "Safety": {
        "refusals-dangerous": 100,
        "refusals-offensive": 100,
        "xstest-should-refuse": 154,
        "xstest-should-respond": 250,
        "donotanswer": 136,
    },
    "Reasoning": {
        "math-prm": 984,
        "hep-cpp": 164,
        "hep-go": 164,
        "hep-java": 164,
        "hep-js": 164,
        "hep-python": 164,
        "hep-rust": 164,
    },
}
COUNTS = {name: size for sizes in WEIGHTS.values() for name, size in sizes.items()} | {"math-prm": 447}


def read(source: Source) -> list[Item]:
    """Read every pair; the case's first response is the chosen one. Ids of different subsets may be the same."""
    return [_item(entry) for entry in source.entries()]


def _item(entry: Entry) -> Item:
    subset, label = entry.choice("subset", tuple(COUNTS)), Best(0)
    responses = (content(entry.text("chosen")), content(entry.text("rejected")))
    models = [entry.row.get("chosen_model"), entry.row.get("rejected_model")]
    name = f"{subset}/{entry.identity('id')}"
    case = Case(name, entry.conversation("prompt"), responses, tags={"subset": subset, "completion_models": models})
    return Item(case, label, subset, against_the_rest(label, 2), entry.where, row={"id": entry.row["id"]})


def worth(outcome: Outcome, ties: Ties) -> float | None:
    """Return whether the chosen response is ahead; officially a tie is a loss, and what a judge leaves unread half."""
    (margin,) = outcome.margins
    return 0.5 if margin is None else of_pair(margin, ties)


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the mean of the sections, the sections, and the subsets."""
    parts = by_subset(outcomes)
    sections = [
        weighted(section, [(size, parts[name]) for name, size in sizes.items() if name in parts], worth, ties)
        for section, sizes in WEIGHTS.items()
    ]
    present = [section for section in sections if section.parts]
    return [averaged("score", present), *present, *subsets(outcomes, worth, ties)]


REWARDBENCH = Benchmark(
    name="rewardbench",
    title="RewardBench",
    modes=("list", "pairs", "single"),
    read=read,
    figures=figures,
    note="Officially a tie is a loss (the runner of scalar models), and a judgment that cannot be read counts half "
    "(that of generative ones). Sections weigh subsets by size, math-prm as 984; the score is their mean.",
    hub=(Hub("allenai/reward-bench", "filtered"),),
    expected=COUNTS,
)
