"""Time limits by the thousand: one clock looks after all, since a timer for each costs as much as a short request.

They are late by a few milliseconds, which does not matter for deadlines of seconds.
"""

import asyncio
from dataclasses import dataclass
from types import TracebackType

_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a request is answered at the latest, as a time of the loop; `hasty` if its caller halved its time, or more.

    What a hasty request comes to says nothing of the engine.
    """

    at: float
    hasty: bool = False


class Limits:
    """All time limits of a server; none is later than `end`, once that is set."""

    def __init__(self) -> None:
        self.end: float | None = None
        self._set: dict[asyncio.Timeout, float] = {}
        self._running = False

    def until(self, deadline: Deadline) -> "Limit":
        """Raise TimeoutError in an `async with` at this time of the loop."""
        return Limit(self, deadline.at)

    def add(self, limit: asyncio.Timeout, deadline: float) -> None:
        """Look after a limit."""
        self._set[limit] = deadline
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_later(_EVERY, self._tick)

    def remove(self, limit: asyncio.Timeout) -> None:
        """Look after a limit no longer."""
        self._set.pop(limit, None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        ended = self.end is not None and self.end <= now
        for limit in [one for one, deadline in self._set.items() if ended or deadline <= now]:
            self.remove(limit)
            limit.reschedule(now)
        self._running = bool(self._set)
        if self._running:
            loop.call_later(_EVERY, self._tick)


class Limit:
    """One time limit, for one `async with`."""

    __slots__ = ("_deadline", "_limits", "_timeout")

    def __init__(self, limits: Limits, deadline: float) -> None:
        self._limits, self._deadline, self._timeout = limits, deadline, asyncio.timeout(None)

    @property
    def expired(self) -> bool:
        """Tell whether the time was up."""
        return self._timeout.expired()

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._limits.add(self._timeout, self._deadline)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limits.remove(self._timeout)
        await self._timeout.__aexit__(kind, error, trace)
