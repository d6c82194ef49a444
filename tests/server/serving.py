"""A server in the running loop and a client for it, engines that misbehave, and short ways to ask."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Failure, Request
from solon.server.app import create_app
from solon.server.engine import Engine
from solon.server.keeping import Keeping
from solon.server.logs import Log
from solon.server.service import Service
from solon.server.serving import server
from solon.server.settings import Settings
from tests.judge.judging import fair


@dataclass
class Client:
    """Asks a server."""

    url: str
    session: aiohttp.ClientSession
    service: Service
    written: io.StringIO = field(default_factory=io.StringIO)

    def logged(self) -> str:
        """Return what was logged so far, also what waits to be written."""
        self.service.log.flush()
        return self.written.getvalue()

    async def post(self, path: str, body: object, **options: Any) -> tuple[int, Any]:
        """Post JSON and return status and parsed answer."""
        async with self.session.post(self.url + path, json=body, **options) as seen:
            return seen.status, json.loads(await seen.read())

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """Get a page and return status and parsed answer, or its text."""
        async with self.session.get(self.url + path, **options) as seen:
            text = await seen.text()
            return seen.status, json.loads(text) if seen.content_type == "application/json" else text

    async def judge(self, *responses: str, prompt: str = "Why?", **fields: object) -> dict[str, Any]:
        """Ask the native protocol about some responses."""
        status, answer = await self.post("/v1/judge", {"prompt": prompt, "responses": responses, **fields})
        assert status == 200, answer
        return answer  # type: ignore[no-any-return]


@asynccontextmanager
async def serving(
    judge: Judge | Engine | None = None, *, store: Keeping | None = None, **settings: Any
) -> AsyncIterator[Client]:
    """Serve a judge, by default one whose scores stand in the responses, on a free port."""
    written = io.StringIO()
    log = Log(stream=written, texts=settings.get("log_texts", False))
    app = create_app(judge or judging(), Settings(**settings), store=store, log=log)
    port = free_port()
    running = server(app, "127.0.0.1", port)
    task = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn tells in no other way
        await asyncio.sleep(0.005)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            yield Client(f"http://127.0.0.1:{port}", session, app.state.service, written)
        finally:
            running.should_exit = True
            await session.close()
            await task


def judging(script: Callable[[Request, int], Any] = fair, *, k: int = 2, **options: Any) -> Judge:
    """Make a judge over a script."""
    return Judge(ScriptedSampler(script), k=k, **options)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Faulty:
    """A sampler that fails a share of its calls, by turns, and can hang or break."""

    batch = 1
    concurrency = 64

    def __init__(self, *, every: int = 0, hangs: bool = False, breaks: bool = False) -> None:
        self._inner, self._every, self._hangs, self._breaks = ScriptedSampler(fair), every, hangs, breaks
        self.calls = self.closed = 0

    async def sample(self, requests: Any) -> list[Answer]:
        """Answer, hang or break."""
        self.calls += 1
        if self._hangs:
            await asyncio.Event().wait()
        if self._breaks:
            raise ConnectionError("the engine died while it read: SECRET")
        if self._every and self.calls % self._every == 0:
            return [Answer((Failure("HTTP 500: out of order"),) * request.n) for request in requests]
        return await self._inner.sample(requests)

    async def close(self) -> None:
        """Count."""
        self.closed += 1
