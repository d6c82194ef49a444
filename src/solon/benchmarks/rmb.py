"""RMB (arXiv 2410.09893): helpfulness and harmlessness, as pairs and as best of N.

A folder `Pairwise_set` and one `BoN_set`, each with `Helpfulness/**` and `Harmlessness/**` files of
`pair_uid, conversation_input, chosen {llm_name, answer}, reject {...}` and of
`bon_uid, conversation_input, bon_best {...}, loser_list [{...}]`. The score is the mean of the four cells.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, against_the_rest
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Entry, Source
from solon.benchmarks.worth import averaged, mean_of, of_best, subsets
from solon.errors import UserError
from solon.types import Best, Case, Content, content, plain

_SETS = {"Pairwise_set": "pairs", "BoN_set": "best of N"}
_GOALS = ("Helpfulness", "Harmlessness")
CELLS = tuple(f"{goal.lower()}, {kind}" for goal in _GOALS for kind in _SETS.values())


def read(source: Source) -> list[Item]:
    """Read both sets; the case's first response is the best one."""
    return [_item(entry) for entry in source.entries()]


def _item(entry: Entry) -> Item:
    scenario = _scenario(entry)
    single = "pair_uid" in entry.row
    best = _answer(entry, "chosen" if single else "bon_best")
    losers = [_answer(entry, "reject")] if single else _losers(entry)
    responses, label = (best, *losers), Best(0)
    name = f"{scenario}/{entry.identity('pair_uid' if single else 'bon_uid')}"
    case = Case(name, entry.conversation("conversation_input"), responses, tags={"subset": scenario})
    asked = "\n".join(plain(turn.content) for turn in case.prompt)
    pairs = against_the_rest(label, len(responses))
    return Item(case, label, f"{_cell(scenario)}: {_topic(scenario)}", pairs, entry.where, group=asked)


def _scenario(entry: Entry) -> str:
    """Return the path from the set's folder on, which also stands in the line where files were put together."""
    given = entry.row.get("category_path")
    parts = PurePosixPath(given).parts if isinstance(given, str) else entry.file.with_suffix("").parts
    start = next((place for place, part in enumerate(parts) if part in _SETS), None)
    if start is None or len(parts) < start + 3 or parts[start + 1] not in _GOALS:
        raise UserError(
            f"{entry.where}: neither its file's path nor 'category_path' is SET/GOAL/SCENARIO; a set is "
            f"{' or '.join(_SETS)} and a goal {' or '.join(_GOALS)}; such a path is expected"
        )
    return "/".join(parts[start:])


def _cell(scenario: str) -> str:
    kind, goal = scenario.split("/")[:2]
    return f"{goal.lower()}, {_SETS[kind]}"


def _topic(scenario: str) -> str:
    return scenario.split("/")[2]


def _answer(entry: Entry, key: str) -> Content:
    value = entry.row.get(key)
    if not isinstance(value, Mapping) or not isinstance(value.get("answer"), str):
        raise entry.fault(key, "an object with the text 'answer'")
    return content(value["answer"])


def _losers(entry: Entry) -> list[Content]:
    value = entry.row.get("loser_list")
    if not isinstance(value, list) or not value:
        raise entry.fault("loser_list", "a list of one or more objects with the text 'answer'")
    if not all(isinstance(one, Mapping) and isinstance(one.get("answer"), str) for one in value):
        raise entry.fault("loser_list", "a list of objects with the text 'answer'")
    return [content(one["answer"]) for one in value]


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the mean of the cells, the cells, and their topics."""
    cells = {cell: [one for one in outcomes if one.item.subset.startswith(f"{cell}:")] for cell in CELLS}
    found = [mean_of(cell, some, of_best, ties) for cell, some in cells.items() if some]
    return [averaged("score", found), *found, *subsets(outcomes, of_best, ties)]


RMB = Benchmark(
    name="rmb",
    title="RMB",
    modes=("list", "pairs", "single"),
    read=read,
    figures=figures,
    note="A best of N counts only where the best response beats every other one, and a tie is a loss. Every line "
    "counts alike in its cell; the score is the mean of the four cells.",
    expected=dict.fromkeys(CELLS),
)
