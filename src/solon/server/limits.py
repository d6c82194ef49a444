"""Limits of what comes in: how large a body may be, and how long headers and body may take to arrive."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from solon.server.refusal import Refusal

_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BodyLimit:
    """Hands a request on with its whole body, if that is small enough (413) and there in time (408)."""

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        self._app, self._most, self._seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except Refusal as refusal:
            answer = refusal.response()
            answer.headers["connection"] = "close"
            await answer(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body; None when the client left.

        Raises:
            Refusal: it is too large, or late.
        """
        if _length(scope) > self._most:
            raise self._too_large()
        parts = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts += message.get("body", b"")
                    if len(parts) > self._most:
                        raise self._too_large()
                    if not message.get("more_body", False):
                        return bytes(parts)
        except TimeoutError as error:
            late = f"the body did not arrive within {self._seconds:g} s"
            raise Refusal(408, "too_slow", late) from error

    def _too_large(self) -> Refusal:
        return Refusal(413, "too_large", f"the body is larger than {self._most:,} bytes")


class PunctualProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, but a connection whose headers do not arrive in time is closed."""

    arrival = 10.0
    _waiting: asyncio.TimerHandle | None = None
    _headers = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first headers."""
        super().connection_made(transport)
        self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing any longer."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes; headers that are there in part are awaited from now on."""
        super().data_received(data)
        if self._headers and self._waiting is None and not self.transport.is_closing():
            self._await()

    def on_message_begin(self) -> None:
        """Note that headers are to come."""
        super().on_message_begin()
        self._headers = True

    def on_headers_complete(self) -> None:
        """Note that they have come."""
        self._headers = False
        self._arrived()
        super().on_headers_complete()

    def _await(self) -> None:
        self._waiting = self.loop.call_later(self.arrival, self._late)

    def _arrived(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.write(_LATE)
            self.transport.close()


def _length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that has the body, and then what the connection says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
