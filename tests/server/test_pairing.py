"""Many clients at once: nobody gets what another one asked for, and memory does not grow with what was answered."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Request
from tests.judge.judging import boxed, shown
from tests.server.serving import Client, judging, serving

CLIENTS = 64


def worth(i: int) -> float:
    """Return what response i deserves."""
    return float(i * 7919 % 97 % 10 + 1)


def script(request: Any, index: int) -> str:
    texts = shown(request)
    return boxed([worth(int(text.split()[1])) for text in texts]).replace("fine", " and ".join(texts))


class Forgetful(ScriptedSampler):
    """A script that does not keep what it was asked."""

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        self.asked.clear()
        return await super().sample(requests)


async def wrong_pairings(client: Client, count: int) -> int:
    """Ask by single requests from 64 clients, mixing lone ones, members of groups and two protocols; count mistakes."""
    numbers = itertools.count()

    async def lane() -> int:
        mistakes = 0
        while (i := next(numbers)) < count:
            mistakes += not await (native if i % 3 else slime)(client, i)
        return mistakes

    return sum(await asyncio.gather(*(lane() for _ in range(CLIENTS))))


async def native(client: Client, i: int) -> bool:
    body: dict[str, Any] = {"id": f"id-{i}", "prompt": "Why?", "responses": [f"response {i}"]}
    if i % 2:
        body |= {"group_id": f"group-{i // 16}", "group_size": 5}
    async with client.session.post(client.url + "/v1/judge", json=body) as seen:
        told = json.loads(await seen.read())
    about = all(f"response {i}" in critique for critique in told["critiques"]) and told["critiques"]
    return bool(told["id"] == f"id-{i}" and told["scores"] == [worth(i)] and about)


async def slime(client: Client, i: int) -> bool:
    async with client.session.post(
        client.url + "/slime?form=object", json={"prompt": f"Why {i}?", "response": f"response {i}"}
    ) as seen:
        told = json.loads(await seen.read())
    return bool(told["score"] == worth(i) and told["solon_valid"] == 1.0)


def resident() -> int:
    """Return what this process holds in memory now, in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


async def test_nobody_gets_what_another_one_asked_for() -> None:
    async with serving(judging(script, k=1), group_wait=0.1) as client:
        assert await wrong_pairings(client, 5_000) == 0


@pytest.mark.slow
async def test_a_hundred_thousand_requests_get_their_own_answers_in_flat_memory() -> None:
    async with serving(Judge(Forgetful(script), k=1), group_wait=0.1) as client:
        client.service.log.flush()
        await wrong_pairings(client, 20_000)
        client.written.seek(0)
        client.written.truncate()
        before = resident()
        assert await wrong_pairings(client, 100_000) == 0
        grown = resident() - before
    assert grown < 120 * 1024, f"{grown} KiB more"
