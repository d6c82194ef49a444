"""How a case is put to a model and read back: one file and one text template per form."""

from solon.errors import UserError
from solon.forms.correct import CORRECT
from solon.forms.critique import CRITIQUE
from solon.forms.form import Form
from solon.forms.own import form_of_file
from solon.forms.pairwise import PAIRWISE
from solon.forms.pointwise import POINTWISE
from solon.forms.sandbox import SANDBOX, SANDBOX_CORRECT, SANDBOX_CRITIQUE, SANDBOX_PAIRWISE, terse

FORMS: dict[str, Form] = {
    form.name: form for form in (POINTWISE, CORRECT, PAIRWISE, SANDBOX, SANDBOX_CORRECT, SANDBOX_PAIRWISE)
}
CRITIQUES: dict[str, Form] = {form.name: form for form in (CRITIQUE, SANDBOX_CRITIQUE)}
"""The forms of one response whose answer is a critique without scores: no vote can be made of it, a scalar head can."""


def is_terse(name: str) -> bool:
    """Tell whether a form is one of the sandbox's, whose tiny models know no other words."""
    form = (FORMS | CRITIQUES).get(name)
    return form is not None and form.layout is terse


def load_critique(name: str) -> Form:
    """Return a form of critiques by its name.

    Raises:
        UserError: no such form has that name.
    """
    if name not in CRITIQUES:
        raise UserError(f"no form of critiques is named '{name}'; those are {', '.join(CRITIQUES)}")
    return CRITIQUES[name]


def load_form(name: str) -> Form:
    """Return a form by its name, or a user's own from a Python file, which `docs/forms.md` describes.

    Raises:
        UserError: no form has that name, or the file is missing or holds no form.
    """
    if name in FORMS:
        return FORMS[name]
    if not name.endswith(".py"):
        raise UserError(f"no form is named '{name}'; the forms are {', '.join(FORMS)}, or give a FILE.py of your own")
    return form_of_file(name)
