"""A run whose cases go their own ways: a bounded number is open, nobody waits for others, and nothing else changes."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing

import pytest

from solon.errors import UserError
from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Request
from solon.scorers.scripted import ScriptedScorer
from solon.store import Store
from solon.types import Case, plain
from tests.judge.judging import case, cases, fair, scripted
from tests.judge.test_ending import noisy


class Slow(ScriptedSampler):
    """Takes its time, and for a prompt that is `stuck` until it is told to go; counts the calls in flight."""

    stuck = "nobody"
    go: asyncio.Event
    flying = most = 0

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        self.flying += 1
        self.most = max(self.most, self.flying)
        hard = any(self.stuck in plain(request.messages[0].content) for request in requests)
        await (self.go.wait() if hard else asyncio.sleep(0.001))
        self.flying -= 1
        return await super().sample(requests)


@pytest.mark.parametrize(("batch", "concurrency"), [(1, 1), (1, 16), (8, 1), (5, 3)])
async def test_few_cases_are_open_at_a_time(batch: int, concurrency: int) -> None:
    opened = decided = most = 0

    def coming() -> Iterator[Case]:
        nonlocal opened, most
        for one in cases(400):
            opened += 1
            most = max(most, opened - decided)
            yield one

    judge = Judge(ScriptedSampler(fair, batch=batch, concurrency=concurrency), k=2)
    found = {}
    async for place, one, verdict in judge.stream(coming()):
        decided += 1
        found[place] = (one, verdict)
    assert most <= 2 * batch * concurrency + 2
    assert [found[place][0] for place in range(400)] == cases(400)
    assert [found[place][1] for place in range(400)] == await scripted(k=2)[0].judge(cases(400))


async def test_a_slow_case_holds_up_no_other() -> None:
    sampler = Slow(noisy, concurrency=4)
    sampler.stuck, sampler.go = "held up", asyncio.Event()
    given = [case("slow", "held up 1", "held up 2"), *cases(100)]
    judge = Judge(sampler, k=32, stop="confident")
    order: list[str] = []
    async for _, one, _ in judge.stream(given):
        order.append(one.id)
        if len(order) == 100:
            sampler.go.set()
    assert order[-1] == "slow"
    assert sampler.most == 4


async def test_an_error_of_the_cases_is_raised_though_it_comes_while_the_last_verdict_is_taken() -> None:
    taken = asyncio.Event()

    async def coming() -> AsyncIterator[Case]:
        yield case("a", "worth 1", "worth 2")
        await taken.wait()
        yield case("a", "worth 3", "worth 4")

    async def taking() -> None:
        async for _ in scripted()[0].stream(coming()):
            taken.set()
            await asyncio.sleep(0.01)

    with pytest.raises(UserError, match="ids must differ"):
        await taking()


async def test_batches_stay_full_across_looks_and_cases() -> None:
    sizes: list[int] = []

    class Batched(ScriptedSampler):
        async def sample(self, requests: Sequence[Request]) -> list[Answer]:
            sizes.append(len(requests))
            await asyncio.sleep(0.001)
            return await super().sample(requests)

    judge = Judge(Batched(noisy, batch=16, concurrency=1), k=32, stop="lossless")
    verdicts = await judge.judge(cases(100))
    assert sizes[:-8] == [16] * (len(sizes) - 8), "only the last cases leave batches that are not full"
    assert len(sizes) > 50
    assert verdicts == await Judge(ScriptedSampler(noisy), k=32, stop="lossless").judge(cases(100))


async def test_weights_are_asked_for_in_full_batches_of_many_cases() -> None:
    sizes: list[int] = []

    class Scoring(ScriptedScorer):
        async def score(self, conversations: Sequence[object]) -> list[object]:
            sizes.append(len(conversations))
            return await super().score(conversations)

    scorer = Scoring(lambda turns: float(len(plain(turns[1].content)) % 7), batch=32, concurrency=1)
    await Judge(Slow(fair, concurrency=64), meta=scorer, k=4).judge(cases(100))
    assert sum(sizes) == 400
    assert len(sizes) <= 20


async def test_cases_may_come_one_by_one_and_be_left() -> None:
    queue: asyncio.Queue[Case] = asyncio.Queue()

    async def coming() -> AsyncIterator[Case]:
        while True:
            yield await queue.get()

    sampler = Slow(fair)
    judge = Judge(sampler, k=2)
    async with aclosing(judge.stream(coming())) as decided:
        for one in cases(3):
            queue.put_nowait(one)
            assert (await anext(decided))[1] == one
        queue.put_nowait(case("left"))
        await asyncio.sleep(0.0005)
    assert len(asyncio.all_tasks()) == 1, "nothing goes on behind a stream that was closed"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([*cases(3), case("c1")], "several cases have the id 'c1'; ids must differ"),
        ([*cases(3), case("one", "alone")], "case 'one' cannot be judged: the form 'pairwise' is made for n >= 2"),
    ],
)
async def test_a_case_that_cannot_be_judged_ends_the_stream_when_it_is_opened(given: list[Case], told: str) -> None:
    judge, _ = scripted(k=2, form="pairwise")
    with Store(":memory:", judge.identity()) as store, pytest.raises(UserError, match=told):
        async for _ in judge.stream(given, store):
            pass


def test_synchronous_code_is_handed_every_verdict() -> None:
    judge, _ = scripted(k=2)
    found: dict[int, object] = {}
    states = []
    with judge, Store(":memory:", judge.identity()) as store:
        judge.run(iter(cases(30)), lambda place, one, verdict: found.update({place: (one, verdict)}), store)
        judge.run(iter(cases(30)), lambda *_: None, store, lambda s: states.append(s.total), 30)
        verdicts = judge.batch(cases(30), store)
        assert [one.id for one in store.cases()] == [one.id for one in cases(30)]
    assert [found[place] for place in range(30)] == list(zip(cases(30), verdicts, strict=True))
