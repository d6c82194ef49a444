"""Read a judgment's scores: the last box holds them, and nothing is guessed.

Every function here is total and takes linear time: no input raises, hangs or yields a number out of range.
"""

import re

from solon.forms.sections import sectioned
from solon.types import Judgment, Span, Unread

_BOX = re.compile(r"\\boxed\s{0,8}\{(?:\s{0,8}\\(?:text|textbf|mathbf|mathrm)\s{0,8}\{([^{}]*)\}\s{0,8}|([^{}]*))\}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_LATEX_SPACE = re.compile(r"\\[ ,;]")


def read_boxed(text: str, n: int, low: float, high: float) -> Judgment | Unread:
    """Read a judgment of n numbers between `low` and `high` from the last box of a text.

    An earlier box never counts, also when the last one is broken: a critique may quote one.
    """
    box = _last_box(text)
    if box is None:
        seen = "the last box is not closed" if "\\boxed" in text else "no \\boxed{...} in the text"
        return Unread("no_scores", seen, text)
    span, inside = box
    items = _items(inside)
    if not all(_NUMBER.fullmatch(item) for item in items):
        return Unread("no_scores", f"the last box holds {_short(inside)}, not numbers", text)
    if len(items) != n:
        held = "1 number" if len(items) == 1 else f"{len(items)} numbers"
        return Unread("wrong_count", f"the last box holds {held}; {n} needed", text)
    scores = tuple(float(item) or 0.0 for item in items)
    if not all(low <= score <= high for score in scores):
        return Unread("out_of_range", f"the last box holds {_short(inside)}; {low:g} to {high:g} allowed", text)
    return sectioned(text, scores, span)


def ends_with_box(text: str) -> bool:
    """Tell whether nothing but closing marks follows the last box: such a text was not cut short in its critique."""
    box = _last_box(text)
    return box is not None and not re.search(r"\w", text[box[0][1] :])


def _last_box(text: str) -> tuple[Span, str] | None:
    start = text.rfind("\\boxed")
    box = _BOX.match(text, start) if start >= 0 else None
    return None if box is None else (box.span(), box[1] if box[2] is None else box[2])


def _items(inside: str) -> list[str]:
    """Split a box at its commas; one pair of square brackets, LaTeX spaces and full-width commas mean nothing."""
    listed = _LATEX_SPACE.sub(" ", inside).replace("，", ",").strip()
    if listed.startswith("[") and listed.endswith("]"):
        listed = listed[1:-1]
    return [item.strip() for item in listed.split(",")]


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
