"""Several processes answer what one would."""

import asyncio
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from solon.checkpoint import SANDBOX
from solon.samplers import processes
from solon.samplers.processes import ProcessSampler, _context, cores, small_sampler
from solon.samplers.seam import Answer, Sampler
from solon.samplers.transformers import TransformersSampler
from tests.samplers.asking import ask, texts

pytestmark = pytest.mark.slow


async def answered(sampler: Sampler) -> list[Answer]:
    requests = [
        ask(f"Request: Write a poem {i}.\nJudge.", n=2, temperature=1.0, max_tokens=12, seed=i) for i in range(4)
    ]
    halves = await asyncio.gather(sampler.sample(requests[:2]), sampler.sample(requests[2:]))
    await sampler.close()
    return [answer for half in halves for answer in half]


async def test_processes_answer_what_one_would() -> None:
    several = await answered(ProcessSampler(str(SANDBOX), processes=2))
    one = await answered(TransformersSampler.load(SANDBOX))
    assert [texts(answer) for answer in several] == [texts(answer) for answer in one]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every process imports anew")
def test_processes_come_from_one_that_has_the_libraries() -> None:
    with ProcessPoolExecutor(1, _context()) as pool:
        assert "torch" in pool.submit(_modules).result()


def _modules() -> list[str]:
    return list(sys.modules)


def test_one_core_needs_no_further_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    monkeypatch.setattr(processes, "cores", lambda: 1)
    assert isinstance(small_sampler(str(SANDBOX)), TransformersSampler)
    monkeypatch.setattr(processes, "cores", lambda: 2)
    several = small_sampler(str(SANDBOX))
    assert (type(several), several.concurrency) == (ProcessSampler, 2)
    asyncio.run(several.close())
