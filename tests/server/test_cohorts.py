"""Cohorts: who is judged together, when, and that everybody gets the own result."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest

from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer
from solon.server.cohorts import Caller, Cohorts, HungUp
from tests.judge.judging import fair
from tests.server.serving import judging, serving


class Gated:
    """A sampler that answers when its gate is open."""

    batch = 1
    concurrency = 64

    def __init__(self) -> None:
        self.gate, self.calls, self._inner = asyncio.Event(), 0, ScriptedSampler(fair)

    async def sample(self, requests: Any) -> list[Answer]:
        self.calls += 1
        await self.gate.wait()
        return await self._inner.sample(requests)

    async def close(self) -> None:
        pass


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


async def test_who_asks_again_while_judging_is_being_broken_off_is_judged_anew() -> None:
    judged = 0

    async def slow(key: str, members: Sequence[int]) -> list[int]:
        nonlocal judged
        judged += 1
        if judged == 1:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.02)
        return list(members)

    cohorts, gone = Cohorts(slow), asyncio.get_running_loop().create_future()
    gone.set_result(None)
    first = asyncio.create_task(cohorts.join("g", 7, 1, soon(60), Caller("one", True, gone)))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    again = asyncio.create_task(cohorts.join("g", 7, 1, soon(60), Caller("one", True)))
    assert await asyncio.wait_for(again, 5) == 7


async def test_who_asks_again_after_hanging_up_is_one_member_and_equal_responses_are_two() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def numbered(key: str, members: Sequence[str]) -> list[tuple[str, int, int]]:
        begun.set()
        await go.wait()
        return [(member, place, len(members)) for place, member in enumerate(members)]

    def join(text: str, size: int = 4, own: str | None = None) -> tuple["asyncio.Future[None]", asyncio.Task[object]]:
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        caller = Caller((own, text), own is not None, gone)
        return gone, asyncio.create_task(cohorts.join("g", text, size, soon(60), caller))

    cohorts = Cohorts(numbered, kept=0.2)
    left, lost = join("a")
    await asyncio.sleep(0)
    left.set_result(None)
    with pytest.raises(HungUp):
        await lost
    first, equal, named, _ = [join("a"), join("a"), join("b", own="1"), join("b", own="1")]
    await asyncio.sleep(0)
    assert cohorts.waiting == 3, "a response that is named is one, those that are not are two"
    join("b", own="2")
    await begun.wait()
    first[0].set_result(None)
    await asyncio.sleep(0.01)
    again, other = join("a"), join("a", size=1)
    go.set()
    assert await asyncio.gather(first[1], equal[1], named[1], again[1], other[1]) == [
        ("a", 0, 4), ("a", 1, 4), ("b", 2, 4), ("a", 0, 4), ("a", 0, 1)
    ]  # fmt: skip
    assert cohorts.waiting == 0


async def test_what_a_caller_that_hung_up_is_owed_is_kept_for_a_while() -> None:
    counts = []
    for wait in (0.0, 0.3):
        cohorts = Cohorts(echo, kept=0.15)
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(cohorts.join("g", 1, 2, soon(60), Caller(1, gone=gone)))
        await asyncio.sleep(0)
        other = asyncio.create_task(cohorts.join("g", 2, 2, soon(60), Caller(2)))
        await asyncio.sleep(0)
        gone.set_result(None)
        await asyncio.gather(task, other)
        await asyncio.sleep(wait)
        counts.append((await cohorts.join("g", 1, 2, soon(0.01), Caller(1)))[2])
        assert not cohorts._places
    assert counts == [2, 1]


@pytest.mark.parametrize("judged", [False, True], ids=["gathering", "judged"])
@pytest.mark.parametrize("path", ["/v1/judge", "/slime?form=object&group_size=3"])
async def test_a_client_that_hangs_up_and_tries_again_is_one_member_of_its_group(path: str, judged: bool) -> None:
    def asking(worth: int) -> "asyncio.Task[Any]":
        body: dict[str, object] = {"prompt": "Why?", "response": f"worth {worth}"}
        if path == "/v1/judge":
            body = {"prompt": "Why?", "responses": [f"worth {worth}"], "group_id": "g", "group_size": 3}
        return asyncio.create_task(client.post(path, body))

    sampler = Gated()
    async with serving(Judge(sampler, k=2), group_wait=20, reward="centered") as client:
        asked = [asking(1), *([asking(3), asking(8)] if judged else [])]
        async with asyncio.timeout(5):
            while not (sampler.calls if judged else client.service.cohorts.waiting):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        asked[0].cancel()
        await asyncio.sleep(0.1)
        open_before = client.service.desk.open
        asked = [asking(1), *(asked[1:] if judged else [asking(3), asking(8)])]
        await asyncio.sleep(0.05)
        sampler.gate.set()
        answers = [told for _, told in await asyncio.wait_for(asyncio.gather(*asked), 5)]
        logged = client.logged()
    assert [one["rewards"][0] if path == "/v1/judge" else one["score"] for one in answers] == [-3, -1, 4]
    assert (sampler.calls, open_before, logged.count('"status":499')) == ((2, 3, 0) if judged else (2, 0, 1))


async def test_an_error_reaches_every_member() -> None:
    async def broken(key: str, members: Sequence[int]) -> list[int]:
        raise ValueError(key)

    cohorts = Cohorts(broken)
    results = await asyncio.gather(*(cohorts.join("g", i, 4, soon(5)) for i in range(4)), return_exceptions=True)
    assert all(isinstance(result, ValueError) for result in results)
