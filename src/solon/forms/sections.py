"""Find the parts of a judgment by their headings: principles, critique, scores.

A judgment without headings is still one: its critique is all that stands before the box. Linear time on any text.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from solon.types import Judgment, Principle, Span, Spans

_HEADING = re.compile(
    r"#{0,6}+\s{0,4}+[*_]{0,3}+(?P<number>[0-9]{1,2}[.)]\s{0,4}+[*_]{0,3}+)?+"
    r"(?:(?:my|the|specific|further|additional|evaluation|scoring|detailed|comparative|final|overall|other)\s){0,2}"
    r"(?:(?P<principles>principles?|criteria|criterion)|(?P<critique>analysis|critiques?|comparison|evaluation)"
    r"|(?P<scores>scores|(?:final|overall)\sscore|ratings|overall|verdict|best))"
    r"(?:\s(?:and|of|for|with)\s[a-z0-9 ]{1,30})?(?:\s\([^()]{1,40}\))?[*_\s]{0,8}(?::[*_]{0,4}|$)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*+(?:[-*•+]|[0-9]{1,2}[.)])\s++(?=\S)")
_BOLD = re.compile(r"\s*+(?=\*\*\S)")
_WORD = re.compile(r"\w")
_NUMBER = r"([0-9]{1,3}(?:\.[0-9]{1,4})?)(?![0-9])\s?"
_WEIGHT = re.compile(
    rf"[(\[][\s*_]{{0,4}}(?:weight(?:age|ing)?[\s*_]{{0,4}}[:=]?[\s*_]{{0,4}}{_NUMBER}%?|{_NUMBER}%)[\s*_]{{0,4}}[)\]]"
    rf"|\bweight(?:age|ing)?[\s*_]{{0,4}}[:=][\s*_]{{0,4}}{_NUMBER}%?",
    re.IGNORECASE,
)
_LONGEST_PRINCIPLE = 1000
_LONGEST_CLOSING = 200


class _Heading(NamedTuple):
    start: int
    end: int
    part: str
    numbered: bool


def sectioned(text: str, scores: tuple[float, ...], box: Span) -> Judgment:
    """Make a judgment of a text whose scores stand in `box`, finding principles and critique by their headings."""
    headings = _headings(text[: box[0]])
    listed = _principles_at(text, headings, box[0])
    start = _critique_from(text, headings, listed)
    closing = (h.start for h in headings if h.part == "scores" and box[0] - h.end <= _LONGEST_CLOSING)
    critique = _trimmed(text, (start, next((end for end in closing if end >= start), box[0])))
    principles = () if listed is None else parse_principles(text[slice(*listed)])
    return Judgment(scores, principles, text[slice(*critique)], text, Spans(listed, critique, box))


def parse_principles(section: str) -> tuple[Principle, ...]:
    """Read a list of principles, one item each, with its weight as written (40 for `40%`), if it has one."""
    principles = map(_principle, listed(section))
    return tuple(principle for principle in principles if principle.text)


def listed(section: str, *, alone: bool = False) -> list[str]:
    """Return the items of a list as they are written; one that stands `alone` ends at the next paragraph."""
    return [item[:_LONGEST_PRINCIPLE] for item in _list(section, alone=alone)[0] if _WORD.search(item)]


def _headings(text: str) -> list[_Heading]:
    """Find the heading lines; a numbered line is one only where the first heading is numbered too."""
    found: list[_Heading] = []
    start = 0
    for line in text.splitlines(keepends=True):
        words = line.lstrip()
        at = start + len(line) - len(words)
        start += len(line)
        heading = _HEADING.match(words.rstrip())
        if heading is None or (heading["number"] and found and not found[0].numbered):
            continue
        part = next(part for part in ("principles", "critique", "scores") if heading[part])
        found.append(_Heading(at, at + heading.end(), part, heading["number"] is not None))
    return found


def _principles_at(text: str, headings: Sequence[_Heading], limit: int) -> Span | None:
    """Find the principles: up to the critique's heading, or where there is none, to the end of their list."""
    opened = next((h for h in headings if h.part == "principles"), None)
    if opened is None:
        return None
    closed = next((h for h in headings if h.start >= opened.end and h.part != "principles"), None)
    end = closed.start if closed else limit
    if closed is None or closed.part == "scores":
        end = opened.end + _list(text[opened.end : end], alone=True)[1]
    return _trimmed(text, (opened.end, end))


def _critique_from(text: str, headings: Sequence[_Heading], listed: Span | None) -> int:
    after = 0 if listed is None else listed[1]
    title = next((h for h in headings if h.part == "critique" and h.start >= after), None)
    if title is None or (listed is not None and text[after : title.start].strip()):
        return after
    return title.end


def _list(section: str, *, alone: bool = False) -> tuple[list[str], int]:
    """Return the items of the list in a section and where it ends; its first item shows how items are marked.

    Deeper items and other lines belong to the item above them. A list that stands `alone`, with no heading after it,
    ends at the next paragraph.
    """
    items: list[str] = []
    marker, depth, blank, end = _LISTED, 0, False, 0
    for line in section.splitlines(keepends=True):
        words, indent = line.strip() if _WORD.search(line) else "", len(line) - len(line.lstrip())
        if not items and _LISTED.match(line) is None and _BOLD.match(line):
            marker = _BOLD
        found = marker.match(line)
        if found and (not items or indent <= depth + 1):
            depth = depth if items else indent
            items.append(line[found.end() :].strip())
        elif alone and items and blank and words and indent == 0:
            break
        elif items and words and len(items[-1]) < _LONGEST_PRINCIPLE:
            items[-1] += " " + words
        blank = not words
        end += len(line)
    return items, end


def _principle(item: str) -> Principle:
    found = _WEIGHT.search(item)
    if found is None:
        return Principle(item.replace("**", "").strip(" *_:"))
    name = item[: found.start()].rstrip(" *_-–,;") + item[found.end() :]
    return Principle(name.replace("**", "").strip(" *_:"), float(next(number for number in found.groups() if number)))


def _trimmed(text: str, span: Span) -> Span:
    start, end = span
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return (start, max(start, end - (len(inside) - len(inside.rstrip()))))
