"""Critique: a single response is criticized in words alone, for a scalar head to read (CLoud, arXiv 2408.11791)."""

from importlib.resources import files

from solon.forms.form import Form
from solon.types import Judgment, Spans, Unread


def read_critique(text: str, n: int) -> Judgment | Unread:
    """Read a whole text as a critique: a judgment without scores, since those are the head's to give."""
    said = text.strip()
    if not said:
        return Unread("no_scores", "the text holds no critique", text)
    start = text.index(said)
    return Judgment((), (), said, text, Spans(critique=(start, start + len(said))))


CRITIQUE = Form(
    name="critique",
    template=(files("solon.forms") / "critique.txt").read_text("utf-8"),
    read=read_critique,
    responses=range(1, 2),
)
