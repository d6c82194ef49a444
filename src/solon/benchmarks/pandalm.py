"""PandaLM's test set (arXiv 2306.05087): pairs with the majority of three humans, of whom some see a tie.

A line: `instruction, input, response1, response2, annotator1..3` (0 a tie, 1, 2) in the official layout, or a case line
with `label` 1, 2 or tie. The official score is the accuracy over three classes, with macro precision, recall and F1.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, Texts, against_the_rest, boxed
from solon.benchmarks.figures import Figure, Ties, part
from solon.benchmarks.reading import Entry, Source
from solon.benchmarks.worth import mean_of, of_best, subsets
from solon.stats import mean
from solon.types import Case, Content, Message, Order, Ratings, content

CLASSES = ("1", "2", "tie")
_LABELS = {"1": Ratings((1.0, 0.0)), "2": Ratings((0.0, 1.0)), "tie": Ratings((0.5, 0.5))}
_VOTES = {"0": "tie", "1": "1", "2": "2"}
_WINNERS = {"1": 0, "2": 1, "0": -1, "Tie": -1}


def read(source: Source) -> list[Item]:
    """Read every pair; its label is what two of the three annotators said."""
    return [_item(entry) for entry in source.entries()]


def _item(entry: Entry) -> Item:
    uniform = "responses" in entry.row
    label = entry.choice("label", CLASSES) if uniform else _majority(entry)
    prompt = entry.conversation("prompt") if uniform else _prompt(entry)
    subset = str(entry.row.get("subset") or entry.row.get("motivation_app") or "all")
    name = entry.identity("id") if uniform else f"pandalm/{entry.identity('idx')}"
    case = Case(name, prompt, _responses(entry, uniform), tags={"subset": subset})
    return Item(case, _LABELS[label], subset, against_the_rest(_LABELS[label], 2), entry.where)


def _responses(entry: Entry, uniform: bool) -> tuple[Content, ...]:
    if not uniform:
        return content(entry.text("response1")), content(entry.text("response2"))
    value = entry.row["responses"]
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(one, dict) for one in value):
        raise entry.fault("responses", "a list of two objects with 'content'")
    return content(str(value[0].get("content"))), content(str(value[1].get("content")))


def _prompt(entry: Entry) -> tuple[Message, ...]:
    given = str(entry.row.get("input") or "")
    return (Message("user", content(entry.text("instruction") + (f"\n\n{given}" if given else ""))),)


def _majority(entry: Entry) -> str:
    votes = Counter(_VOTES[entry.choice(f"annotator{i}", tuple(_VOTES))] for i in (1, 2, 3))
    label, count = votes.most_common(1)[0]
    if count < 2:
        raise entry.fault("annotator1", "a class that two of the three annotators name")
    return label


def decided(outcome: Outcome) -> str:
    """Return the class that the votes decide for; officially what cannot be read is a tie."""
    scores = outcome.scores
    if scores is None or scores[0] == scores[1]:
        return "tie"
    return "1" if scores[0] > scores[1] else "2"


def worth(outcome: Outcome, ties: Ties) -> float | None:
    """Return whether the class is that of the majority; at random, only pairs without a tie in the label count."""
    return of_best(outcome, ties) if ties == "random" else float(_LABELS[decided(outcome)] == outcome.item.label)


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return accuracy, officially also the macro figures, and the accuracy by the application that a pair is about."""
    found = [mean_of("accuracy", outcomes, worth, ties)]
    if ties == "official":
        units = [("", (decided(one), _class(one))) for one in outcomes]
        kinds: dict[str, Callable[[Sequence[Any]], float]] = {"precision": precision, "recall": recall, "F1": f1}
        found += [Figure(f"macro {name}", (part(units, statistic=of),)) for name, of in kinds.items()]
    return found + subsets(outcomes, worth, ties)


def precision(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean over classes of the share of decisions for a class that are right, 0 without any."""
    return mean([_share(pairs, 0, name) for name in CLASSES])


def recall(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean over classes of the share of a class's pairs that are decided so, 0 without any."""
    return mean([_share(pairs, 1, name) for name in CLASSES])


def f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean over classes of the harmonic mean of precision and recall."""
    both = [(_share(pairs, 0, name), _share(pairs, 1, name)) for name in CLASSES]
    return mean([2 * p * r / (p + r) if p + r else 0.0 for p, r in both])


def _share(pairs: Sequence[tuple[str, str]], side: int, name: str) -> float:
    of = [pair for pair in pairs if pair[side] == name]
    return sum(a == b for a, b in of) / len(of) if of else 0.0


def _class(outcome: Outcome) -> str:
    return next(name for name, label in _LABELS.items() if label == outcome.item.label)


def published(path: Path, name: str, texts: bool) -> Texts:
    """Read one judge's verdicts, such as those of `pandalm-7b`, which saw one order; both orders are told the same."""
    rows = [entry for entry in Source(path).entries() if entry.text("judge") == name]
    found: dict[tuple[str, Order], str] = {}
    for entry in rows:
        for order in ((0, 1), (1, 0)):
            winner = _WINNERS.get(entry.text("verdict"))
            said = "no verdict" if winner is None else boxed(winner, order)
            found[entry.text("id"), order] = entry.text("reason") if texts else said
    return found


PANDALM = Benchmark(
    name="pandalm",
    title="PandaLM test set",
    modes=("list", "pairs"),
    read=read,
    figures=figures,
    note="Officially a verdict is one of three classes (the first, the second, a tie; what cannot be read is a tie), "
    "and right where it is that of the annotators' majority. With ties drawn at random, the pairs that the majority "
    "calls a tie decide nothing.",
    sizes=(999,),
    published=published,
)
