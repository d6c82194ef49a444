"""A judgment as the conversation that a scorer reads (the meta RM of arXiv 2504.02495).

The user's turn shows what was judged and nothing of how: the conversation and all responses in the order that the
sample saw them, so that "response 2" is the one that the judgment means. The assistant's turn is the judgment's text.
A model of the sandbox reads the line that its judge was trained on, since it knows no other words.
"""

from dataclasses import replace
from importlib.resources import files

from solon.errors import UserError
from solon.forms.form import Form
from solon.forms.sandbox import SANDBOX, terse
from solon.types import Case, Judgment, Message, Order, Unread, content


def _unread(text: str, n: int) -> Judgment | Unread:
    return Unread("no_scores", "a scorer's conversation is read by the scorer alone", text)


META = Form("meta", (files("solon.forms") / "meta.txt").read_text("utf-8").rstrip("\n"), _unread)
SANDBOX_META = replace(SANDBOX, name="sandbox-meta", read=_unread)

META_FORMS: dict[str, Form] = {form.name: form for form in (META, SANDBOX_META)}
"""The forms that a meta model's `solon.json` may name."""


def meta_form(judge: Form, named: str | None = None) -> Form:
    """Return the form of a meta model: the one that it names, else the one that suits the judge's form.

    Raises:
        UserError: the name is not that of a meta form.
    """
    if named is None:
        return SANDBOX_META if judge.layout is terse else META
    if named not in META_FORMS:
        raise UserError(f"the form '{named}' is none that a meta model reads; those are {', '.join(META_FORMS)}")
    return META_FORMS[named]


def conversation(form: Form, case: Case, order: Order, text: str, seed: int = 0) -> tuple[Message, ...]:
    """Put a judgment's text behind what it judges; no label and no principles given to the judge are shown.

    Args:
        form: one of `META_FORMS`.
        case: the case, in its own order.
        order: the order in which the sample saw the responses.
        text: the judgment, as the sample wrote it.
        seed: the run's seed, which the marks around judged texts depend on, as in the judge's prompt.
    """
    return (*form.render(case, order, seed=seed), Message("assistant", content(text)))
