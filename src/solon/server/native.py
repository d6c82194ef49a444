"""The native protocol: judge, judge many, and find a judgment again."""

import asyncio
from typing import Any

from fastapi import APIRouter, Response
from pydantic import ValidationError

from solon.server.group import digest
from solon.server.refusal import Refusal
from solon.server.reply import Json, encoded, reply
from solon.server.routing import DirectRoute, invalid
from solon.server.service import Service, members_of, named
from solon.server.times import Deadline
from solon.server.wire import REFUSALS, BatchReply, BatchRequest, ErrorReply, JudgeReply, JudgeRequest

PROTOCOL = "native"
PATHS = {"/v1/judge": PROTOCOL, "/v1/judge/batch": PROTOCOL}


def routes(service: Service) -> APIRouter:
    """Return the routes of the native protocol."""
    router = APIRouter(route_class=DirectRoute, tags=["native"])

    @router.post("/v1/judge", response_model=JudgeReply, responses=REFUSALS)
    async def judge(body: JudgeRequest) -> Response:
        """Judge the responses to one prompt."""
        deadline = service.deadline(body.deadline_s)
        async with service.desk.admitted(deadline, hold=False):
            answer = await _judged(service, body, deadline)
        return Json(_kept(service, answer))

    @router.post("/v1/judge/batch", response_model=BatchReply, responses=REFUSALS)
    async def batch(body: BatchRequest) -> Response:
        """Judge many, answered in the caller's order; an item that fails has an error in its place."""
        if len(body.items) > service.settings.max_items:
            most = service.settings.max_items
            raise Refusal(422, "invalid", f"{len(body.items)} items are given; at most {most} are allowed")
        async with service.desk.admitted(service.deadline(), hold=False):
            answers = await asyncio.gather(*(_item(service, item) for item in body.items))
        return Json(encoded({"items": answers}))

    @router.get("/v1/judgments/{name:path}", response_model=JudgeReply, responses={404: {"model": ErrorReply}})
    async def judgment(name: str) -> Response:
        """Return a judgment again, by the id that it was answered with."""
        body = service.keeping.find(name)
        if body is None:
            raise Refusal(404, "not_found", "no judgment of this id is kept")
        return Json(body)

    return router


async def _item(service: Service, item: object) -> dict[str, Any]:
    name = item.get("id") if isinstance(item, dict) else None
    try:
        request = JudgeRequest.model_validate(item)
        answer = await _judged(service, request, service.deadline(request.deadline_s))
        _kept(service, answer)
        return answer
    except ValidationError as error:
        refusal = invalid(error)
    except Refusal as error:
        refusal = error
    return {"id": name if isinstance(name, str) else None, **refusal.body}


async def _judged(service: Service, body: JudgeRequest, deadline: Deadline) -> dict[str, Any]:
    query = service.query(
        body.prompt, k=body.k, reward=body.reward, reference=body.reference, principles=body.principles
    )
    responses = service.responses(body.responses)
    told = digest(query, responses)
    name = body.id or told
    if len(responses) == 1 and (body.group_id is not None or (body.group_size or 1) > 1):
        size = service.size(body.group_size)
        size = size if size > 1 or body.group_size else service.settings.max_responses
        member = await service.member(query, responses[0], body.group_id or "", size, deadline, body.id)
        service.count(PROTOCOL, [member])
        return reply(name, member.group, member.place)
    group = await service.group(query, responses, named(body.id or "", told), deadline)
    service.count(PROTOCOL, members_of(group))
    return reply(name, group)


def _kept(service: Service, answer: dict[str, Any]) -> bytes:
    body = encoded(answer)
    service.keeping.keep(answer["id"], body)
    return body
