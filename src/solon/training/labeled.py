"""Which labeled cases can teach: read strictly before any training, and without those that name no single best."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from solon.data import read_cases
from solon.errors import UserError
from solon.reward import best_responses
from solon.types import Label, LabeledCase, Ratings, Right


@dataclass(frozen=True, slots=True)
class Teaching:
    """The cases that equation 10 can be asked about, and how many others there were, by reason."""

    cases: tuple[LabeledCase, ...]
    skipped: dict[str, int]


def read_labeled(files: Sequence[Path]) -> list[LabeledCase]:
    """Read files of labeled cases.

    Raises:
        UserError: a file or line cannot be read, a case has no label, or two share an id; the line is named.
    """
    found: list[LabeledCase] = []
    for file in files:
        reading = read_cases(file)
        if reading.malformed:
            raise UserError(f"'{file}', line {reading.malformed[0].line}: {reading.malformed[0].fault}")
        for one, line in zip(reading.cases, reading.lines, strict=True):
            if not isinstance(one, LabeledCase):
                raise UserError(
                    f"'{file}', line {line}: the case has no label; training needs ratings, best or, with one "
                    "response, a 0/1 label"
                )
            found.append(one)
    twice = [name for name, count in Counter(one.case.id for one in found).items() if count > 1]
    if twice:
        told = ", ".join(map(str, files))
        raise UserError(f"the id '{twice[0]}' stands in two of the files {told}: give every case an id of its own")
    return found


def teaching(cases: Sequence[LabeledCase]) -> Teaching:
    """Leave out, and count, the cases that have no single best response.

    Raises:
        UserError: nothing is left.
    """
    reasons = [(one, unfit(one.label)) for one in cases]
    kept = tuple(one for one, reason in reasons if reason is None)
    skipped = dict(Counter(reason for _, reason in reasons if reason is not None))
    if not kept:
        told = ", ".join(f"{count} {reason}" for reason, count in skipped.items()) or "the data are empty"
        raise UserError(f"no case is left to learn from ({told}): a case needs one best response, or a 0/1 label")
    return Teaching(kept, skipped)


def unfit(label: Label) -> str | None:
    """Say why a label names no single best response, or return None where it does."""
    if isinstance(label, Right):
        return None
    if isinstance(label, Ratings) and len(label.values) == 1:
        return "with a lone rating"
    if isinstance(label, Ratings) and len(set(label.values)) == 1:
        return "with equal ratings"
    return None if len(best_responses(label)) == 1 else "with a tied top"
