"""What the native protocol answers: a group as a whole, or as one of its members sees it."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import Response
from pydantic_core import to_json

from solon.server.engine import Judged
from solon.server.group import Group, Part
from solon.types import Judgment, Order, Principle, Unread


def reply(name: str, group: Group, place: int | None = None) -> dict[str, Any]:
    """Return the answer about a group; of its member at `place`, where that asked on its own, with its share of usage.

    A member's lists have one entry, its own.
    """
    members = list(range(group.n)) if place is None else [place]
    outcomes = [(part, *one) for part in group.parts for one in _outcomes(part.judged)]
    read = [outcome for _, outcome, _, _ in outcomes if isinstance(outcome, Judgment)]
    scores, rewards = group.scores, group.rewards
    verdict = group.parts[0].judged.verdict if len(group.parts) == 1 else None
    return {
        "id": name,
        "scores": [scores[i] for i in members],
        "rewards": [rewards[i] for i in members],
        "valid": [scores[i] is not None for i in members],
        "reason": group.reason if any(scores[i] is None for i in members) else None,
        "best": [members.index(i) for i in group.best if i in members],
        "agreement": verdict and verdict.agreement,
        "position_consistency": verdict and verdict.position_consistency,
        "k_used": len(read),
        "unread": len(outcomes) - len(read),
        "principles": _principles([principle for one in read for principle in one.principles]),
        "critiques": [one.critique for one in read],
        "samples": [_sample(*one, members) for one in outcomes],
        "usage": _usage(group, place),
        "group": None if place is None else {"size": group.n, "place": place},
    }


class Json(Response):
    """A body that is JSON already, answered without looking at it again."""

    def __init__(self, body: bytes) -> None:
        self.status_code, self.background, self.body = 200, None, body
        self.raw_headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]


def encoded(answer: object) -> bytes:
    """Encode an answer; where what a model wrote is no valid Unicode, all but ASCII is escaped."""
    try:
        return to_json(answer)
    except (ValueError, UnicodeEncodeError):
        return json.dumps(answer).encode()


def _outcomes(judged: Judged) -> list[tuple[Judgment | Unread, Order, str | None]]:
    verdict = judged.verdict
    finishes = [*judged.finishes, *[None] * len(verdict.outcomes)]
    return list(zip(verdict.outcomes, verdict.orders, finishes, strict=False))


def _sample(
    part: Part, outcome: Judgment | Unread, order: Order, finish: str | None, members: Sequence[int]
) -> dict[str, Any]:
    known = outcome.scores if isinstance(outcome, Judgment) else ()
    scores = dict(zip(part.members, known, strict=False))
    return {
        "order": [part.members[i] for i in order],
        "scores": [scores.get(i) for i in members],
        "text": outcome.text,
        "finish": finish,
        "unread": outcome.reason if isinstance(outcome, Unread) else None,
        "detail": outcome.detail if isinstance(outcome, Unread) else None,
    }


def _principles(written: Sequence[Principle]) -> list[dict[str, object]]:
    """Return each principle once, as it was written first."""
    first = {principle.text: principle for principle in reversed(written)}
    return [{"text": text, "weight": first[text].weight} for text in dict.fromkeys(one.text for one in written)]


def _usage(group: Group, place: int | None) -> dict[str, int]:
    """Return what was billed; of a member its share, so that the members' add up."""
    costs = [part.judged.cost for part in group.parts]
    whole = {
        "prompt_tokens": sum(cost.prompt_tokens for cost in costs),
        "completion_tokens": sum(cost.completion_tokens for cost in costs),
        "calls": sum(cost.calls for cost in costs),
    }
    if place is None:
        return whole
    return {name: count // group.n + (place < count % group.n) for name, count in whole.items()}
