"""Cohorts: members of one group that come one by one are judged together, and each gets its own result.

A cohort is released when it is full or when its time is up, whichever comes first, so a member that never comes holds
nobody up. Who hangs up before that leaves it. Who hangs up later is judged with the others, and who then asks for the
same again takes the place: in the cohort that is being judged, or for a while after that. Pure asyncio: what is judged,
and how, is the caller's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")
R = TypeVar("R")

_KEPT = 60.0


class HungUp(Exception):
    """Whoever waited for a result hung up before it was judged."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who joins a cohort.

    `same` tells who asks for the same again: a caller with it takes the place of one that hung up or, where it is the
    caller's `own` name, of any; None never does. `gone` is done when the caller has hung up.
    """

    same: Hashable = None
    own: bool = False
    gone: "asyncio.Future[None] | None" = None


_ANYBODY = Caller()


@dataclass(slots=True, eq=False)
class _Place(Generic[K, M, R]):
    """A member and its result: so many callers wait for that, of whom so many have not hung up."""

    cohort: "_Cohort[K, M, R]"
    same: Hashable
    member: M
    result: "asyncio.Future[R]"
    callers: int = 0
    present: int = 0


@dataclass(slots=True, eq=False)
class _Cohort(Generic[K, M, R]):
    """Members that wait, and when they are released."""

    key: K
    until: float
    places: list[_Place[K, M, R]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    judging: "asyncio.Task[None] | None" = None


class Cohorts(Generic[K, M, R]):
    """Gathers members by key.

    Args:
        judge: takes the members of a cohort, in the order in which they came, and returns one result for each.
        released: called with the number of members and whether the cohort was full.
        kept: seconds for which the result of a caller that hung up is kept.
    """

    def __init__(
        self,
        judge: Callable[[K, Sequence[M]], Awaitable[Sequence[R]]],
        released: Callable[[int, bool], None] = lambda count, full: None,
        kept: float = _KEPT,
    ) -> None:
        self._judge, self._released, self._kept = judge, released, kept
        self._open: dict[K, _Cohort[K, M, R]] = {}
        self._places: dict[tuple[K, Hashable], list[_Place[K, M, R]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, key: K, member: M, size: int, until: float, caller: Caller = _ANYBODY) -> R:
        """Wait with the others of this key and return this member's own result; a caller that gives up leaves.

        Args:
            key: what the members of a group have in common.
            member: what is judged.
            size: how many members the group has.
            until: the time of the running loop at which the cohort is released even if members are missing.
            caller: who it is.

        Raises:
            HungUp: the caller hung up while its cohort was gathering.
        """
        place = self._again(key, caller) or self._seated(key, member, size, until, caller)
        place.callers += 1
        place.present += 1
        here = True
        try:
            first: list[asyncio.Future[Any]] = [place.result] if caller.gone is None else [place.result, caller.gone]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if not place.result.done():
                place.present, here = place.present - 1, False
                if place.cohort.judging is None:
                    raise HungUp
                await asyncio.wait([place.result])
            return place.result.result()
        finally:
            place.callers -= 1
            place.present -= here
            if not place.callers:
                self._leave(place, answered=caller.gone is None or not caller.gone.done())

    def release(self) -> None:
        """Release all cohorts as they are: nobody else will come."""
        for cohort in list(self._open.values()):
            self._release(cohort, full=False)

    @property
    def waiting(self) -> int:
        """How many members wait for others."""
        return sum(len(cohort.places) for cohort in self._open.values())

    def _again(self, key: K, caller: Caller) -> _Place[K, M, R] | None:
        """Return the place of the same caller, asking again, if there is one."""
        places = () if caller.same is None else self._places.get((key, caller.same), ())
        free = (one for one in places if (caller.own or not one.present) and not one.result.cancelled())
        return next(free, None)

    def _seated(self, key: K, member: M, size: int, until: float, caller: Caller) -> _Place[K, M, R]:
        """Give a new member its place in the cohort of its key."""
        cohort = self._open.get(key)
        if cohort is None:
            cohort = self._open[key] = _Cohort(key, until)
        place = _Place(cohort, caller.same, member, asyncio.get_running_loop().create_future())
        cohort.places.append(place)
        if caller.same is not None:
            self._places.setdefault((key, caller.same), []).append(place)
        if len(cohort.places) >= size:
            self._release(cohort, full=True)
        elif cohort.timer is None or until < cohort.until:
            self._set(cohort, until)
        return place

    def _set(self, cohort: _Cohort[K, M, R], until: float) -> None:
        if cohort.timer is not None:
            cohort.timer.cancel()
        cohort.until = until
        cohort.timer = asyncio.get_running_loop().call_at(until, self._release, cohort, False)

    def _leave(self, place: _Place[K, M, R], *, answered: bool) -> None:
        """See to a place for which nobody waits any longer."""
        cohort = place.cohort
        if cohort.judging is None:
            cohort.places.remove(place)
            if not cohort.places:
                self._close(cohort)
        elif not any(other.callers for other in cohort.places) and cohort.judging.cancel():
            for other in cohort.places:
                self._forget(other)  # who asks again now is judged anew, not cut off with these
            return
        if answered or cohort.judging is None:
            self._forget(place)
        else:
            asyncio.get_running_loop().call_later(self._kept, self._forget, place)

    def _forget(self, place: _Place[K, M, R]) -> None:
        name = (place.cohort.key, place.same)
        if place in (places := self._places.get(name, [])):
            places.remove(place)
            if not places:
                del self._places[name]

    def _close(self, cohort: _Cohort[K, M, R]) -> None:
        del self._open[cohort.key]
        if cohort.timer is not None:
            cohort.timer.cancel()

    def _release(self, cohort: _Cohort[K, M, R], full: bool) -> None:
        self._close(cohort)
        self._released(len(cohort.places), full)
        cohort.judging = task = asyncio.get_running_loop().create_task(self._judged(cohort))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _judged(self, cohort: _Cohort[K, M, R]) -> None:
        try:
            results = await self._judge(cohort.key, [place.member for place in cohort.places])
            for place, result in zip(cohort.places, results, strict=True):
                place.result.set_result(result)
        except Exception as error:
            for place in cohort.places:
                if place.callers and not place.result.done():
                    place.result.set_exception(error)
        finally:
            for place in cohort.places:
                place.result.cancel()
