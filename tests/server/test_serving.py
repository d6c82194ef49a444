"""The server's socket: connections that come at once are let in together."""

import asyncio
import json
import socket
import time

import pytest
import uvicorn
import uvloop

from solon.server.engine import Judged
from solon.server.notes import Notes
from solon.types import Case, Judgment
from solon.vote import vote
from tests.server.serving import Client, serving

_BODY = json.dumps({"prompt": "Why?", "responses": ["one", "two"]}).encode()
_ASKED = b"POST /v1/judge HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
_AT_ONCE = 64


class _Busy:
    """An engine that keeps the loop from all else while it judges."""

    k, scale = 1, (1.0, 10.0)
    _begun = False

    def misfit(self, case: Case, k: int) -> None:
        """Judge any case."""

    async def judge(self, case: Case, k: int, notes: Notes) -> Judged:
        """Judge, at first until all have asked to be let in."""
        time.sleep(0.002 if self._begun else 0.3)  # noqa: ASYNC251 - the loop is to be busy
        self._begun = True
        return self.so_far(case, k, notes)

    def so_far(self, case: Case, k: int, notes: Notes) -> Judged:
        """Judge at once."""
        return Judged(vote([Judgment((8.0, 5.0), (), "", "")], 2, orders=[(0, 1)]))


def test_of_connections_that_come_at_once_none_waits_for_many_rounds_of_the_others() -> None:
    async def served() -> list[int]:
        async with serving(_Busy()) as client:
            return await asyncio.to_thread(asyncio.run, _all_answered(client))

    answers = uvloop.run(served())
    assert max(answers) <= 16, "the first was answered so often before the last was answered once"


async def test_who_connects_when_the_log_has_named_the_port_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = False

    async def begins(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        nonlocal connected
        with socket.socket() as one:
            connected = one.connect_ex(sockets[0].getsockname()) == 0
        await startup(self, sockets)

    startup = uvicorn.Server.startup
    monkeypatch.setattr(uvicorn.Server, "startup", begins)
    async with serving():
        assert connected


async def _all_answered(client: Client) -> list[int]:
    """Ask over many connections until each has an answer, and return how many each then has."""
    port = int(client.url.rpartition(":")[2])
    answers = [0] * _AT_ONCE

    async def asking(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not all(answers):
            writer.write(_ASKED)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            answers[place] += 1
        writer.close()

    await asyncio.gather(*(asking(place) for place in range(_AT_ONCE)))
    return answers
