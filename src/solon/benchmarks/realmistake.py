"""ReaLMistake (arXiv 2404.03602): single responses of which experts say whether they hold an error.

A zip file with a password, which its authors ask to keep packed: it is read in memory. In it stand six files of
`input, llm_response, error_label error | no_error, error_categories, metadata {id, ...}`. The figure is that of arXiv
2504.02495: the ROC-AUC of the score against whether there is an error (low scores tell of errors).
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from solon.benchmarks.benchmark import Benchmark, Item, Outcome
from solon.benchmarks.figures import Figure, Ties, part
from solon.benchmarks.reading import Entry, Source
from solon.benchmarks.worth import by_subset
from solon.data.files import read_rows
from solon.errors import UserError
from solon.stats import auc
from solon.types import Case, Message, Right, content

PASSWORD = b"open-realmistake"
_TASKS = ("math_word_problem_generation", "finegrained_fact_verification", "answerability_classification")
_MODELS = {"gpt-4-0613": 140, "Llama-2-70b-chat-hf": 160}
COUNTS: dict[str, int | None] = {f"{task}, {model}": size for task in _TASKS for model, size in _MODELS.items()}


def read(source: Source) -> list[Item]:
    """Read every response of the zip file `data.zip`, or of the folder that holds it."""
    if source.data is None:
        raise UserError("the hub does not have this benchmark: name its data.zip with --data")
    path = source.data / "data.zip" if source.data.is_dir() else source.data
    return [_item(entry) for entry in _entries(path)]


def _entries(path: Path) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(path) as packed:
            names = sorted(name for name in packed.namelist() if name.endswith(".jsonl") and name.count("/") == 2)
            for name in names:
                for line, row in read_rows(path / name, packed.read(name, PASSWORD)):
                    yield Entry(row, path / name, line)
    except FileNotFoundError as error:
        raise UserError(f"'{path}' does not exist: --data takes ReaLMistake's data.zip") from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise UserError(f"'{path}' cannot be unpacked ({error}): ReaLMistake's data.zip is expected, whole") from error


def _item(entry: Entry) -> Item:
    label = Right(entry.choice("error_label", ("error", "no_error")) == "no_error")
    prompt = (Message("user", content(entry.text("input"))),)
    subset, told = f"{entry.file.parent.name}, {entry.file.stem}", entry.row.get("metadata")
    if not isinstance(told, dict) or not isinstance(told.get("id"), str):
        raise entry.fault("metadata", "an object with the text 'id'")
    case = Case(told["id"], prompt, (content(entry.text("llm_response")),), tags={"subset": subset})
    return Item(case, label, subset, (), entry.where)


Scored = tuple[float | None, bool]
"""The score of a response, None where nothing was read, and whether it is right."""


def area(scored: Sequence[Scored]) -> float:
    """Return the AUC over responses that have a score; one half where they are all of one kind."""
    known = [(score, right) for score, right in scored if score is not None]
    found = auc([score for score, _ in known], [right for _, right in known])
    return 0.5 if found is None else found


def area_drawn(scored: Sequence[Scored]) -> float:
    """Return the AUC over all, where a comparison with a response without a score is decided by a coin."""
    rights = sum(right for _, right in scored)
    pairs = rights * (len(scored) - rights)
    known = [(score, right) for score, right in scored if score is not None]
    read = sum(right for _, right in known) * sum(not right for _, right in known)
    return 0.5 if not pairs else (area(known) * read + 0.5 * (pairs - read)) / pairs


def area_of(name: str, outcomes: Sequence[Outcome], ties: Ties) -> Figure:
    """Return the AUC of single responses as a figure."""
    units = []
    for outcome in outcomes:
        assert isinstance(outcome.item.label, Right)
        units.append((outcome.item.group, (outcome.scores and outcome.scores[0], outcome.item.label.value)))
    return Figure(name, (part(units, statistic=area if ties == "official" else area_drawn),))


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the AUC over all responses, and for every task and model."""
    return [
        area_of("ROC-AUC", outcomes, ties),
        *(area_of(name, some, ties) for name, some in by_subset(outcomes).items()),
    ]


REALMISTAKE = Benchmark(
    name="realmistake",
    title="ReaLMistake",
    modes=("single",),
    read=read,
    figures=figures,
    note="The ROC-AUC of the mean score against whether experts found an error. Officially responses without a score "
    "are left out; with ties at random, comparisons with them are decided by a coin.",
    expected=COUNTS,
)
