"""The synchronous door to asynchronous code: one event loop in a thread of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from threading import Event, Thread, current_thread
from typing import TypeVar

T = TypeVar("T")

_PATIENCE = 10.0


class Door:
    """Runs coroutines for synchronous code, also for a caller that is inside an event loop of its own.

    `last` is awaited inside the loop when the door closes: what was opened there is released there.
    """

    def __init__(self, last: Callable[[], Awaitable[None]]) -> None:
        opened: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = Thread(target=lambda: asyncio.run(_serve(opened, last)), name="solon", daemon=True)
        self._thread.start()
        self._loop, self._closing = opened.result()

    def __call__(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run a coroutine to its end and return its result; an interrupted caller cancels it and waits for that."""
        ended = Event()
        future = asyncio.run_coroutine_threadsafe(_to_end(coroutine, ended), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            ended.wait(_PATIENCE)
            raise

    def close(self) -> None:
        """Await `last` and end the loop and its thread; the garbage collector may call this from any thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
        if current_thread() is not self._thread:
            self._thread.join()


async def _serve(
    opened: "Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]", last: Callable[[], Awaitable[None]]
) -> None:
    closing = asyncio.Event()
    opened.set_result((asyncio.get_running_loop(), closing))
    await closing.wait()
    await last()


async def _to_end(coroutine: Coroutine[object, object, T], ended: Event) -> T:
    try:
        return await coroutine
    finally:
        ended.set()
