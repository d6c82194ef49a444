"""Write cases as Solon's case lines, so that reading them back gives the same cases."""

import json
from collections.abc import Sequence

from solon.data.case_lines import FIELDS
from solon.types import Case, Content, Image, Label, LabeledCase, Message, Ratings, Right, Text

_NEVER_TAGS = {"id", "reference", *FIELDS} - {"best", "label"}


def case_line(one: Case | LabeledCase) -> str:
    """Return a case, and its label if it has one, as one line of JSON.

    A tag that has the name of another field is left out.
    """
    case = one.case if isinstance(one, LabeledCase) else one
    row: dict[str, object] = {
        "id": case.id,
        "prompt": [_message(turn) for turn in case.prompt],
        "responses": [_content(response) for response in case.responses],
    }
    if case.reference is not None:
        row["reference"] = case.reference
    if case.principles:
        row["principles"] = list(case.principles)
    if isinstance(one, LabeledCase):
        row |= _label(one.label)
    tags = {name: value for name, value in case.tags.items() if name not in _NEVER_TAGS and name not in row}
    return json.dumps(row | tags, ensure_ascii=False)


def messages_line(prompt: Sequence[Message], answer: str) -> str:
    """Return a conversation that ends with the assistant's answer as one line of JSON, as general instruction data."""
    turns = [*map(_message, prompt), {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}, ensure_ascii=False)


def _message(turn: Message) -> dict[str, object]:
    return {"role": turn.role, "content": _content(turn.content)}


def _content(parts: Content) -> object:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_part(part) for part in parts]


def _part(part: Text | Image) -> dict[str, object]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": part.url}}


def _label(label: Label) -> dict[str, object]:
    if isinstance(label, Ratings):
        return {"ratings": list(label.values)}
    return {"label": int(label.value)} if isinstance(label, Right) else {"best": label.index}
