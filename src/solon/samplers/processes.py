"""A small model on a CPU in several processes of one thread each: there they outrun one process with as many threads.

The processes are never forked from this one, so a program that uses this guards its entry with `if __name__ ==
"__main__"`. On Linux they are forked from a server that has imported the libraries, so only the first waits; it lives
as long as this process, and what is later changed in this one's environment does not reach them.
"""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing.context import BaseContext

from solon.samplers.seam import Answer, Request, Sampler

_loaded: list[Sampler] = []


class ProcessSampler:
    """Samples from a checkpoint folder or hub id as `TransformersSampler` does, a batch per process at a time."""

    batch = 64

    def __init__(self, name: str, processes: int | None = None) -> None:
        """Start so many processes; by default one for every core that this one may run on."""
        self.concurrency = processes or cores()
        self._pool = ProcessPoolExecutor(self.concurrency, _context(), initializer=_load, initargs=(name,))

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given."""
        plain = [replace(request, again=None) for request in requests]  # a budget stays in this process
        return await asyncio.get_running_loop().run_in_executor(self._pool, _sample, plain)

    async def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def small_sampler(name: str) -> Sampler:
    """Return the sampler for a small model on a CPU: in this process where it has but one core, else in several."""
    if cores() > 1:
        return ProcessSampler(name)
    from solon.samplers.transformers import TransformersSampler

    return TransformersSampler.load(name)


def cores() -> int:
    """Count the cores that this process may run on, where the system tells; else all that the machine has."""
    told = getattr(os, "sched_getaffinity", None)
    return len(told(0)) if told else os.cpu_count() or 1


def _context() -> BaseContext:
    if sys.platform != "linux":  # elsewhere system libraries do not survive a fork, or there is none
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["solon.samplers.transformers"])
    return context


def _load(name: str) -> None:
    import torch

    from solon.samplers.transformers import TransformersSampler

    torch.set_num_threads(1)
    _loaded.append(TransformersSampler.load(name))


def _sample(requests: Sequence[Request]) -> list[Answer]:
    return asyncio.run(_loaded[0].sample(requests))
