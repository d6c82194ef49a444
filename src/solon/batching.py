"""What many ask for one by one, handed to a model in the batches that it likes, first come, first served."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_TURNS = 4


class Batching(Generic[T, R]):
    """Hands over up to `size` items at once, with at most `places` such batches at the same time.

    `send` returns one result for every item, in order; after an error that it raises nothing more is sent, and the
    error is raised to all who wait. Where one item is a call, the call is cancelled when who asked for it no longer
    waits; a batch is for many and goes on.
    """

    def __init__(self, send: Callable[[Sequence[T]], Awaitable[Sequence[R]]], size: int, places: int) -> None:
        self._send, self._size, self._places = send, size, places
        self._queue: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._lanes: set[asyncio.Task[None] | None] = set()
        self._busy = 0
        self._room = size * places * (1 if size == 1 else 2)  # while a batch is at work, the next one gathers
        self._served = asyncio.Event()
        self._error: Exception | None = None

    async def __call__(self, items: Sequence[T]) -> list[R]:
        """Return the results of items, in their order."""
        if self._error is not None:
            raise self._error
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[R]] = [loop.create_future() for _ in items]
        self._queue.extend(zip(items, futures, strict=True))
        wanted = -(-len(self._queue) // self._size) + self._busy
        while len(self._lanes) < min(self._places, wanted):
            self._lanes.add(loop.create_task(self._lane()))
        try:
            return await asyncio.gather(*futures)
        finally:
            for future in futures:
                future.cancel()

    async def hungry(self) -> None:
        """Wait until more could be sent than is asked for; where batches are made, until another one could be made."""
        while len(self._queue) + self._busy * self._size >= self._room:
            self._served.clear()
            await self._served.wait()

    async def close(self) -> None:
        """Cancel what is on its way."""
        lanes = [lane for lane in self._lanes if lane is not None]
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _lane(self) -> None:
        """Serve batch after batch until none is left."""
        await self._gathered()
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(self._size, len(self._queue)))]
            if wanted := [pair for pair in batch if not pair[1].done()]:
                self._busy += 1
                await self._serve(wanted)
                self._busy -= 1
                self._served.set()
            await asyncio.sleep(0)  # a model that never waits must not keep an error or a Ctrl-C from being heard
            await self._gathered()
        self._lanes.remove(asyncio.current_task())

    async def _gathered(self) -> None:
        """Wait while a batch is not full and those who are at work still come to ask for more."""
        seen = -1
        while self._size > 1 and seen < len(self._queue) < self._size:
            seen = len(self._queue)
            for _ in range(_TURNS):
                await asyncio.sleep(0)

    async def _serve(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        call = asyncio.get_running_loop().create_task(_awaited(self._send([item for item, _ in batch])))
        if self._size == 1:
            batch[0][1].add_done_callback(lambda future: call.cancel() if future.cancelled() else None)
        try:
            for (_, future), result in zip(batch, await call, strict=True):
                if not future.done():
                    future.set_result(result)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        except Exception as error:  # whoever waits is told
            self._error = error
            for _, future in [*batch, *self._queue]:
                if not future.done():
                    future.set_exception(error)
            self._queue.clear()


async def _awaited(call: Awaitable[R]) -> R:
    return await call
