"""Deadlines: a case is voted on with what is there, and what is missing is asked for later."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from solon.errors import UserError
from solon.judge import Judge
from solon.plan import Progress
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Request
from solon.store import Store
from solon.types import Unread, plain
from tests.judge.judging import cases, fair, scripted, shown
from tests.judge.test_principling import apart, asks, queries


class Hanging(ScriptedSampler):
    """Never answers a prompt that shows `worth 1` first, and counts the calls of which that was taken away."""

    cancelled = 0

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        answers = await super().sample(requests)
        if any(shown(request)[:1] == ["worth 1"] for request in requests):
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled += 1
        return answers


async def test_a_case_is_voted_on_with_what_is_there_and_asked_again_later(tmp_path: Path) -> None:
    given, whole = cases(12), await scripted(k=4)[0].judge(cases(12))
    sampler, states = Hanging(fair), list[Progress]()
    judge = Judge(sampler, k=4, deadline=0.3)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        verdicts = await judge.judge(given, store, states.append)
        late = [i for i, verdict in enumerate(verdicts) if verdict.unread]
        assert [shown(request)[0] for request in sampler.asked].count("worth 1") == len(late) == sampler.cancelled == 3
        for i, verdict in enumerate(verdicts):
            assert verdict.scores == whole[i].scores
            assert verdict.unread == ({"deadline": 2} if i in late else {})
            assert len(verdict.outcomes) == 4
        told = {o.detail for verdict in verdicts for o in verdict.outcomes if isinstance(o, Unread)}
        assert told == {"it was not there 0.3 s after the case was opened"}
        assert (states[-1].total, states[-1].done, states[-1].unread) == (48, 48, 6)
        again, asked = scripted(k=4)
        assert await again.judge(given, store) == whole
    assert [request.n for request in asked.asked] == [2, 2, 2]


async def test_principles_that_are_late_leave_their_case_unread() -> None:
    class Late(ScriptedSampler):
        async def sample(self, requests: Sequence[Request]) -> list[Answer]:
            if any(asks(one) and "Why 1?" in plain(one.messages[0].content) for one in requests):
                await asyncio.Event().wait()
            return await super().sample(requests)

    first, second = await Judge(Late(apart), k=2, principles="query", deadline=0.3).judge(queries(2))
    assert (len(first.judgments), second.unread, second.scores) == (2, {"deadline": 2}, None)


async def test_a_batch_goes_on_for_the_others_and_is_kept() -> None:
    class Slow(ScriptedSampler):
        async def sample(self, requests: Sequence[Request]) -> list[Answer]:
            answers = await super().sample(requests)
            if len(self.asked) <= 4:
                await asyncio.sleep(0.6)
            return answers

    judge = Judge(Slow(fair, batch=4, concurrency=1), k=2, deadline=0.3)
    with Store(":memory:", judge.identity()) as store:
        verdicts = await judge.judge(cases(2), store)
        assert [verdict.unread for verdict in verdicts] == [{"deadline": 2}] * 2
        verdicts = await judge.judge(cases(2), store)
    assert verdicts == await scripted(k=2)[0].judge(cases(2))


def test_a_deadline_is_no_part_of_what_a_run_is() -> None:
    assert scripted(k=2, deadline=3)[0].identity() == scripted(k=2)[0].identity()
    with pytest.raises(UserError, match="deadline is 0: input should be greater than 0"):
        scripted(deadline=0)
