"""Correct: a single response is right (1) or wrong (0) (arXiv 2504.02495, equation 10 with n = 1)."""

from importlib.resources import files

from solon.forms.form import Form
from solon.forms.reading import read_boxed
from solon.types import Judgment, Unread


def read_correct(text: str, n: int) -> Judgment | Unread:
    """Read a boxed 0 or 1 as the response's score."""
    judgment = read_boxed(text, n, low=0, high=1)
    if isinstance(judgment, Judgment) and judgment.scores[0] not in (0.0, 1.0):
        return Unread("out_of_range", f"the last box holds {judgment.scores[0]:g}; 0 or 1 is allowed", text)
    return judgment


CORRECT = Form(
    name="correct",
    template=(files("solon.forms") / "correct.txt").read_text("utf-8"),
    scale=(0, 1),
    read=read_correct,
    responses=range(1, 2),
)
