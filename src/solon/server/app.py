"""The application: one judge, the protocols that lead to it, and what every request passes on its way."""

from collections import ChainMap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from solon.judge import Judge
from solon.server import native, page
from solon.server.doors import Guarded, Watched
from solon.server.engine import Engine, JudgeEngine
from solon.server.keeping import Keeping
from solon.server.keys import Keys
from solon.server.limits import BodyLimit
from solon.server.logs import Log
from solon.server.operation import OPEN, operation
from solon.server.protocols import chat, classify, embeddings, nemo_gym, openrlhf, slime
from solon.server.refusal import Refusal
from solon.server.reply import encoded
from solon.server.routing import Shortcut
from solon.server.service import Service
from solon.server.settings import Settings

SPOKEN = (native, openrlhf, slime, nemo_gym, classify, embeddings, chat, page)
"""The protocols: each module has its `PATHS`, by the name that metrics and logs use, and its `routes`."""
_PROTOCOLS = dict(ChainMap(*(protocol.PATHS for protocol in SPOKEN)))
ROUTES = (*(protocol.routes for protocol in SPOKEN), operation)
"""What the application serves."""


class Application(FastAPI):
    """FastAPI behind the doors that every request passes."""

    doors: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's begin and end."""
        await self.doors(scope, receive, send)

    async def document(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as FastAPI does: the routes that are not direct, and the description of all."""
        await super().__call__(scope, receive, send)


def create_app(
    judge: Judge | Engine,
    settings: Settings | None = None,
    *,
    store: Keeping | None = None,
    log: Log | None = None,
) -> Application:
    """Build the application; `app.state.service` is the service behind it.

    When it ends it closes the judge and what it was given to keep judgments in.

    Args:
        judge: what judges; an engine takes a judge's place in tests and measurements.
        settings: how requests are admitted, grouped and answered.
        store: where judgments are kept; by default the last ones in memory.
        log: where events go; by default standard error.

    Raises:
        UserError: the file of keys cannot be read.
    """
    settings = settings or Settings()
    log = log or Log(texts=settings.log_texts)
    keeping, engine = store or Keeping(), JudgeEngine(judge) if isinstance(judge, Judge) else judge
    service = Service(engine, settings, keeping, log)
    app = Application(
        title="Solon",
        summary="Judges responses: principles, critiques, scores, and a vote.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(judge, keeping, log),
        exception_handlers={HTTPException: _told, Refusal: _refused},
    )
    app.state.service = service
    routers = [routes(service) for routes in ROUTES]
    for router in routers:
        app.include_router(router)
    inner = BodyLimit(Shortcut(app.document, routers), settings.max_body)
    app.doors = Watched(Guarded(inner, Keys(settings.keys), OPEN | page.OPEN), _PROTOCOLS, service.metrics, log)
    return app


def _lifespan(judge: Judge | Engine, keeping: Keeping, log: Log) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        keeping.close()
        if isinstance(judge, Judge):
            await judge.close_async()
        log.flush()

    return lifespan


async def _told(request: Request, error: Exception) -> Response:
    """Give what FastAPI refuses (no such path, no such method) the common form."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "not_allowed"}.get(error.status_code, "refused")
    body = encoded(Refusal(error.status_code, code, str(error.detail)).body)
    return Response(body, error.status_code, error.headers, "application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.response()
