"""What the page shows of a case and of its verdict, as plain values: texts stay texts, in the case's own order."""

import re
from typing import Any

from solon.server.notes import Cost
from solon.types import Case, Content, Image, Judgment, Order, Text, Unread, Verdict
from solon.vote import counted

_LONGEST_URL = 120
_OPENED = re.compile(r"[\s#*_>\-•\[(]{0,12}(?:response|answer|candidate|assistant)[ _]?([0-9]{1,3})\b", re.IGNORECASE)
_LISTED = re.compile(r"\s|[-*•+]|[0-9]{1,2}[.)]")


def case_view(case: Case) -> dict[str, Any]:
    """Return a case as the page shows it."""
    return {
        "id": case.id,
        "turns": [{"role": turn.role, "text": _text(turn.content)} for turn in case.prompt],
        "responses": [_text(response) for response in case.responses],
        "reference": case.reference,
        "principles": list(case.principles),
        "tags": {str(key): str(value) for key, value in case.tags.items()},
    }


def sample_view(place: int, order: Order, outcome: Judgment | Unread) -> dict[str, Any]:
    """Return a sample; `weight` and `counts` stand in it once the vote is over."""
    told: dict[str, Any] = {"place": place, "order": list(order), "text": outcome.text}
    if isinstance(outcome, Unread):
        return told | {"unread": outcome.reason, "detail": outcome.detail}
    common, by_response = parted(outcome.critique, order)
    return told | {
        "scores": list(outcome.scores),
        "principles": [{"text": one.text, "weight": one.weight} for one in outcome.principles],
        "critique": common,
        "critiques": by_response,
    }


def verdict_view(verdict: Verdict, *, keep: int | None = None, cost: Cost | None = None) -> dict[str, Any]:
    """Return a verdict with all its samples.

    Args:
        verdict: what the vote came to.
        keep: how many judgments voted by their weights; None where all did.
        cost: what was billed, where it is known.
    """
    votes = {place for place, _ in counted(verdict.outcomes, verdict.weights, keep)}
    weights = verdict.weights or (None,) * len(verdict.outcomes)
    samples = [
        sample_view(i, order, outcome) | {"weight": weight, "counts": i in votes}
        for i, (order, outcome, weight) in enumerate(zip(verdict.orders, verdict.outcomes, weights, strict=True))
    ]
    return {
        "scores": verdict.scores and list(verdict.scores),
        "best": verdict.best,
        "tied": list(verdict.tied),
        "asked": len(verdict.outcomes),
        "read": len(verdict.judgments),
        "unread": verdict.unread,
        "unweighed": verdict.unweighed,
        "weighed": verdict.weights is not None,
        "keep": keep,
        "agreement": verdict.agreement,
        "position_consistency": verdict.position_consistency,
        "left_out": list(verdict.left_out),
        "samples": samples,
        "cost": cost and {"prompt": cost.prompt_tokens, "completion": cost.completion_tokens, "calls": cost.calls},
    }


def parted(critique: str, order: Order) -> tuple[str, list[str]]:
    """Part a critique into what it says of each response, in the case's own order, and what is left.

    A line that begins with the number of a response begins its part; a paragraph after the last part belongs to all.
    Where not every response has a part, all stands in common and there are no parts. Linear in the critique's length.
    """
    common: list[str] = []
    parts: dict[int, list[str]] = {}
    lines, blank = common, False
    for line in critique.splitlines():
        opened = _OPENED.match(line)
        if opened and 1 <= int(opened[1]) <= len(order):
            lines = parts.setdefault(order[int(opened[1]) - 1], [])
        elif blank and line.strip() and len(parts) == len(order) and not _LISTED.match(line):
            lines = common
        lines.append(line)
        blank = not line.strip()
    if len(order) < 2 or len(parts) < len(order):
        return critique, []
    return "\n".join(common).strip(), ["\n".join(parts[i]).strip() for i in range(len(order))]


def snippet(case: Case, most: int = 160) -> str:
    """Return the beginning of a case's last turn, on one line."""
    said = " ".join(_text(case.prompt[-1].content)[: 4 * most].split())
    return said if len(said) <= most else said[: most - 1] + "…"


def _text(parts: Content) -> str:
    return "".join(_shown(part) for part in parts)


def _shown(part: Text | Image) -> str:
    """Return a part's text; an image is named and never loaded."""
    if isinstance(part, Text):
        return part.text
    url = part.url if len(part.url) <= _LONGEST_URL else part.url[:_LONGEST_URL] + "…"
    return f"[image: {url}]"
