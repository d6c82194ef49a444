"""The critiques file: labeled cases as case lines, each with the critiques of every one of its responses.

A line is read back as any case line is, so that pairs and splits are those that every other recipe sees.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, get_args

from solon.data.writing import case_line
from solon.errors import UserError
from solon.forms import load_critique
from solon.forms.form import Form
from solon.types import Case, LabeledCase, Reason

_OF_SAMPLES = {"plain", "hinted", "plain_right", "principles_mode"}


@dataclass(frozen=True, slots=True)
class Critique:
    """A critique of one response as the model wrote it; `unread` says why it is none."""

    text: str
    unread: Reason | None = None


Critiques: TypeAlias = tuple[tuple[Critique, ...], ...]
"""Of a case: for every response, in the case's own order, its critiques; critique i of all of them is draw i."""


@dataclass(frozen=True, slots=True)
class Criticized:
    """A case, the form that asked for the critiques of its responses, and these."""

    case: Case
    form: Form
    critiques: Critiques

    @property
    def draws(self) -> int:
        """The number of critiques that every response has."""
        return len(self.critiques[0])

    @classmethod
    def of(cls, case: Case) -> "Criticized":
        """Read what `criticized_line` wrote, from the tags of the case that its line was read as.

        Raises:
            UserError: the case holds no critiques.
        """
        try:
            critiques = tuple(tuple(map(_critique, rows)) for rows in case.tags["critiques"])  # type: ignore[attr-defined]
            if len(critiques) != case.n or len({len(rows) for rows in critiques}) != 1 or not critiques[0]:
                raise ValueError(f"{case.n} responses need as many lists of critiques, all of one length")
            return cls(case, load_critique(str(case.tags["form"])), critiques)
        except (KeyError, TypeError, ValueError, UserError) as error:
            raise UserError(
                f"case '{case.id}' holds no critiques ({error}): make the file with solon train critique"
            ) from error


def alone(case: Case, response: int) -> Case:
    """Return the case with one of its responses only, as a critic sees it."""
    return replace(case, responses=(case.responses[response],))


def criticized_line(one: LabeledCase, form: str, critiques: Critiques) -> str:
    """Write a labeled case with its critiques as one line of JSON; what other samplings left in its tags is dropped."""
    tags = {name: value for name, value in one.case.tags.items() if name not in _OF_SAMPLES}
    row = json.loads(case_line(replace(one, case=replace(one.case, tags=tags))))
    rows = [[_row(critique) for critique in critiques] for critiques in critiques]
    return json.dumps(row | {"form": form, "critiques": rows}, ensure_ascii=False)


def _row(one: Critique) -> dict[str, str]:
    return {"text": one.text} if one.unread is None else {"text": one.text, "unread": one.unread}


def _critique(row: Mapping[str, Any]) -> Critique:
    text, unread = row["text"], row.get("unread")
    if not isinstance(text, str) or (unread is not None and unread not in get_args(Reason)):
        raise ValueError(f"text is {text!r} and unread {unread!r}; a text and one of {', '.join(get_args(Reason))}")
    return Critique(text, unread)
