"""The desk: who is let in, how many cases are judged at once, and when each is answered at the latest."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from solon.errors import SolonError
from solon.server.engine import Engine, Judged
from solon.server.keeping import Keeping
from solon.server.notes import Notes
from solon.server.refusal import Refusal
from solon.server.times import Deadline, Limit, Limits
from solon.types import Case, Verdict

NOTHING = Verdict((), (), None, 0.0, (), None, None)
_RETRY_AFTER = 2


class Desk:
    """Admits requests and judges their cases.

    Args:
        engine: what judges.
        keeping: where what arrives is kept.
        in_flight: cases judged at once.
        queue: requests that may wait beside those.
        failed: called with an error of the engine that is none of the request's.
    """

    def __init__(
        self, engine: Engine, keeping: Keeping, in_flight: int, queue: int, failed: Callable[[Exception], None]
    ) -> None:
        self.engine = engine
        self._keeping, self._failed = keeping, failed
        self._rooms, self._places = asyncio.Semaphore(in_flight + queue), asyncio.Semaphore(in_flight)
        self._limits = Limits()
        self.open = self.judging = self.faults = 0

    @property
    def full(self) -> bool:
        """Tell whether as many requests are under way as may be."""
        return self._rooms.locked()

    @property
    def closing(self) -> bool:
        """Tell whether the server is about to end."""
        return self._limits.end is not None

    def close(self, end: float) -> None:
        """Cut off at this time of the loop whatever is then still under way."""
        self._limits.end = end

    def admitted(self, deadline: Deadline, *, hold: bool) -> "_Admitted":
        """Let a request in for an `async with`; without room refuse it or, if it is to be held, let it wait.

        Raises:
            Refusal: there is no room (503); for one that is held, until its deadline.
        """
        return _Admitted(self, deadline, hold)

    def until(self, deadline: Deadline) -> Limit:
        """Raise TimeoutError in an `async with` at this time of the loop, or when the server ends."""
        return self._limits.until(deadline)

    async def judge(self, case: Case, k: int, deadline: Deadline, *, engine: Engine | None = None) -> Judged:
        """Judge a case; at its deadline, or when the engine fails, by what was read until then.

        Another engine takes the place of the desk's.
        """
        engine, notes = engine or self.engine, self._keeping.notes(case)
        limit, late = self.until(deadline), False
        try:
            async with limit, self._places:
                self.judging += 1
                try:
                    judged = await engine.judge(case, k, notes)
                finally:
                    self.judging -= 1
        except Exception as error:
            late = isinstance(error, TimeoutError) and limit.expired
            if not late:
                self._failed(error)
            cut = "shutting_down" if self.closing else "deadline" if late else "failed_call"
            judged = replace(_so_far(engine, case, k, notes), cut=cut)
        if judged.verdict.judgments:
            self.faults = 0
        elif not (late and deadline.hasty):
            self.faults += 1
        return judged

    async def enter(self, deadline: Deadline, *, hold: bool) -> None:
        """Take a room; see `admitted`."""
        if self.closing or (self.full and not hold):
            raise _no_room(self.closing)
        if self.full:
            try:
                async with self.until(deadline):
                    await self._rooms.acquire()
            except TimeoutError as error:
                raise _no_room(self.closing) from error
        else:
            await self._rooms.acquire()
        self.open += 1

    def leave(self) -> None:
        """Give a room back."""
        self.open -= 1
        self._rooms.release()


class _Admitted:
    """A room for as long as a block lasts."""

    __slots__ = ("_deadline", "_desk", "_hold")

    def __init__(self, desk: Desk, deadline: Deadline, hold: bool) -> None:
        self._desk, self._deadline, self._hold = desk, deadline, hold

    async def __aenter__(self) -> None:
        await self._desk.enter(self._deadline, hold=self._hold)

    async def __aexit__(self, *raised: object) -> None:
        self._desk.leave()


def _so_far(engine: Engine, case: Case, k: int, notes: Notes) -> Judged:
    try:
        return engine.so_far(case, k, notes)
    except SolonError:
        return Judged(NOTHING, cost=notes.cost)


def _no_room(closing: bool) -> Refusal:
    if closing:
        return Refusal(503, "shutting_down", "the server is about to end: ask another one", retry_after=_RETRY_AFTER)
    return Refusal(503, "queue_full", f"the queue is full: try again in {_RETRY_AFTER} s", retry_after=_RETRY_AFTER)
