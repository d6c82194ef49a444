"""A user's own form, from a Python file: the extension point."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from solon.errors import UserError
from solon.forms.form import Form
from solon.forms.layout import fenced
from solon.forms.template import inserted
from solon.types import Case, Message, content

_TRIAL = Case(
    "trial", (Message("user", content("?")),), (content("a"), content("b")), reference="a", principles=("be right",)
)


def form_of_file(name: str) -> Form:
    """Make a form of a Python file that holds `TEMPLATE` and `read(text, n) -> Judgment | Unread`.

    It may also hold `layout(case, order, nonce)`, which then takes the place of `solon.forms.layout.fenced`, and
    `SCALE`, the least and the largest score, which stopping early needs to know.

    Raises:
        UserError: the file is missing, cannot be imported, does not hold both, or its template cannot be filled.
    """
    module = _imported(Path(name))
    template, read = getattr(module, "TEMPLATE", None), getattr(module, "read", None)
    if not isinstance(template, str) or not callable(read):
        raise UserError(f"the form file '{name}' must hold TEMPLATE, a text, and the function read(text, n)")
    layout, scale = getattr(module, "layout", fenced), getattr(module, "SCALE", None)
    form = Form(Path(name).stem, template, read, layout=layout, file=name, scale=scale)
    try:
        form.render(_TRIAL, (0, 1), mode="given+self")
    except UserError as error:
        raise UserError(f"the form file '{name}' cannot be used: {error}") from error
    if "responses" not in inserted(template):
        raise UserError(f"the TEMPLATE of '{name}' never inserts {{{{responses}}}}: there is nothing to judge in it")
    return form


def _imported(path: Path) -> ModuleType:
    name = f"solon_form_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UserError(f"the form file '{path}' does not exist")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UserError(f"the form file '{path}' cannot be imported: {type(error).__name__}: {error}") from error
    return module
