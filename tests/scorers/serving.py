"""A local server with vLLM's `/classify`, whose scores are a function of the judgment; `running` serves it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from tests.local_server import LocalServer, running


@dataclass
class ClassifyServer:
    """How it scores and behaves; every body that it was sent is in `bodies`.

    `statuses` are answered first, one per call; `labels` repeats the score, as a model of several labels would.
    """

    score: Callable[[str], float] = len
    models: tuple[str, ...] = ("meta",)
    api_key: str | None = None
    labels: int = 1
    statuses: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    too_long: int = 10**9
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/classify", self._classify)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({"data": [{"id": name} for name in self.models]})

    async def _classify(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await request.json()
        self.bodies.append(body)
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return web.json_response({"error": {"message": "not now"}}, status=status)
        if self.texts:
            return web.Response(text=self.texts.pop(0), content_type="application/json")
        text = body["messages"][-1]["content"]
        if len(text) > self.too_long:
            return web.json_response({"message": "too long for this model"}, status=400)
        probs = [self.score(text)] * self.labels
        data = [{"index": 0, "label": "LABEL_0", "probs": probs, "num_classes": self.labels}]
        return web.json_response({"object": "list", "data": data})

    def _check(self, request: web.Request) -> None:
        if self.api_key is not None and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise web.HTTPUnauthorized(text="Unauthorized")


@contextmanager
def classifying(**behavior: Any) -> Iterator[ClassifyServer]:
    """Serve from a thread; `url` is the base address, which ends in /v1."""
    server = ClassifyServer(**behavior)
    with running(cast(LocalServer, server)):
        yield server
