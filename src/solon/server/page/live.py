"""Judging on the page: what a sample came to is told the moment it arrives, and the verdict in the end."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

from solon.plan import slots_of
from solon.samplers.calls import together
from solon.samplers.seam import Answer, Failure, Request, Sampled, Sampler
from solon.server.engine import Engine, Judged, JudgeEngine
from solon.server.group import Part, Query, digest, group_of
from solon.server.notes import Notes
from solon.server.page.view import case_view, sample_view, verdict_view
from solon.server.refusal import Refusal
from solon.server.reply import encoded, reply
from solon.server.service import Service
from solon.server.sharing import SharedSampler
from solon.server.times import Deadline
from solon.store import Slot
from solon.types import Case, Content

_IN_PROCESS = 2


class Singly:
    """A sampler that asks for the samples of a request one by one, and tells each as it arrives.

    It does not close the sampler behind it.
    """

    batch = 1

    def __init__(self, sampler: Sampler, arrived: Callable[[int, Answer], None], most: int) -> None:
        self.concurrency = sampler.concurrency
        self._sampler, self._arrived = sampler, arrived
        self._places = asyncio.Semaphore(most)

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given."""
        return await together([self._whole(request) for request in requests])

    async def close(self) -> None:
        """Do nothing: the sampler is its owner's."""

    async def _whole(self, request: Request) -> Answer:
        seeds = range(request.seed, request.seed + request.n)
        answers = await together([self._one(replace(request, n=1, seed=seed)) for seed in seeds])
        samples = tuple(sample for answer in answers for sample in answer.samples)
        return Answer(
            samples,
            sum(answer.prompt_tokens for answer in answers),
            sum(answer.calls for answer in answers),
            max(answer.latency for answer in answers),
        )

    async def _one(self, request: Request) -> Answer:
        async with self._places:
            (answer,) = await self._sampler.sample([request])
        self._arrived(request.seed, answer)
        return answer


class LiveEngine:
    """A judge for one case, which tells what its samples come to as they arrive.

    Args:
        engine: whose judge it is.
        case: the case.
        k: how many judgments vote.
        tell: called with every sample as the page shows it.
    """

    def __init__(self, engine: JudgeEngine, case: Case, k: int, tell: Callable[[dict[str, Any]], None]) -> None:
        self.k, self.scale = engine.k, engine.scale
        self._engine, self._case, self._tell = engine, case, tell
        self._judge = copy.copy(engine.judge_of(case, k))
        sampler = self._judge.sampler
        most = _IN_PROCESS if isinstance(sampler, SharedSampler) else sampler.concurrency
        self._judge.sampler = Singly(sampler, self._arrived, most)
        self._slots = {slot.seed: slot for slot in slots_of(case, self._judge.config)}
        self._notes: Notes | None = None

    def misfit(self, case: Case, k: int) -> str | None:
        """Say why this case cannot be judged so often, or None when it can."""
        return self._engine.misfit(case, k)

    async def judge(self, case: Case, k: int, notes: Notes) -> Judged:
        """Judge the case; what the notes hold already is told at once."""
        for slot in self._slots.values():
            if (sample := notes.samples(case.id).get(slot.place)) is not None:
                self._told(slot, sample)
        if self._judge.config.too_long == "unread":
            self._notes = notes
        (verdict,) = await self._judge.judge([case], notes)
        return Judged(verdict, notes.finishes(len(verdict.outcomes)), notes.cost)

    def so_far(self, case: Case, k: int, notes: Notes) -> Judged:
        """Vote on what has arrived."""
        return self._engine.so_far(case, k, notes)

    def _arrived(self, seed: int, answer: Answer) -> None:
        if (slot := self._slots.get(seed)) is None:
            return
        if self._notes is not None:
            self._notes.arrive(self._case.id, slot, answer)
        self._told(slot, answer.samples[0])

    def _told(self, slot: Slot, sample: Sampled | Failure) -> None:
        outcome = self._judge.outcome(self._case, slot, sample)
        self._tell({"event": "sample", "sample": sample_view(slot.place, slot.order, outcome)})


class Live:
    """One case that is judged on the page.

    Raises:
        Refusal: it cannot be judged (422).
    """

    def __init__(self, service: Service, query: Query, responses: Sequence[Content]) -> None:
        self._service, self._k = service, query.k
        self.case = Case(digest(query, responses), query.prompt, tuple(responses), query.reference, query.principles)
        engine = service.desk.engine
        if fault := engine.misfit(self.case, query.k):
            raise Refusal(422, "misfit", f"this cannot be judged: {fault}")
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._engine: Engine = engine
        if isinstance(engine, JudgeEngine):
            self._engine = LiveEngine(engine, self.case, query.k, self._events.put_nowait)

    async def lines(self) -> AsyncIterator[bytes]:
        """Judge, and yield what happens as lines of JSON; who stops listening stops the judging."""
        deadline = self._service.deadline()
        try:
            async with self._service.desk.admitted(deadline, hold=False):
                yield _line({"event": "begin", "case": case_view(self.case), "asked": self._k})
                judging = asyncio.create_task(self._judged(deadline))
                judging.add_done_callback(lambda _: self._events.put_nowait(None))
                try:
                    while (event := await self._events.get()) is not None:
                        yield _line(event)
                    yield _line(await judging)
                finally:
                    judging.cancel()
        except Refusal as refusal:
            yield _line({"event": "error", **refusal.body["error"]})

    async def _judged(self, deadline: Deadline) -> dict[str, Any]:
        """Judge the case, count and keep it as the native protocol does, and return the last event."""
        service, case = self._service, self.case
        judged = await service.desk.judge(case, self._k, deadline, engine=self._engine)
        group = group_of(case.n, "mean", (Part(tuple(range(case.n)), judged),))
        service.metrics.judged(group)
        service.keeping.keep(case.id, encoded(reply(case.id, group)))
        keep = None
        if isinstance(service.desk.engine, JudgeEngine):
            keep = service.desk.engine.judge_of(case, self._k).ending.votes(len(judged.verdict.outcomes))
        verdict = verdict_view(judged.verdict, keep=keep, cost=judged.cost)
        return {"event": "end", "verdict": verdict, "cut": judged.cut}


def _line(event: dict[str, Any]) -> bytes:
    return encoded(event) + b"\n"
