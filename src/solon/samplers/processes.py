"""A small model on a CPU in several processes of one thread each: there they outrun one process with as many threads.

The processes are spawned, so a program that uses this guards its entry with `if __name__ == "__main__"`.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from solon.samplers.seam import Answer, Request, Sampler

_loaded: list[Sampler] = []


class ProcessSampler:
    """Samples from a checkpoint folder or hub id as `TransformersSampler` does, a batch per process at a time."""

    batch = 64

    def __init__(self, name: str, processes: int) -> None:
        self.concurrency = processes
        self._pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_load, initargs=(name,))

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _sample, list(requests))

    async def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _load(name: str) -> None:
    import torch

    from solon.samplers.transformers import TransformersSampler

    torch.set_num_threads(1)
    _loaded.append(TransformersSampler.load(name))


def _sample(requests: Sequence[Request]) -> list[Answer]:
    return asyncio.run(_loaded[0].sample(requests))
