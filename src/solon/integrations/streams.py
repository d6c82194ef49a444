"""HTTP/1.1 over asyncio streams with kept connections: as much as a POST of JSON needs, and nothing to install."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_IDLE = 4.0
"""Seconds after which a connection is not used again; uvicorn closes one after five."""
_LARGEST = 64 * 2**20


class BrokenAnswer(ConnectionError):
    """What came back is no whole HTTP answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    @property
    def fit(self) -> bool:
        return time.monotonic() - self.used < _IDLE and not self.reader.at_eof() and not self.writer.is_closing()


class Connections:
    """The connections to one server, for one event loop; there are as many as calls in flight."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url.rstrip("/"))
        self._secure = ssl.create_default_context() if parts.scheme == "https" else None
        self._host, self._port = parts.hostname or "", parts.port or (443 if self._secure else 80)
        self._name, self._prefix = parts.netloc.rpartition("@")[2], parts.path
        self._idle: list[_Connection] = []

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post JSON and return the answer, whatever its status.

        Raises:
            OSError: the server cannot be reached, or broke off.
        """
        told = {"Host": self._name, "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = f"POST {self._prefix}{path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in told.items())
        while kept := self._kept():
            try:
                return await self._exchange(kept, head, body)
            except OSError:  # it was closed while it lay idle: that says nothing about the server
                continue
        fresh = _Connection(*await asyncio.open_connection(self._host, self._port, ssl=self._secure))
        return await self._exchange(fresh, head, body)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().writer.close()

    def _kept(self) -> _Connection | None:
        while self._idle:
            kept = self._idle.pop()
            if kept.fit:
                return kept
            kept.writer.close()
        return None

    async def _exchange(self, connection: _Connection, head: str, body: bytes) -> Answer:
        whole = False
        try:
            connection.writer.write(head.encode("latin-1") + b"\r\n" + body)
            await connection.writer.drain()
            answer = await _read(connection.reader)
            whole = answer.headers.get("connection", "").lower() != "close"
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise BrokenAnswer(f"the server broke off: {error}") from error
        finally:
            if whole:
                connection.used = time.monotonic()
                self._idle.append(connection)
            else:
                connection.writer.close()
        return answer


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1]) if head[0].startswith("HTTP/1.") and " " in head[0] else 0
    if not status:
        raise BrokenAnswer(f"the server does not speak HTTP/1.1: {head[0][:60]!r}")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return Answer(status, headers, await _chunks(reader))
    if "content-length" in headers:
        return Answer(status, headers, await reader.readexactly(_allowed(int(headers["content-length"]))))
    return Answer(status, headers | {"connection": "close"}, await reader.read(_LARGEST))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        found += await reader.readexactly(_allowed(len(found) + size) - len(found))
        await reader.readexactly(2)
    while (await reader.readuntil(b"\r\n")) != b"\r\n":
        pass
    return bytes(found)


def _allowed(size: int) -> int:
    if not 0 <= size <= _LARGEST:
        raise BrokenAnswer(f"the server's answer has {size} bytes, and {_LARGEST} are the most")
    return size
