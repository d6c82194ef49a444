"""One sampler for all requests: what they ask for at the same time goes to a model in process as one batch."""

import asyncio
from collections import deque
from collections.abc import Sequence

from solon.samplers.seam import Answer, Request, Sampler


class SharedSampler:
    """Hands requests that come one by one to a sampler that likes many at once, and no more batches than it likes.

    It does not close the sampler behind it.
    """

    batch = 1
    concurrency = 1024

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._waiting: deque[tuple[Request, asyncio.Future[Answer]]] = deque()
        self._working: set[asyncio.Task[None]] = set()

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given."""
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Answer]] = [loop.create_future() for _ in requests]
        self._waiting.extend(zip(requests, futures, strict=True))
        loop.call_soon(self._start)
        return list(await asyncio.gather(*futures))

    async def close(self) -> None:
        """Do nothing: the sampler is its owner's."""

    @property
    def notes(self) -> list[str]:
        """What a user should know of the sampler behind."""
        return list(getattr(self._sampler, "notes", ()))

    def _start(self) -> None:
        while self._waiting and len(self._working) < self._sampler.concurrency:
            if batch := self._taken():
                task = asyncio.get_running_loop().create_task(self._work(batch))
                self._working.add(task)
                task.add_done_callback(self._ended)

    def _taken(self) -> list[tuple[Request, "asyncio.Future[Answer]"]]:
        """Take a batch of what is still wanted."""
        batch: list[tuple[Request, asyncio.Future[Answer]]] = []
        while self._waiting and len(batch) < self._sampler.batch:
            request, future = self._waiting.popleft()
            if not future.done():
                batch.append((request, future))
        return batch

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._working.discard(task)
        self._start()

    async def _work(self, batch: Sequence[tuple[Request, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._sampler.sample([request for request, _ in batch])
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
