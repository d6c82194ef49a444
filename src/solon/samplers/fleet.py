"""Several servers of one model as if they were one: the least busy takes the next call, one that is down takes none.

A call that fails because its server is down is not at fault: it moves to another server, or waits until one is back,
and its sender learns nothing of it. Only when all have been down for longer than patience lasts is it told.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from solon.errors import UserError
from solon.samplers import wire
from solon.samplers.breaker import Breaker, Outage, down
from solon.samplers.http import NoAnswerError, PerLoop, Response, Server
from solon.samplers.retry import retry_after

_LOOK_SECONDS = 30.0
_NAP_SECONDS = 0.05


class OutageError(Exception):
    """All servers have been down for longer than patience lasts; a further try would bring nothing."""


@dataclass(slots=True, eq=False)
class _Member:
    """One server, its place among all, its health, its calls in flight, and its last fault in words."""

    place: int
    server: Server
    breaker: Breaker
    load: int = 0
    fault: str = ""

    def note(self, answer: Response | NoAnswerError | None, probe: bool) -> None:
        """Take what a call tells of the server's health; None where it was given up."""
        now = time.monotonic()
        if isinstance(answer, NoAnswerError):
            self.fault = str(answer)
            self.breaker.failed(now, probe=probe)
        elif answer is not None and down(answer.status):
            self.fault = f"HTTP {answer.status}: {wire.message_of(answer.body)}"
            self.breaker.failed(now, probe=probe, wished=retry_after(answer.retry_after, time.time()) or 0.0)
        elif answer is not None:
            self.breaker.heard()
        elif probe:
            self.breaker.dropped()

    def outage(self) -> str:
        """Say for how long the server has been down, and why."""
        return f"{self.server.url} has been down for {self.breaker.lasted(time.monotonic()):.0f} s ({self.fault})"


class Fleet:
    """Servers at the addresses `urls` (separated by commas), with at most `concurrency` calls in flight over all.

    `inspect` is handed every server's answer to `GET /models`, at the first look and whenever it comes back from an
    outage; a UserError that it raises ends the call. `timeout` is in seconds and for a single server's answer.

    Raises:
        UserError: an address is none, or a number is out of range.
    """

    def __init__(
        self,
        urls: str,
        inspect: Callable[[Response], None],
        *,
        api_key: str | None,
        concurrency: int,
        timeout: float,
        outage: Outage,
    ) -> None:
        self.timeout = timeout
        self._inspect = inspect
        self._members = [
            _Member(place, Server(url, api_key=api_key, concurrency=concurrency, timeout=timeout), Breaker(outage))
            for place, url in enumerate(dict.fromkeys(url.strip() for url in urls.split(",")))
        ]
        self._places = PerLoop(lambda: asyncio.Semaphore(concurrency))
        self._turn = 0

    def alone(self) -> asyncio.Lock:
        """Return the lock that lets one coroutine of the running event loop at a time do what others wait for."""
        return self._members[0].server.alone()

    async def look(self) -> list[str]:
        """Look at all servers for the first time, and say in whole sentences which of them do not answer.

        Raises:
            UserError: none answers, or what `inspect` raises.
        """
        seen = await asyncio.gather(*[self._models(member) for member in self._members])
        silent = [(m, error) for m, error in zip(self._members, seen, strict=True) if isinstance(error, NoAnswerError)]
        if len(silent) == len(self._members):
            told = " or at ".join(f"{member.server.url} ({error})" for member, error in silent)
            raise UserError(f"cannot reach a server at {told}: is it running? Start it there, or correct the address")
        for answer in seen:
            if isinstance(answer, Response):
                self._inspect(answer)
        for member, error in silent:
            member.fault = str(error)
            member.breaker.trip(time.monotonic())
        return [
            f"The server at {member.server.url} did not answer at the start ({error}): it is left out until it does."
            for member, error in silent
        ]

    async def post(self, path: str, data: bytes, failed: Counter[str]) -> Response:
        """Post JSON to a path below the address of the least busy server, as soon as one of the places is free.

        `failed` counts by address how often this call failed there, and is kept up to date: the others come first.

        Raises:
            NoAnswerError: nothing came back in time from a server that otherwise answers.
            OutageError: all servers have been down for too long.
            UserError: what `inspect` raises.
        """
        async with self._places.get():
            while True:
                member = await self._admitting(failed)
                answer = await self._send(member, path, data)
                if isinstance(answer, Response) and answer.status == 200:
                    return answer
                failed[member.server.url] += 1
                if member.breaker.open:
                    continue
                if isinstance(answer, NoAnswerError):
                    raise answer
                return answer

    async def close(self) -> None:
        """Close the connections that the running event loop has open."""
        for member in self._members:
            await member.server.close()

    async def _admitting(self, failed: Counter[str]) -> _Member:
        """Wait for a server that may be called; of several it is the one where this call failed least, then by load."""
        while True:
            now = time.monotonic()
            if free := [member for member in self._members if member.breaker.admits(now)]:
                return self._least(free, failed)
            if all(member.breaker.hopeless(now) for member in self._members):
                raise OutageError("; ".join(member.outage() for member in self._members))
            await asyncio.sleep(_NAP_SECONDS)

    def _least(self, members: Iterable[_Member], failed: Counter[str]) -> _Member:
        def burden(member: _Member) -> tuple[int, int, int]:
            return failed[member.server.url], member.load, (member.place - self._turn) % len(self._members)

        chosen = min(members, key=burden)
        self._turn = chosen.place + 1
        return chosen

    async def _send(self, member: _Member, path: str, data: bytes) -> Response | NoAnswerError:
        """Send one call; a probe looks first, so that a server that hangs or now serves another model is found out."""
        probe = member.breaker.begin()
        member.load += 1
        answer: Response | NoAnswerError | None = None
        try:
            looked = await self._look_again(member) if probe else None
            answer = looked or await _outcome(member.server.post(path, data))
            return answer
        finally:
            member.load -= 1
            member.note(answer, probe)

    async def _look_again(self, member: _Member) -> Response | NoAnswerError | None:
        """Look at a server that was down, and return what shows that it still is, if so."""
        answer = await self._models(member)
        if isinstance(answer, NoAnswerError) or down(answer.status):
            return answer
        self._inspect(answer)
        return None

    async def _models(self, member: _Member) -> Response | NoAnswerError:
        return await _outcome(member.server.get("/models", min(self.timeout, _LOOK_SECONDS)))


async def _outcome(call: Awaitable[Response]) -> Response | NoAnswerError:
    try:
        return await call
    except NoAnswerError as error:
        return error
