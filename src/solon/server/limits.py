"""Limits of what comes in: how large a body may be, and how long headers and body may take to arrive."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from solon.server.refusal import Refusal

_LATE = b'{"error": {"code": "too_slow", "message": "the request did not arrive in time"}}'
_HEAD = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
)


class BodyLimit:
    """Hands a request on with its whole body in one message, if that is small enough (413)."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if len(message["body"]) <= self._most and not message.get("more_body", False):
            await self._app(scope, _replay(message, receive), send)
            return
        body = await self._body(scope, message, receive)
        if isinstance(body, Refusal):
            answer = body.response()
            answer.headers["connection"] = "close"
            await answer(scope, receive, send)
        elif body is not None:
            await self._app(scope, _replay({"type": "http.request", "body": body}, receive), send)

    async def _body(self, scope: Scope, message: Message, receive: Receive) -> bytes | Refusal | None:
        """Return a body that comes in pieces, or why it is refused; None when the client left."""
        parts = bytearray()
        refusal = Refusal(413, "too_large", f"the body is larger than {self._most:,} bytes")
        if _announced(scope) > self._most:
            return refusal
        while message["type"] != "http.disconnect":
            parts += message.get("body", b"")
            if len(parts) > self._most:
                return refusal
            if not message.get("more_body", False):
                return bytes(parts)
            message = await receive()
        return None


class PunctualProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, but a request whose headers or body do not arrive in time is answered with 408.

    The clock of a request that arrives in one piece never starts, so this costs nothing where nobody is slow.
    """

    arrival = 10.0
    _clock: asyncio.TimerHandle | None = None
    _begun = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first request."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing any longer."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes; what is there in part is awaited from now on."""
        super().data_received(data)
        if self._begun and self._clock is None and not self.transport.is_closing():
            self._start()

    def on_message_begin(self) -> None:
        """Note that a request is to come."""
        super().on_message_begin()
        self._begun = True

    def on_headers_complete(self) -> None:
        """Note that its headers are there; its body has as long again."""
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that it has come."""
        self._begun = False
        self._stop()
        super().on_message_complete()

    def _start(self) -> None:
        self._clock = self.loop.call_later(self.arrival, self._late)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self) -> None:
        """Give up, unless an earlier request is still being answered, for which reading may have paused."""
        self._clock = None
        if self.transport.is_closing():
            return
        if self.pipeline or (self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body):
            self._start()
            return
        self.transport.write(_HEAD % len(_LATE) + _LATE)
        self.transport.close()


def _announced(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() else 0


def _replay(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that has this message, and then what the connection says."""
    waiting = [message]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
