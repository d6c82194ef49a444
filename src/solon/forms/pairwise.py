"""Pairwise: the index of the best response, the LLM-as-a-Judge baseline; majority vote (arXiv 2504.02495, eq. 13)."""

from dataclasses import replace
from importlib.resources import files

from solon.forms.form import Form
from solon.forms.reading import read_boxed
from solon.types import Judgment, Unread


def read_pairwise(text: str, n: int) -> Judgment | Unread:
    """Read the boxed number of the best response: it scores 1, the others 0."""
    judgment = read_boxed(text, 1, low=1, high=n)
    if isinstance(judgment, Unread):
        return judgment
    best = judgment.scores[0]
    if not best.is_integer():
        return Unread("out_of_range", f"the last box holds {best:g}; a whole number from 1 to {n} is allowed", text)
    return replace(judgment, scores=tuple(float(place == best) for place in range(1, n + 1)))


PAIRWISE = Form(
    name="pairwise",
    template=(files("solon.forms") / "pairwise.txt").read_text("utf-8"),
    read=read_pairwise,
    rule="majority",
    responses=range(2, 1000),
)
