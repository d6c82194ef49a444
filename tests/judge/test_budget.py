"""Budgets: as many calls as were allowed, however many are made at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from solon.judge import Judge
from solon.plan import Progress
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Request
from tests.judge.judging import cases, fair
from tests.local_server import running


class Slow(ScriptedSampler):
    """Lets all who may call at once do so before the first is answered."""

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        answers = await super().sample(requests)
        await asyncio.sleep(0.002)
        return answers


@pytest.mark.parametrize(("batch", "concurrency"), [(1, 1), (1, 2), (1, 64), (4, 1), (7, 3)])
@pytest.mark.parametrize("budget", [1, 6, 9])
async def test_no_more_calls_are_made_than_allowed(batch: int, concurrency: int, budget: int) -> None:
    sampler = Slow(fair, batch=batch, concurrency=concurrency)
    verdicts = await Judge(sampler, k=4, budget_requests=budget).judge(cases(20))
    assert len(sampler.asked) == budget
    assert sum(len(verdict.outcomes) for verdict in verdicts) == 2 * budget


class Refusing(Slow):
    """Gives every other request back without having made a call."""

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        place = len(self.asked)
        answers = await super().sample(requests)
        return [Answer(answer.samples, calls=place % 2) for answer in answers]


async def test_what_comes_back_unused_is_spent_on_others() -> None:
    sampler = Refusing(fair, concurrency=64)
    await Judge(sampler, k=4, budget_requests=6).judge(cases(20))
    assert len(sampler.asked) in (11, 12)


@pytest.mark.parametrize("behavior", [{"fault_share": 1.0, "faults": ("500", "429", "fewer")}, {"ignores_n": True}])
def test_tries_that_are_made_again_count(behavior: dict[str, Any]) -> None:
    for budget in (3, 10):
        with running(**behavior) as server, Judge(server.url, k=4, budget_requests=budget, concurrency=4) as judge:
            states = list[Progress]()
            judge.batch(cases(30), progress=states.append)
            assert server.calls == states[-1].calls == budget
