"""How a case is laid out in a prompt: every judged text stands between marks that it cannot forge.

A mark carries a nonce, a hash of the seed and of everything the case shows, and look-alikes of marks inside judged text
are broken up.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from solon.forms.template import merged
from solon.types import Case, Content, Image, Order, Text, content

Layout: TypeAlias = Callable[[Case, Order, str], dict[str, Content]]
"""Lays out a case for a template: (case, order, nonce) -> the content of `conversation`, `responses`, `reference` and
`principles`; empty content where the case has none."""

Block: TypeAlias = Literal["conversation", "responses", "reference"]
"""The slots that `fenced` fills with marks."""

_LOOKALIKE = re.compile(r"(?<!<)<{3,}+(?=\s*+(?:turn|response|reference|end)\b)", re.IGNORECASE)
_LONGEST_ROLE = 40


def nonce(case: Case, seed: int) -> str:
    """Return eight hexadecimal digits that no text of the case can know, since they depend on all of them."""
    shown = ascii((seed, case.id, case.prompt, case.responses, case.reference, case.principles))
    return hashlib.sha256(shown.encode()).hexdigest()[:8]


def fenced(case: Case, order: Order, nonce: str) -> dict[str, Content]:
    """Lay out turns, responses (in `order`, numbered from 1) and the reference, each between its own two marks."""
    turns = [_fence(f"turn {i}", turn.content, nonce, f", {_role(turn.role)}") for i, turn in enumerate(case.prompt, 1)]
    responses = [_fence(f"response {place}", case.responses[i], nonce) for place, i in enumerate(order, 1)]
    return {
        "conversation": _joined(turns),
        "responses": _joined(responses),
        "reference": () if case.reference is None else _fence("reference", content(case.reference), nonce),
        "principles": content("\n".join(f"- {_broken(text)}" for text in case.principles)) if case.principles else (),
    }


def last_mark(case: Case, nonce: str, block: Block = "responses") -> str:
    """Return the last mark that `fenced` writes in a block."""
    name = {"conversation": f"turn {len(case.prompt)}", "responses": f"response {case.n}", "reference": "reference"}
    return f"<<<end of {name[block]} · {nonce}>>>"


def _fence(name: str, parts: Content, nonce: str, more: str = "") -> Content:
    inside = tuple(part if isinstance(part, Image) else Text(_broken(part.text)) for part in merged(parts))
    return (Text(f"<<<{name}{more} · {nonce}>>>\n"), *inside, Text(f"\n<<<end of {name} · {nonce}>>>"))


def _role(role: str) -> str:
    return " ".join(re.findall(r"[\w.-]+", role))[:_LONGEST_ROLE]


def _broken(text: str) -> str:
    return _LOOKALIKE.sub("< < <", text) if "<<<" in text else text


def _joined(blocks: list[Content]) -> Content:
    joined: list[Text | Image] = []
    for block in blocks:
        joined += [Text("\n"), *block] if joined else block
    return tuple(joined)
