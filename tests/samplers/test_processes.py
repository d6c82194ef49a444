"""Several processes answer what one would."""

import asyncio

import pytest

from solon.checkpoint import SANDBOX
from solon.samplers.processes import ProcessSampler
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
