"""One run: cases are opened one by one, and each goes its own way from its principles to its verdict.

A bounded number of cases is open at a time, so what a run holds in memory does not depend on how many there are. A
case moves on as soon as its own samples are there; what all open cases ask for is handed over in the batches that the
model likes.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from solon.batching import Batching
from solon.budget import Budget
from solon.docketing import Docketing
from solon.plan import Call, Docket, Progress, Slots, Tell, requests_of
from solon.principling import Principling, Round
from solon.samplers.seam import Answer, Sampler
from solon.store import Store
from solon.types import Case, Unread, Verdict
from solon.weighing import Weighable, weighable

Decided: TypeAlias = tuple[int, Case, Verdict]
"""The place of a case among all, from 0, the case, and its verdict."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What a case passes through; dockets know of weighing and ending."""

    docketing: Docketing
    principling: Principling
    sampler: Sampler


class Session:
    """One run over cases: what it may spend, how far it is, and the cases that are open.

    `total` is the number of cases, None where it is not known; the progress then counts those that were opened.
    """

    def __init__(self, stages: Stages, store: Store | None, tell: Tell | None, total: int | None) -> None:
        self._docketing, self._store, self._tell = stages.docketing, store, tell
        self._config, self._weighing = stages.docketing.config, stages.docketing.weighing
        self._sampler, self._principling = stages.sampler, stages.principling
        self.progress = Progress(self._config.k * (total or 0))
        self._counting = total is None
        self._budget = Budget(self._config)
        self._calls = Batching(self._send, self._sampler.batch, self._sampler.concurrency)
        self._round = Round(store, self._call)
        self._scores: Batching[Weighable, None] | None = None
        room = 2 * self._sampler.batch * self._sampler.concurrency
        if self._weighing is not None:
            scorer = self._weighing.scorer
            self._scores = Batching(self._score, scorer.batch, scorer.concurrency)
            room += scorer.batch * scorer.concurrency
        self._room = asyncio.Semaphore(room)  # of cases that are open or whose verdicts are not taken yet
        self._open: dict[asyncio.Task[Verdict], tuple[int, Case]] = {}
        self._done: deque[asyncio.Task[Verdict]] = deque()
        self._news = asyncio.Event()

    async def verdicts(self, cases: Iterable[Case] | AsyncIterable[Case]) -> AsyncGenerator[Decided]:
        """Yield every case with its verdict as soon as it is decided; the first error ends all.

        No more cases are opened than can keep the model busy, and none while nobody asks for the verdicts that are
        there.
        """
        opening = asyncio.ensure_future(self._open_all(cases))
        opening.add_done_callback(lambda _: self._news.set())
        try:
            while self._open or not opening.done():
                await self._news.wait()
                self._news.clear()
                if opening.done():
                    opening.result()
                while self._done:
                    task = self._done.popleft()
                    yield *self._open.pop(task), task.result()
                    self._room.release()
            opening.result()  # it may have failed while the last verdicts were taken
        finally:
            await self._end(opening)

    async def _open_all(self, cases: Iterable[Case] | AsyncIterable[Case]) -> None:
        place = 0
        async for case in each(cases):
            await self._room.acquire()
            await self._calls.hungry()
            task = asyncio.ensure_future(self._verdict(case))
            self._open[task] = place, case
            task.add_done_callback(self._decided)
            self.progress.total += self._counting * self._config.k
            place += 1
            await asyncio.sleep(0)  # the case asks for what it needs before another one is opened

    def _decided(self, task: asyncio.Task[Verdict]) -> None:
        self._done.append(task)
        self._news.set()

    async def _end(self, opening: asyncio.Future[None]) -> None:
        left: list[asyncio.Future[Any]] = [opening, *self._open]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._calls.close()
        if self._scores is not None:
            await self._scores.close()

    async def _verdict(self, case: Case) -> Verdict:
        docket: Docket | None = None
        try:
            async with asyncio.timeout(self._config.deadline) as deadline:
                written = await self._principling.written(case, self._round)
                docket = self._docketing.opened(case, written, self._store)
                await self._conduct(docket)
        except TimeoutError:
            if not deadline.expired():
                raise
            docket = self._cut_off(case, docket)
        return self._docketing.vote(docket)

    def _cut_off(self, case: Case, docket: Docket | None) -> Docket:
        """End a case whose deadline has passed: the samples that are still out are unread."""
        why = Unread("deadline", f"it was not there {self._config.deadline:g} s after the case was opened")
        if docket is None:
            docket = self._docketing.opened(case, why, self._store)
            out = docket.asked
        else:
            out = docket.cut_off(why)
        self.progress.done += out
        self.progress.unread += out
        self.progress.total -= self._config.k - docket.asked
        return docket

    async def _conduct(self, docket: Docket) -> None:
        """Ask from look to look until the case is decided or the budget is spent."""
        if docket.decided:
            self.progress.done += docket.asked
            self.progress.unread += docket.asked
            return
        for look in self._docketing.ending.looks:
            complete = await self._ask(docket, look)
            while complete and self._shortened(docket):
                complete = await self._ask(docket, look)
            if self._scores is not None:
                await self._scores(weighable(docket))
            if not complete or self._budget.over:
                return
            if self._docketing.decided(docket):
                docket.decided = True
                self.progress.total -= self._config.k - look
                return

    async def _ask(self, docket: Docket, look: int) -> bool:
        """Ask for what is missing until the next look, and tell whether the budget allowed all of it."""
        new, docket.asked = docket.slots[docket.asked : look], look
        missing = requests_of(new, docket.kept)
        there = len(new) - sum(map(len, missing))
        self.progress.kept += there
        self.progress.done += there
        answers = await self._calls(
            [Call(self._docketing.request(docket, slots), partial(self._keep, docket, slots)) for slots in missing]
        )
        return None not in answers

    def _shortened(self, docket: Docket) -> bool:
        """Tell whether a case was too long and is to be asked anew with less shown, if that is the policy."""
        if self._config.too_long == "unread" or self._budget.over:
            return False
        dropped = docket.shorten()
        self.progress.done -= len(dropped)
        self.progress.unread -= sum(isinstance(outcome, Unread) for outcome in dropped)
        return bool(dropped)

    def _keep(self, docket: Docket, slots: Slots, answer: Answer) -> None:
        """Keep an answer before it is read."""
        if self._store is not None:
            self._store.add(docket.case.id, slots, answer, docket.trim)
        if docket.decided:  # its deadline has passed, and it is voted on
            return
        for slot, sample in zip(slots, answer.samples, strict=True):
            outcome = docket.outcomes[slot.place] = self._docketing.outcome(docket.case, slot, sample)
            self.progress.done += 1
            self.progress.unread += isinstance(outcome, Unread)

    async def _call(self, call: Call) -> Answer | None:
        return (await self._calls([call]))[0]

    async def _send(self, calls: Sequence[Call]) -> list[Answer | None]:
        """Make the calls that the budget allows; None stands for the others."""
        sent = calls[: await self._budget.take(len(calls))]
        if not sent:
            return [None] * len(calls)
        mores = [self._budget.more() for _ in sent]
        try:
            answers = await self._sampler.sample(
                [replace(c.request, again=m) if m else c.request for c, m in zip(sent, mores, strict=True)]
            )
        except asyncio.CancelledError:
            self._budget.lose(len(sent) + sum(more.taken for more in mores if more))
            raise
        for call, answer, more in zip(sent, answers, mores, strict=True):
            self._budget.settle(answer, more)
            call.keep(answer)
            self.progress.bill(self._tell, answer)
        return [*answers, *[None] * (len(calls) - len(sent))]

    async def _score(self, judgments: Sequence[Weighable]) -> list[None]:
        assert self._weighing is not None
        self.progress.told(self._tell, await self._weighing.weigh(judgments, self._store))
        return [None] * len(judgments)


async def each(cases: Iterable[Case] | AsyncIterable[Case]) -> AsyncIterator[Case]:
    """Yield cases from an iterable of either kind."""
    if isinstance(cases, AsyncIterable):
        async for case in cases:
            yield case
    else:
        for case in cases:
            yield case
