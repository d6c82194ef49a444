"""Fill a template in one pass: known slots only, nothing inserted is ever expanded again.

The syntax is a small part of mustache: `{{slot}}` inserts, `{{#slot}}...{{/slot}}` keeps its text when the slot has
content and `{{^slot}}...{{/slot}}` when it has none. A section tag alone on its line takes the line with it. Blanks
inside a tag mean nothing; any other brace is text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from solon.errors import UserError
from solon.types import Content, Image, Text

Tag: TypeAlias = tuple[Text, str, str]
"""The text before a tag, its kind (`#`, `^`, `/` or nothing) and the slot that it names."""

_TAG = re.compile(r"\{\{([#^/]?)[ \t]*(\w+)[ \t]*\}\}")
_SECTION_LINE = re.compile(r"^[ \t]*(\{\{[#^/][ \t]*\w+[ \t]*\}\})[ \t]*\n", re.MULTILINE)


def fill(template: str, slots: Mapping[str, Content]) -> Content:
    """Return the template's text with every slot's content in its place; images stay where their slot stands.

    Raises:
        UserError: the template names an unknown slot, or opens and closes sections unevenly.
    """
    return tuple(merged(_parts(*_split(template), slots)))


def inserted(template: str) -> list[str]:
    """Return the slots that a template inserts, in the order in which they stand; sections are left out."""
    return [name for _, kind, name in _split(template)[0] if not kind]


def merged(parts: Iterable[Text | Image]) -> Iterator[Text | Image]:
    """Join neighboring texts and leave out empty ones; images stay apart."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            texts.append(part.text)
            continue
        if joined := "".join(texts):
            yield Text(joined)
        texts.clear()
        yield part
    if joined := "".join(texts):
        yield Text(joined)


@lru_cache(maxsize=64)
def _split(template: str) -> tuple[tuple[Tag, ...], Text]:
    """Split a template into its tags, each with the text before it, and the text after the last one."""
    *pieces, last = _TAG.split(_SECTION_LINE.sub(r"\1", template))
    return tuple(zip(map(Text, pieces[::3]), pieces[1::3], pieces[2::3], strict=True)), Text(last)


def _parts(tags: Sequence[Tag], last: Text, slots: Mapping[str, Content]) -> Iterator[Text | Image]:
    open_sections: list[tuple[str, bool]] = []
    shown = True
    for before, kind, name in tags:
        if shown:
            yield before
        if name not in slots:
            raise UserError(f"the template names the slot '{name}'; the slots are {', '.join(sorted(slots))}")
        if kind == "/":
            if not open_sections or open_sections.pop()[0] != name:
                raise UserError(f"the template closes the section '{name}', which is not the last one it opened")
            shown = all(kept for _, kept in open_sections)
        elif kind:
            open_sections.append((name, bool(slots[name]) == (kind == "#")))
            shown = shown and open_sections[-1][1]
        elif shown:
            yield from slots[name]
    if open_sections:
        raise UserError(f"the template opens the section '{open_sections[-1][0]}' and never closes it")
    yield last
