"""Labels beside a run: `labels.jsonl` in its folder, the file that was judged or another one with the same ids."""

from collections.abc import Sequence
from pathlib import Path

from solon.data import read_cases
from solon.errors import UserError
from solon.reward import best_responses, correct, decides
from solon.types import Label, LabeledCase, Ratings, Right

NAME = "labels.jsonl"


def labels_beside(folder: Path) -> dict[str, Label]:
    """Return the labels by case, empty without a file.

    Raises:
        UserError: the file cannot be read.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    reading = read_cases(path)
    if not reading.cases and reading.malformed:
        bad = reading.malformed[0]
        raise UserError(f"'{path}' holds no case; line {bad.line}: {bad.fault}")
    return {one.case.id: one.label for one in reading.cases if isinstance(one, LabeledCase)}


def right(scores: Sequence[float] | None, label: Label | None) -> bool | None:
    """Tell whether a verdict's scores are right; None where nothing was read or the label prefers nothing."""
    if label is None or scores is None or not decides(label) or not _fits(label, len(scores)):
        return None
    return correct(scores, label)


def label_view(label: Label | None) -> dict[str, object] | None:
    """Return a label as the page shows it."""
    if label is None:
        return None
    if isinstance(label, Right):
        return {"right": label.value}
    ratings = list(label.values) if isinstance(label, Ratings) else None
    return {"best": list(best_responses(label)), "ratings": ratings}


def _fits(label: Label, n: int) -> bool:
    if isinstance(label, Ratings):
        return len(label.values) == n
    return n == 1 if isinstance(label, Right) else label.index < n
