"""The client of the request that is being served, and whether it has hung up."""

import asyncio
from contextvars import ContextVar

from starlette.types import Receive

_SERVED: ContextVar["Client | None"] = ContextVar("served", default=None)


class Client:
    """Who asked. `receive` is what the connection says after the request's body."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone: asyncio.Task[None] | None = None
        _SERVED.set(self)

    @property
    def gone(self) -> "asyncio.Task[None]":
        """Done when the client has hung up; only who asks for it pays for looking."""
        if self._gone is None:
            self._gone = asyncio.create_task(self._watch())
        return self._gone

    def close(self) -> None:
        """Look no longer: the request is answered."""
        if self._gone is not None:
            self._gone.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def gone() -> "asyncio.Task[None] | None":
    """Return what is done when the client of this request has hung up; None where no request is served."""
    client = _SERVED.get()
    return None if client is None else client.gone
