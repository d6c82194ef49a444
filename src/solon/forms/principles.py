"""Principles: written from a conversation alone, before anybody has seen a response, for a judge to be given."""

from importlib.resources import files

from solon.forms.form import Form
from solon.forms.sandbox import SANDBOX_PRINCIPLES, terse
from solon.forms.sections import listed, sectioned
from solon.types import Judgment, Principle, Unread


def read_principles(text: str, n: int) -> Judgment | Unread:
    """Read a list of principles, each as it is written, weight and all: a judgment without scores or critique."""
    span = sectioned(text, (), (len(text), len(text))).spans.principles or (0, len(text))
    written = tuple(map(Principle, listed(text[slice(*span)], alone=True)))
    return Judgment((), written, "", text) if written else Unread("no_principles", "no list of principles", text)


PRINCIPLES = Form("principles", (files("solon.forms") / "principles.txt").read_text("utf-8"), read_principles)


def principles_form(judge: Form) -> Form:
    """Return the form that asks for the principles which a judge of this form is then given."""
    return SANDBOX_PRINCIPLES if judge.layout is terse else PRINCIPLES
