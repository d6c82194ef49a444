"""OpenAI's chat completions, answered with a judgment as text: `POST /v1/chat/completions`.

What is judged is the assistant's last message, or the field `responses`, or messages with the roles `response_1`,
`response_2`, ... and perhaps `principle`, as NeMo-Gym asks an external judge: that gets JSON with `score_1`, `score_2`
and `ranking`, and the text as reasoning. Nothing read is an error (503), never a text that looks like a judgment.
"""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from solon.server.group import Group, Part, digest
from solon.server.protocols.nemo_gym import ranking
from solon.server.protocols.rollouts import usage
from solon.server.refusal import Refusal
from solon.server.reply import Json, encoded
from solon.server.routing import DirectRoute
from solon.server.service import Member, Service, members_of
from solon.server.wire import REFUSALS, RolloutOptions, Said, Turn
from solon.types import Judgment

_STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
PATHS = {"/v1/chat/completions": "chat"}
_RESPONSE = re.compile(r"response_(\d{1,3})")


class Chat(BaseModel):
    """A conversation and what is judged of it; sampling options are the server's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "solon",
                    "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}],
                }
            ]
        }
    )

    model: str | None = None
    messages: list[Turn]
    responses: list[str | Said] | None = None
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a chat asks to judge; `roles` says that it came as NeMo-Gym sends it."""

    prompt: list[Turn]
    responses: Sequence[object]
    principles: tuple[str, ...] = ()
    roles: bool = False


def routes(service: Service) -> APIRouter:
    """Return the routes of OpenAI's API."""
    router = APIRouter(route_class=DirectRoute, tags=["chat"])

    @router.post("/v1/chat/completions", responses=REFUSALS | _STREAMED)
    async def chat(body: Chat, options: Annotated[RolloutOptions, Query()]) -> Response:
        """Judge, and answer with the judgment as text."""
        asked, deadline = _asked(body), service.deadline(options.deadline_s)
        query = service.query(asked.prompt, k=options.k, reward=options.reward, principles=asked.principles)
        responses = service.responses(asked.responses)
        name = digest(query, responses)
        async with service.desk.admitted(deadline, hold=False):
            group = await service.group(query, responses, name, deadline)
        service.count("chat", members_of(group))
        if group.reason is not None:
            raise Refusal(
                503, group.reason, "no judgment could be read; the reason is this error's code", retry_after=2
            )
        told = _completion(service, body, asked, group, name)
        if body.stream:
            return Response(_stream(told), media_type="text/event-stream")
        return Json(encoded(told))

    @router.get("/v1/models")
    async def models() -> Response:
        """Name the only model."""
        return Response(
            encoded({"object": "list", "data": [{"id": "solon", "object": "model"}]}), media_type="application/json"
        )

    return router


def _asked(body: Chat) -> Asked:
    by_role = {m[1]: turn for turn in body.messages if (m := _RESPONSE.fullmatch(turn["role"]))}
    rest = [turn for turn in body.messages if not _RESPONSE.fullmatch(turn["role"]) and turn["role"] != "principle"]
    principles = tuple(
        str(turn["content"]) for turn in body.messages if turn["role"] == "principle" and turn["content"]
    )
    if len(by_role) + len(rest) + sum(turn["role"] == "principle" for turn in body.messages) < len(body.messages):
        raise Refusal(422, "invalid", "two messages have the same role of a response: number them 1, 2, 3, ...")
    if by_role:
        ordered = [by_role[name]["content"] for name in sorted(by_role, key=int)]
        return Asked(rest, ordered, principles, roles=True)
    if body.responses:
        return Asked(rest, body.responses, principles)
    if len(rest) > 1 and rest[-1]["role"] == "assistant":
        return Asked(rest[:-1], [rest[-1]["content"]], principles)
    raise Refusal(
        422, "invalid", "nothing to judge: end with the assistant's message, or give responses (see the documentation)"
    )


def _completion(service: Service, body: Chat, asked: Asked, group: Group, name: str) -> dict[str, Any]:
    text = written(group)
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if asked.roles:
        shares = [service.share(member) for member in members_of(group)]
        scores: dict[str, float] = {f"score_{i}": round(1 + 4 * share, 4) for i, share in enumerate(shares, 1)}
        scores |= {"ranking": ranking(shares[0] - shares[1])} if group.n == 2 else {}
        message |= {"content": json.dumps(scores), "reasoning_content": text}
    return {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.model or "solon",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage([Member(group, 0)]),
    }


def written(group: Group) -> str:
    """Write a group's judgment: principles and critique of the judgment nearest to the vote, and the vote's scores."""
    parts = [
        (part, *one)
        for part in group.parts
        for one in zip(part.judged.verdict.outcomes, part.judged.verdict.orders, strict=True)
    ]
    read = [(part, one, order) for part, one, order in parts if isinstance(one, Judgment)]
    part, judgment, order = min(read, key=lambda one: _distance(group, *one))
    principles = [
        f"- {p.text}" + ("" if p.weight is None else f" (weight: {p.weight:g}%)") for p in judgment.principles
    ]
    seen = [part.members[i] + 1 for i in order]
    note = "" if seen == sorted(seen) else f"(It saw the responses in the order {', '.join(map(str, seen))}.)\n"
    scores = ", ".join(f"{score:g}" for score in group.scores if score is not None)
    head = "Principles:\n" + "\n".join(principles) + "\n\n" if principles else ""
    return f"{head}Analysis:\n{note}{judgment.critique}\n\nScores:\n\\boxed{{{scores}}}"


def _distance(group: Group, part: Part, judgment: Judgment, order: Sequence[int]) -> tuple[float, bool]:
    pairs = zip(part.members, judgment.scores, strict=True)
    off = sum(abs(score - (group.scores[i] or 0.0)) for i, score in pairs)
    return off, list(order) != sorted(order)


def _stream(told: Mapping[str, Any]) -> bytes:
    """Return the completion as the one piece of a stream."""
    (choice,) = told["choices"]
    delta = {"index": 0, "delta": choice["message"], "finish_reason": "stop"}
    piece = {**told, "object": "chat.completion.chunk", "choices": [delta]}
    return b"data: " + encoded(piece) + b"\n\ndata: [DONE]\n\n"
