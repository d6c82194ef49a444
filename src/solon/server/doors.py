"""What every request passes: it is counted and timed, no error leaves without a form, and it must show a key."""

import time
from collections.abc import Collection, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from solon.server.keys import Keys
from solon.server.logs import Log
from solon.server.metrics import Metrics
from solon.server.refusal import Refusal


class Watched:
    """Counts, times and logs every request; an error that nobody caught is a 500 of the common form.

    `protocols` names the protocol of a path; the paths of others are not told.
    """

    def __init__(self, app: ASGIApp, protocols: Mapping[str, str], metrics: Metrics, log: Log) -> None:
        self._app, self._protocols, self._metrics, self._log = app, protocols, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            self._log.error("bug", error)
            if not status:
                await Refusal(500, "internal", "an error of the server; its log says more").response()(
                    scope, receive, noting
                )
        self._told(scope["path"], status, time.perf_counter() - began)

    def _told(self, path: str, status: int, seconds: float) -> None:
        protocol = self._protocols.get(path, "other")
        self._metrics.answered(protocol, status, seconds)
        if protocol != "other" or status >= 400:
            self._log("request", protocol=protocol, status=status, ms=round(1000 * seconds, 2))


class Guarded:
    """Asks every request but those to open paths for a key, if there are keys at all (401)."""

    def __init__(self, app: ASGIApp, keys: Keys, free: Collection[str]) -> None:
        self._app, self._keys, self._free = app, keys, free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or self._keys.open or scope["path"] in self._free:
            await self._app(scope, receive, send)
            return
        shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if self._keys.allow(shown):
            await self._app(scope, receive, send)
            return
        answer = Refusal(401, "unauthorized", "a valid API key is needed: Authorization: Bearer KEY").response()
        answer.headers["WWW-Authenticate"] = "Bearer"
        await answer(scope, receive, send)
