"""The samples file: labeled cases as case lines, each with what was sampled for it and how that compares to its label.

A line is read back as any case line is, so that every recipe can also take the file as plain labeled data.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from solon.data.writing import case_line
from solon.errors import UserError
from solon.training.labeled import read_labeled, teaching, unfit
from solon.types import LabeledCase, Order, PromptMode, Reason


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One sample of a labeled case: the order it saw, what the model wrote, and whether it was right by equation 10.

    `unread` says why it could not be read; such a sample is not right. `reasoning` is what a thinking model wrote
    before its answer.
    """

    order: Order
    text: str
    right: bool
    unread: Reason | None = None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class SampledCase:
    """A labeled case, the form (a name or a file) and the mode of principles that it was put in, and its samples."""

    labeled: LabeledCase
    form: str
    plain: tuple[Trajectory, ...]
    hinted: tuple[Trajectory, ...]
    mode: PromptMode = "self"

    @property
    def plain_right(self) -> int:
        """How many plain samples are right: the pass count."""
        return sum(one.right for one in self.plain)


def sampled_line(one: SampledCase) -> str:
    """Write a sampled case as one line of JSON; what an earlier sampling left in its tags is not kept."""
    samples = {"plain": list(map(_row, one.plain)), "hinted": list(map(_row, one.hinted))}
    row = json.loads(case_line(one.labeled)) | {"form": one.form, "principles_mode": one.mode}
    row |= {"plain_right": one.plain_right} | samples
    return json.dumps(row, ensure_ascii=False)


def read_samples(files: Sequence[Path]) -> list[SampledCase]:
    """Read files that `sampled_line` wrote.

    Raises:
        UserError: a line is no labeled case, or holds no samples.
    """
    found = []
    for file in files:
        found += [_sampled(one, file) for one in read_labeled([file])]
    return found


def teaching_samples(files: Sequence[Path]) -> tuple[list[SampledCase], dict[str, int]]:
    """Read sampled cases without those that name no single best response, and count these by reason.

    Raises:
        UserError: as `read_samples` says, or nothing is left.
    """
    found = read_samples(files)
    skipped = teaching([one.labeled for one in found]).skipped
    return [one for one in found if unfit(one.labeled.label) is None], skipped


def _sampled(one: LabeledCase, file: Path) -> SampledCase:
    tags = one.case.tags
    try:
        plain, hinted = (
            tuple(_trajectory(row, one.case.n) for row in _rows(tags[name])) for name in ("plain", "hinted")
        )
        if not plain:
            raise ValueError("plain holds no sample")
        return SampledCase(one, str(tags["form"]), plain, hinted, _mode(tags.get("principles_mode", "self")))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"case '{one.case.id}' of '{file}' holds no samples ({error}): make the file with solon train sample"
        ) from error


def _mode(value: object) -> PromptMode:
    modes: dict[object, PromptMode] = {mode: mode for mode in get_args(PromptMode)}
    if value not in modes:
        raise ValueError(f"principles_mode is {value!r}, not one of {', '.join(map(str, modes))}")
    return modes[value]


def _rows(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError("plain and hinted must be lists of objects")
    return value


def _row(one: Trajectory) -> dict[str, object]:
    row: dict[str, object] = {"order": one.order, "text": one.text, "right": one.right}
    told = {"unread": one.unread, "reasoning": one.reasoning}
    return row | {name: value for name, value in told.items() if value}


def _trajectory(row: Mapping[str, Any], n: int) -> Trajectory:
    order, text, right, unread = row["order"], row["text"], row["right"], row.get("unread")
    reasoning = row.get("reasoning", "")
    if not isinstance(order, list) or Counter(order) != Counter(range(n)):
        raise ValueError(f"order {order} is no permutation of {n} responses")
    if not isinstance(text, str) or not isinstance(reasoning, str) or not isinstance(right, bool):
        raise ValueError(
            f"text is {text!r}, reasoning {reasoning!r} and right {right!r}; texts and true or false are allowed"
        )
    if unread is not None and (unread not in get_args(Reason) or right):
        raise ValueError(f"unread is {unread!r} and right {right}; one of {', '.join(get_args(Reason))} is never right")
    return Trajectory(tuple(order), text, right, unread, reasoning)
