"""The fields that all layouts share: conversations, contents and numbers, taken as they are or named as malformed."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from solon.types import Case, Content, Image, Message, Text, content

Row: TypeAlias = Mapping[str, object]


class MalformedLine(ValueError):
    """A line that cannot be a case: what was seen and what is allowed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its line in the file (from 1) and the dotted key of its reference answer."""

    line: int
    reference: str = "reference"


def build(
    row: Row,
    place: Place,
    fields: Collection[str],
    *,
    prompt: tuple[Message, ...],
    responses: tuple[Content, ...],
    principles: tuple[str, ...] = (),
    tags: Row | None = None,
) -> Case:
    """Make the case of a row: keys that are not among its layout's `fields` become tags, and `tags` join them."""
    taken = {"id", place.reference, *fields}
    kept = {key: value for key, value in row.items() if key not in taken and value is not None}
    return Case(
        id=_identity(row, place.line),
        prompt=prompt,
        responses=responses,
        reference=_reference(row, place.reference),
        principles=principles,
        tags=kept | dict(tags or {}),
    )


def messages(value: object, where: str = "'prompt'") -> tuple[Message, ...]:
    """Read a prompt: a text, or a list of messages whose last turn is the user's."""
    if isinstance(value, str):
        return (Message("user", content(value)),)
    if not isinstance(value, list) or not value:
        raise MalformedLine(f"{where} is {kind(value)}; a text or a non-empty list of messages is allowed")
    turns = tuple(_message(item, where) for item in value)
    if turns[-1].role != "user":
        raise MalformedLine(f"the last message of {where} is the {turns[-1].role}'s; it must be the user's")
    return turns


def parts(value: object, where: str) -> Content:
    """Read what a message or response says: a text, or a list of text and image parts in OpenAI's layout."""
    if isinstance(value, str):
        return content(value)
    if isinstance(value, list) and value:
        return tuple(_part(item, where) for item in value)
    raise MalformedLine(f"{where} is {kind(value)}; a text or a non-empty list of content parts is allowed")


def response(value: object, where: str) -> Content:
    """Read a response: a text, a list of parts, or an object that holds either as `content`."""
    if isinstance(value, Mapping):
        if "content" not in value:
            raise MalformedLine(f"{where} is an object without 'content'")
        value = value["content"]
    return parts(value, where)


def number(value: object, where: str) -> float:
    """Read a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise MalformedLine(f"{where} is {kind(value)}; a finite number is allowed")
    try:
        return float(value)
    except OverflowError as error:
        raise MalformedLine(
            f"{where} is a whole number of {len(str(value))} digits; at most 308 are allowed"
        ) from error


def kind(value: object) -> str:
    """Name what was seen, shortly."""
    if value is None:
        return "missing"
    if isinstance(value, str | int | float):
        shown = repr(value)
        return shown if len(shown) <= 40 else shown[:37] + "..."
    if isinstance(value, Sequence) and not value:
        return "an empty list"
    return "a list" if isinstance(value, Sequence) else "an object"


def _identity(row: Row, line: int) -> str:
    value = row.get("id")
    if value is None:
        return f"line-{line}"
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise MalformedLine(f"'id' is {kind(value)}; a non-empty text or a whole number is allowed")
    return str(value)


def _reference(row: Row, key: str) -> str | None:
    value: object = row
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, str):
        return value
    raise MalformedLine(f"the reference '{key}' is {kind(value)}; a text is allowed")


def _message(item: object, where: str) -> Message:
    if not isinstance(item, Mapping) or not isinstance(item.get("role"), str):
        raise MalformedLine(f"a message of {where} is {kind(item)}; an object with 'role' and 'content' is allowed")
    return Message(item["role"], parts(item.get("content"), f"the {item['role']}'s message in {where}"))


def _part(item: object, where: str) -> Text | Image:
    if isinstance(item, Mapping):
        match item.get("type"), item.get("text"), item.get("image_url"):
            case "text", str(text), _:
                return Text(text)
            case "image_url", _, {"url": str(url)}:
                return Image(url)
    raise MalformedLine(
        f"a part of {where} is {kind(item)}; "
        '{"type": "text", "text": ...} and {"type": "image_url", "image_url": {"url": ...}} are allowed'
    )
