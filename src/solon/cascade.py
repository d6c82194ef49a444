"""A cascade: a scalar model scores every response first, and cases that it is not sure of go to the judge.

It conducts a scorer and a judge, and neither knows of the other. Who judged a case is part of what is said of it, since
a scorer's numbers and a judgment's scores are not of one unit.
"""

import asyncio
import os
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from itertools import count, repeat
from math import isfinite
from typing import Any, Literal, Self, TypeAlias

from solon.config import named
from solon.door import Door
from solon.errors import UserError
from solon.judge import Judge
from solon.plan import Tell
from solon.samplers.calls import together
from solon.samplers.seam import Failure
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation, Counting, Scorer
from solon.stats import top
from solon.store import Store
from solon.types import Case, First, Message, Verdict

_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Staged:
    """What a cascade says of one case: what the scorer gave, and the judge's verdict where that one was asked."""

    first: First | Failure
    verdict: Verdict | None

    @property
    def judged_by(self) -> Literal["scorer", "judge"]:
        """Whose verdict it is."""
        return "scorer" if self.verdict is None else "judge"

    @property
    def scores(self) -> tuple[float, ...] | None:
        """The scores that decide, in the unit of whoever judged; None where no judgment of the judge counts."""
        if self.verdict is not None:
            return self.verdict.scores
        assert isinstance(self.first, First)
        return self.first.scores

    @property
    def tied(self) -> tuple[int, ...]:
        """The responses that share the top."""
        return () if self.scores is None else top(self.scores)

    @property
    def best(self) -> int | None:
        """The response that alone has the top score, or None."""
        return self.tied[0] if len(self.tied) == 1 else None


def settles(first: First | Failure, margin: float) -> bool:
    """Tell whether a scorer's verdict stands: its best is at least `margin` above its second.

    A single response has no margin, and what could not be scored has none either: both go to the judge.
    """
    return isinstance(first, First) and first.margin is not None and first.margin >= margin


Take: TypeAlias = Callable[[int, Case, Staged], object]
"""What is called with the place of a case, the case, and what is said of it."""


class Cascade:
    """A scorer before a judge. Use it with `with`, or call `close`: that closes the judge and the scorer, too.

    Args:
        judge: what judges the cases that the scorer is not sure of, with votes that may end early.
        first: the scorer: the base URL of a server with `/classify`, a checkpoint folder, a hub id, or a scorer.
        margin: how far its best must be above its second for its verdict to stand, in its own unit;
            `solon tune cascade` chooses it on labeled cases.

    Raises:
        UserError: the margin is below 0 or not finite, or the scorer cannot be loaded.
    """

    def __init__(self, judge: Judge, first: str | Scorer, margin: float) -> None:
        if not isfinite(margin) or margin < 0:
            raise UserError(f"margin is {margin}: a number from 0 on is allowed; solon tune cascade chooses one")
        self.model, self.margin = judge, margin
        calling = {"concurrency": judge.config.concurrency, "timeout": judge.config.timeout}
        self.scoring = Scoring.of(first, judge.config.meta_api_key_env, **calling)
        self._door: Door | None = None

    def batch(self, cases: Sequence[Case], store: Store | None = None, progress: Tell | None = None) -> list[Staged]:
        """Judge many cases: `judge` for synchronous code."""
        return self._opened()(self.judge(cases, store, progress))

    async def judge(
        self, cases: Sequence[Case], store: Store | None = None, progress: Tell | None = None
    ) -> list[Staged]:
        """Score cases, judge those whose margin is too small, and return what is said of each, in the order given.

        Args:
            cases: the cases; their ids must differ.
            store: the run file, which keeps scores and samples as they arrive; None keeps nothing.
            progress: called after every answer of the judge's model.

        Raises:
            UserError: as `Judge.judge`, or the scorer's server refuses to work at all.
        """
        self.model.check(cases)
        found: dict[int, Staged] = {}
        await self.take(cases, lambda place, _, staged: found.update({place: staged}), store, progress)
        return [found[place] for place in range(len(cases))]

    def run(
        self,
        cases: Iterable[Case],
        take: Take,
        store: Store | None = None,
        progress: Tell | None = None,
        total: int | None = None,
    ) -> None:
        """Judge cases as they come: `take` for synchronous code.

        `cases` is read and `take` is called in another thread, one at a time.
        """
        self._opened()(self.take(cases, take, store, progress, total))

    async def take(
        self,
        cases: Iterable[Case] | AsyncIterable[Case],
        take: Take,
        store: Store | None = None,
        progress: Tell | None = None,
        total: int | None = None,
    ) -> None:
        """Judge cases as they come, and hand each with its place among them to `take` once it is decided.

        Only as many cases are held as keep both models busy: memory does not grow with their number. The scorer reads
        some while the judge is asked about those before.

        Args:
            cases: the cases; their ids must differ. An asynchronous iterable may take its time, but may not wait for
                verdicts: some cases are read before the first of them is scored.
            take: called with the place of a case, the case, and what is said of it.
            store: the run file, as in `judge`.
            progress: as in `judge`.
            total: the number of cases, where it is known, for the progress.

        Raises:
            UserError: as `judge`, when the case in question is read.
        """
        session = self.model.session(store, progress, total)
        sent: dict[int, tuple[int, First | Failure]] = {}
        places = count()

        async def unsettled() -> AsyncIterator[Case]:
            async for place, case, first in self.scoring.stream(self.model.admitted(cases, store), store):
                if settles(first, self.margin):
                    session.progress.total -= 0 if total is None else self.model.config.k
                    take(place, case, Staged(first, None))
                else:
                    sent[next(places)] = place, first
                    yield case

        async with aclosing(session.verdicts(unsettled())) as decided:
            async for at, case, verdict in decided:
                place, first = sent.pop(at)
                take(place, case, Staged(first, verdict))

    def close(self) -> None:
        """Release the judge and the scorer."""
        self._opened().close()
        self._door = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _opened(self) -> Door:
        if self._door is None:
            self._door = Door(partial(_released, self.model, self.scoring.scorer))
            weakref.finalize(self, self._door.close)
        return self._door


@dataclass(frozen=True, slots=True)
class Scoring:
    """A scorer that scores responses, and the name by which a run file keeps its scores."""

    scorer: Scorer
    name: str

    @classmethod
    def of(cls, first: str | Scorer, key_env: str = "META_API_KEY", **calling: Any) -> "Scoring":
        """Open the scorer that a name stands for.

        Args:
            first: the base URL of a server with `/classify`, a checkpoint folder, a hub id, or a scorer.
            key_env: the environment variable that holds the server's key.
            calling: how the server is called, as `open_scorer`.

        Raises:
            UserError: it cannot be loaded.
        """
        scorer = open_scorer(first, api_key=os.environ.get(key_env), **calling) if isinstance(first, str) else first
        return cls(scorer, named(first) or "")

    async def stream(
        self, cases: AsyncIterable[Case], store: Store | None
    ) -> AsyncIterator[tuple[int, Case, First | Failure]]:
        """Yield cases with their places and first scores; a few batches of them are read and scored at once."""
        places = count()
        async for some in self._parts(cases):
            for case, first in zip(some, await self.firsts(some, store), strict=True):
                yield next(places), case, first

    async def _parts(self, cases: AsyncIterable[Case]) -> AsyncIterator[list[Case]]:
        some, responses = list[Case](), 0
        async for case in cases:
            some.append(case)
            responses += case.n
            if responses >= _ROUNDS * self.scorer.batch * self.scorer.concurrency:
                yield some
                some, responses = [], 0
        yield some

    async def firsts(self, cases: Sequence[Case], store: Store | None) -> list[First | Failure]:
        """Score all responses of the cases, but for those whose scores are kept; a case is whole or a failure.

        Args:
            cases: the cases, in the store already.
            store: the run file, which keeps scores the moment they arrive; failures are not kept, and asked again.
        """
        found: dict[str, First | Failure] = {}
        for case in cases if store is not None else ():
            if store is not None and (kept := store.first(self.name, case.id)):
                found[case.id] = kept
        missing = [case for case in cases if case.id not in found]
        size = max(1, self.scorer.batch // max((case.n for case in missing), default=1))
        work = iter([missing[i : i + size] for i in range(0, len(missing), size)])
        places = min(self.scorer.concurrency, len(missing))
        await together([self._work(work, store, found) for _ in range(places)])
        return [found[case.id] for case in cases]

    async def _work(
        self, work: Iterator[Sequence[Case]], store: Store | None, found: dict[str, First | Failure]
    ) -> None:
        for cases in work:
            talks = [talk for case in cases for talk in _talks(case)]
            scores = await self.scorer.score(talks)
            lengths: Iterator[int | None] = repeat(None)
            if isinstance(self.scorer, Counting):
                read = [talk for talk, score in zip(talks, scores, strict=True) if not isinstance(score, Failure)]
                lengths = iter(await asyncio.to_thread(self.scorer.lengths, read))
            pairs = iter([(score, None if isinstance(score, Failure) else next(lengths)) for score in scores])
            new = {case.id: _first([next(pairs) for _ in case.responses]) for case in cases}
            if store is not None:
                store.add_firsts(self.name, {name: one for name, one in new.items() if isinstance(one, First)})
            found |= new
            await asyncio.sleep(0)  # a scorer that never waits must not keep an error or a Ctrl-C from being heard


def _first(pairs: Sequence[tuple[float | Failure, int | None]]) -> First | Failure:
    """Return the scores of a case and the tokens that were read for them, where the scorer tells them."""
    if failed := next((score for score, _ in pairs if isinstance(score, Failure)), None):
        return failed
    tokens = [length for _, length in pairs if length is not None]
    scores = tuple(score for score, _ in pairs if not isinstance(score, Failure))
    return First(scores, sum(tokens) if len(tokens) == len(pairs) else None)


def _talks(case: Case) -> list[Conversation]:
    return [(*case.prompt, Message("assistant", said)) for said in case.responses]


async def _released(judge: Judge, scorer: Scorer) -> None:
    await scorer.close()
    await judge.close_async()
