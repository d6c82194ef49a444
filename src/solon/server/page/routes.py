"""The page's routes: its files, what it may ask for, judging with votes as they arrive, and stored runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from solon.errors import UserError
from solon.server.page.files import FILES, FRESH, served
from solon.server.page.live import Live
from solon.server.page.picking import FILTERS
from solon.server.page.runs import Runs
from solon.server.refusal import Refusal
from solon.server.reply import encoded
from solon.server.routing import DirectRoute
from solon.server.service import Service
from solon.server.wire import Body, Turn
from solon.types import Case, Message, content

PROTOCOL = "page"
PATHS = {"/page/judge": PROTOCOL}

_ANY = Case("any", (Message("user", content("?")),), (content("a"), content("b")))
_ROWS = 50
_MOST_K = 32


class Pasted(Body):
    """What a person pasted to be judged."""

    prompt: str | list[Turn]
    responses: list[str] = Field(min_length=1)
    principles: list[str] = Field(default=[])
    reference: str | None = None
    k: int | None = Field(default=None, ge=1, le=_MOST_K)


class Picked(BaseModel):
    """Which cases of a run are shown: filters by commas, the bound of a low agreement, and the first one's place."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    run: str
    filters: str = ""
    below: float = Field(default=0.75, ge=0, le=1)
    first: int = Field(default=0, ge=0, le=2**40)


class Chosen(BaseModel):
    """One case of a run, by its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    place: int = Field(ge=0, le=2**40)


def routes(service: Service) -> APIRouter:
    """Return the routes of the page; they are its own, and no part of the documented API."""
    runs = Runs(service.settings.runs)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        yield
        runs.close()

    router = APIRouter(route_class=DirectRoute, include_in_schema=False, lifespan=lifespan)
    for path in FILES:
        router.add_api_route(path, _file(path), methods=["GET"])
    _judging(router, service)
    _reading(router, runs)
    return router


def _judging(router: APIRouter, service: Service) -> None:
    @router.get("/page/about")
    async def about() -> Response:
        return _json(_about(service))

    @router.post("/page/judge")
    async def judge(body: Pasted) -> Response:
        responses = service.responses(body.responses)
        if len(responses) > (most := _most(service)):
            raise Refusal(422, "invalid", f"{len(responses)} responses are given; the page judges at most {most}")
        query = service.query(body.prompt, k=body.k, reference=body.reference, principles=body.principles)
        live = Live(service, query, responses)
        return StreamingResponse(live.lines(), media_type="application/x-ndjson", headers=FRESH)


def _reading(router: APIRouter, runs: Runs) -> None:
    quick, slow = ThreadPoolExecutor(2, "page"), ThreadPoolExecutor(1, "page-filters")

    @router.get("/page/runs")
    async def listed() -> Response:
        return _json(await _read(quick, lambda: {"runs": runs.listed()}))

    @router.get("/page/cases")
    async def cases(options: Picked) -> Response:
        wanted = [one for one in options.filters.split(",") if one]
        if unknown := set(wanted) - set(FILTERS):
            raise Refusal(422, "invalid", f"no filter '{min(unknown)[:40]}'; {', '.join(FILTERS)} are allowed")
        if not wanted:
            return _json(await _read(quick, partial(runs.cases, options.run, options.first, _ROWS)))
        picked = partial(runs.picked, options.run, wanted, options.below, options.first, _ROWS)
        return _json(await _read(slow, picked))

    @router.get("/page/counts")
    async def counts(options: Picked) -> Response:
        return _json(await _read(slow, partial(runs.counts, options.run, options.below)))

    @router.get("/page/case")
    async def case(options: Chosen) -> Response:
        return _json(await _read(quick, partial(runs.case, options.run, options.place)))


def _file(path: str) -> Callable[[], Any]:
    async def file() -> Response:
        return served(path)

    return file


def _most(service: Service) -> int:
    return min(service.settings.group_max, service.settings.max_responses)


def _about(service: Service) -> dict[str, Any]:
    """Return what the page needs to know: limits, defaults, and whether there are runs."""
    engine, most_k = service.desk.engine, min(_MOST_K, service.settings.max_k)
    fixed = engine.misfit(_ANY, engine.k) is None and engine.misfit(_ANY, engine.k + 1) is not None
    return {
        "k": min(engine.k, most_k),
        "most_k": most_k,
        "fixed_k": fixed,
        "most_responses": _most(service),
        "scale": list(engine.scale),
        "runs": service.settings.runs is not None,
    }


async def _read(threads: ThreadPoolExecutor, read: Callable[[], dict[str, Any] | dict[str, int]]) -> object:
    """Read files in a thread.

    Raises:
        Refusal: what is asked for is not there or cannot be read (404).
    """
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, read)
    except UserError as error:
        raise Refusal(404, "not_found", str(error)) from error


def _json(answer: object) -> Response:
    return Response(encoded(answer), headers=FRESH, media_type="application/json")
