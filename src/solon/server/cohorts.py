"""Cohorts: members of one group that come one by one are judged together, and each gets its own result.

A cohort is released when it is full or when its time is up, whichever comes first, so a member that never comes holds
nobody up. Pure asyncio: what is judged, and how, is the caller's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")
R = TypeVar("R")


@dataclass(slots=True)
class _Cohort(Generic[M, R]):
    """Members that wait, each with the future that its result goes to, and when they are released."""

    until: float
    members: list[tuple[M, "asyncio.Future[R]"]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    judging: "asyncio.Task[None] | None" = None


class Cohorts(Generic[K, M, R]):
    """Gathers members by key.

    Args:
        judge: takes the members of a cohort, in the order in which they came, and returns one result for each.
        released: called with the number of members and whether the cohort was full.
    """

    def __init__(
        self,
        judge: Callable[[K, Sequence[M]], Awaitable[Sequence[R]]],
        released: Callable[[int, bool], None] = lambda count, full: None,
    ) -> None:
        self._judge, self._released = judge, released
        self._open: dict[K, _Cohort[M, R]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, key: K, member: M, size: int, until: float) -> R:
        """Wait with the others of this key and return this member's own result; a caller that gives up leaves.

        Args:
            key: what the members of a group have in common.
            member: what is judged.
            size: how many members the group has.
            until: the time of the running loop at which the cohort is released even if members are missing.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        cohort = self._open.get(key)
        if cohort is None:
            cohort = self._open[key] = _Cohort(until)
        cohort.members.append((member, future))
        if len(cohort.members) >= size:
            self._release(key, full=True)
        elif cohort.timer is None or until < cohort.until:
            self._set(key, cohort, until)
        try:
            return await future
        finally:
            if future.cancelled():
                self._leave(key, cohort, future)

    def release(self) -> None:
        """Release all cohorts as they are: nobody else will come."""
        for key in list(self._open):
            self._release(key, full=False)

    @property
    def waiting(self) -> int:
        """How many members wait for others."""
        return sum(len(cohort.members) for cohort in self._open.values())

    def _set(self, key: K, cohort: _Cohort[M, R], until: float) -> None:
        if cohort.timer is not None:
            cohort.timer.cancel()
        cohort.until = until
        cohort.timer = asyncio.get_running_loop().call_at(until, self._release, key, False)

    def _leave(self, key: K, cohort: _Cohort[M, R], future: "asyncio.Future[R]") -> None:
        if cohort.judging is not None:
            if all(other.done() for _, other in cohort.members):
                cohort.judging.cancel()
            return
        cohort.members = [(member, other) for member, other in cohort.members if other is not future]
        if not cohort.members and self._open.get(key) is cohort:
            self._close(key)

    def _close(self, key: K) -> _Cohort[M, R]:
        cohort = self._open.pop(key)
        if cohort.timer is not None:
            cohort.timer.cancel()
        return cohort

    def _release(self, key: K, full: bool) -> None:
        cohort = self._close(key)
        self._released(len(cohort.members), full)
        cohort.judging = task = asyncio.get_running_loop().create_task(self._judged(key, cohort))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _judged(self, key: K, cohort: _Cohort[M, R]) -> None:
        try:
            results = await self._judge(key, [member for member, _ in cohort.members])
            for (_, future), result in zip(cohort.members, results, strict=True):
                if not future.done():
                    future.set_result(result)
        except Exception as error:
            for _, future in cohort.members:
                if not future.done():
                    future.set_exception(error)
        finally:
            for _, future in cohort.members:
                future.cancel()
