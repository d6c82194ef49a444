"""Calls to a server that are made again while that helps, and calls that are made together."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from solon.samplers import wire
from solon.samplers.http import Response
from solon.samplers.retry import Backoff, passing, retry_after
from solon.samplers.seam import Failure

T = TypeVar("T")

_ABOUT_IMAGES = ("image", "multimodal", "multi-modal", "vision")
_REFUSALS = (400, 413, 422)
_TOO_LONG = re.compile(
    r"context[ -](length|window|size|limit)"
    r"|maximum (model|prompt|input) length"
    r"|\b(prompt|input|content|messages?)\W+((is|are|string) )?too long\b"
    r"|\b(prompt|input) (\([^)]*\) )?is longer than\b"
    r"|\b(prompt|input) (length|tokens?|token count)\b[^.]{0,30} exceeds?\b"
    r"|\binputs?\W+(must have less than|tokens \+)",
    re.IGNORECASE,
)
"""How servers say that a prompt, or a prompt with its answer, is longer than the model takes; the tests quote them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call brought nothing, and whether it may be tried again; status 0 stands for no answer at all."""

    detail: str
    again: bool = True
    status: int = 0
    wished_wait: float | None = None

    @classmethod
    def of(cls, seen: Response) -> "Fault":
        """Return the fault that an answer of another status than 200 is."""
        wait = retry_after(seen.retry_after, time.time())
        return cls(f"HTTP {seen.status}: {wire.message_of(seen.body)}", passing(seen.status), seen.status, wait)

    def failure(self, tries: int, *, image: bool) -> Failure:
        """Return what is left of a call after all tries; `image` tells whether it showed one."""
        if self.status in _REFUSALS and _TOO_LONG.search(self.detail):
            return Failure(self.detail, "too_long")
        about_images = any(word in self.detail.lower() for word in _ABOUT_IMAGES)
        if image and 400 <= self.status < 500 and about_images:
            return Failure(self.detail, "unsupported_content")
        wished = "" if self.wished_wait is None else f"; it asked to wait {self.wished_wait:.0f} s"
        return Failure(self.detail + wished + (f", after {tries} tries" if tries > 1 else ""))


async def persist(
    call: Callable[[], Awaitable[T | Fault]], backoff: Backoff, again: Callable[[], bool] | None = None
) -> tuple[T | Fault, int]:
    """Call until something else than a fault comes or the tries are spent; return it and the number of calls made.

    A server that wishes for a longer wait than the back-off has patience for is not asked again. `again` is asked
    before every further try, after the wait, and may say no.
    """
    tried = 0
    while True:
        result = await call()
        if not isinstance(result, Fault):
            return result, tried + 1
        too_late = (result.wished_wait or 0.0) > backoff.patience
        if too_late or not result.again or not backoff.allows(tried, result.status):
            return result, tried + 1
        await asyncio.sleep(backoff.wait(tried, result.wished_wait))
        tried += 1
        if again is not None and not again():
            return result, tried


async def together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all at once, results in order; the first error cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
