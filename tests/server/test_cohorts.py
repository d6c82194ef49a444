"""Cohorts: who is judged together, when, and that everybody gets the own result."""

import asyncio
import random
import time
from collections.abc import Sequence

import pytest

from solon.server.cohorts import Cohorts
from tests.server.serving import judging, serving


async def echo(key: str, members: Sequence[int]) -> list[tuple[str, int, int]]:
    await asyncio.sleep(0)
    return [(key, member, len(members)) for member in members]


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_everybody_gets_the_own_result_however_groups_mix() -> None:
    cohorts = Cohorts(echo)
    members = [(f"g{i % 50}", i) for i in range(400)]
    random.Random(0).shuffle(members)
    results = await asyncio.gather(*(cohorts.join(key, member, 8, soon(5)) for key, member in members))
    assert results == [(key, member, 8) for key, member in members]
    assert cohorts.waiting == 0


@pytest.mark.parametrize("missing", range(1, 8))
async def test_missing_members_hold_nobody_up(missing: int) -> None:
    async with serving(group_wait=0.2) as client:
        began = time.perf_counter()
        asked = [client.judge(f"worth {i + 1}", group_id="g", group_size=8, reward="rank") for i in range(8 - missing)]
        answers = await asyncio.gather(*asked)
        took = time.perf_counter() - began
    assert 0.15 < took < 1.5
    assert [answer["scores"] for answer in answers] == [[i + 1.0] for i in range(8 - missing)]
    assert {answer["group"]["size"] for answer in answers} == {8 - missing}


async def test_a_full_group_does_not_wait_and_is_one_prompt() -> None:
    judge = judging(k=2)
    async with serving(judge, group_wait=30, group_max=8) as client:
        asked = [client.judge(f"worth {i + 1}", group_id="g", group_size=8, reward="centered") for i in range(8)]
        answers = await asyncio.wait_for(asyncio.gather(*asked), 10)
    assert [answer["rewards"][0] for answer in answers] == [i - 3.5 for i in range(8)]
    assert sum(answer["usage"]["calls"] for answer in answers) == len(judge.sampler.asked) == 2  # type: ignore[attr-defined]


async def test_a_group_above_the_limit_is_judged_in_chunks_on_one_scale() -> None:
    judge = judging(k=2)
    async with serving(judge, group_wait=30, group_max=8) as client:
        asked = [client.judge(f"worth {i % 10 + 1}", group_id="g", group_size=20) for i in range(20)]
        answers = await asyncio.wait_for(asyncio.gather(*asked), 10)
    assert [answer["scores"][0] for answer in answers] == pytest.approx([i % 10 + 1 for i in range(20)])
    assert len(judge.sampler.asked) == 2 * 4  # type: ignore[attr-defined]


async def test_who_gives_up_leaves_and_who_is_hasty_hurries_nobody_away() -> None:
    cohorts = Cohorts(echo)
    gone = asyncio.create_task(cohorts.join("g", 1, 3, soon(60)))
    stays = asyncio.create_task(cohorts.join("g", 2, 3, soon(0.05)))
    await asyncio.sleep(0)
    gone.cancel()
    assert await asyncio.wait_for(stays, 5) == ("g", 2, 1)
    assert cohorts.waiting == 0


@pytest.mark.parametrize("deadline", [5e-324, 1e-3])
async def test_no_time_at_all_is_still_answered(deadline: float) -> None:
    async with serving() as client:
        answer = await client.judge("worth 3", group_id="g", group_size=8, deadline_s=deadline)
    assert (answer["scores"], answer["reason"]) in (([3.0], None), ([None], "deadline"))


async def test_judging_ends_when_nobody_waits_for_it_any_more() -> None:
    ended = asyncio.Event()

    async def hang(key: str, members: Sequence[int]) -> list[int]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return []

    cohorts = Cohorts(hang)
    tasks = [asyncio.create_task(cohorts.join("g", i, 2, soon(60))) for i in range(2)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait_for(ended.wait(), 5)


async def test_an_error_reaches_every_member() -> None:
    async def broken(key: str, members: Sequence[int]) -> list[int]:
        raise ValueError(key)

    cohorts = Cohorts(broken)
    results = await asyncio.gather(*(cohorts.join("g", i, 4, soon(5)) for i in range(4)), return_exceptions=True)
    assert all(isinstance(result, ValueError) for result in results)
