"""One server over HTTP: a pool of connections per event loop, and no more calls in flight than wanted.

A call returns whatever the server answered, of any status; no answer at all is `NoAnswerError`. Pools are made inside
the event loop that uses them, so that one sampler serves several loops, one after the other or at the same time.
"""

import asyncio
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import aiohttp

from solon.errors import UserError

T = TypeVar("T")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONNECT_SECONDS = 30.0


class NoAnswerError(Exception):
    """A connection that failed or broke, or an answer that did not come in time."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the server at the address `url` answered."""

    status: int
    body: bytes
    retry_after: str | None = None
    url: str = ""


class PerLoop(Generic[T]):
    """One thing for every event loop that asks for it, made there and forgotten when the loop is closed."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[asyncio.AbstractEventLoop, T] = {}

    def get(self) -> T:
        """Return the running event loop's own."""
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            self._made = {other: made for other, made in self._made.items() if not other.is_closed()}
            self._made[loop] = self._make()
        return self._made[loop]

    def pop(self) -> T | None:
        """Take out what the running event loop has, if anything; `get` makes it anew."""
        return self._made.pop(asyncio.get_running_loop(), None)


@dataclass(frozen=True, slots=True)
class _Pool:
    session: aiohttp.ClientSession
    places: asyncio.Semaphore
    lock: asyncio.Lock


class Server:
    """A server at `base_url`, with at most `concurrency` calls in flight per event loop.

    `timeout` is in seconds and counts from sending a call to the end of its answer. Of the environment only the proxy
    variables are read.

    Raises:
        UserError: the address is not one, or a number is out of range.
    """

    def __init__(self, base_url: str, *, api_key: str | None, concurrency: int, timeout: float) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"'{base_url}' is not the address of a server; one looks like http://localhost:8000/v1")
        if concurrency < 1 or timeout <= 0:
            raise UserError(f"concurrency={concurrency}, timeout={timeout}: at least 1 call, and more than 0 seconds")
        self.url = base_url.rstrip("/").removesuffix("/chat/completions")
        self.concurrency = concurrency
        self.timeout = timeout
        self.has_key = bool(api_key)
        self._headers = {"Content-Type": "application/json", "User-Agent": "solon"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._pools = PerLoop(self._pool)

    async def get(self, path: str, seconds: float) -> Response:
        """Get a path below the address, over a connection of its own: some servers close one after an error.

        Raises:
            NoAnswerError: nothing came back within `seconds`.
        """
        return await self._call("GET", path, None, seconds)

    async def post(self, path: str, data: bytes) -> Response:
        """Post JSON to a path below the address, as soon as one of the places in flight is free.

        Raises:
            NoAnswerError: nothing came back in time.
        """
        async with self._pools.get().places:
            return await self._call("POST", path, data, self.timeout)

    def alone(self) -> asyncio.Lock:
        """Return the lock that lets one coroutine of the running event loop at a time do what others wait for."""
        return self._pools.get().lock

    async def close(self) -> None:
        """Close the connections that the running event loop has open; a later call opens new ones."""
        pool = self._pools.pop()
        if pool is not None:
            await pool.session.close()

    async def _call(self, method: str, path: str, data: bytes | None, seconds: float) -> Response:
        request = self._pools.get().session.request
        headers = {"Connection": "close"} if method == "GET" else None
        limit = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS)
        try:
            async with request(method, self.url + path, data=data, headers=headers, timeout=limit) as answer:
                return Response(answer.status, await answer.read(), answer.headers.get("Retry-After"), self.url)
        except aiohttp.ConnectionTimeoutError as error:
            raise NoAnswerError(f"no connection within {_CONNECT_SECONDS:g} s") from error
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError(" ".join(str(error).split()) or type(error).__name__) from error

    def _pool(self) -> _Pool:
        connector = aiohttp.TCPConnector(limit=self.concurrency)
        session = aiohttp.ClientSession(connector=connector, headers=self._headers, proxy=_proxy(self.url))
        return _Pool(session, asyncio.Semaphore(self.concurrency), asyncio.Lock())


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in _LOOPBACK or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)
