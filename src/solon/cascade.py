"""A cascade: a scalar model scores every response first, and cases that it is not sure of go to the judge.

It conducts a scorer and a judge, and neither knows of the other. Who judged a case is part of what is said of it, since
a scorer's numbers and a judgment's scores are not of one unit.
"""

import asyncio
import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any, Literal, Self

from solon.config import named
from solon.door import Door
from solon.errors import UserError
from solon.judge import Judge
from solon.plan import Progress
from solon.samplers.calls import together
from solon.samplers.seam import Failure
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation, Counting, Scorer
from solon.stats import top
from solon.store import Store
from solon.types import Case, First, Message, Verdict


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

    def batch(
        self, cases: Sequence[Case], store: Store | None = None, progress: Callable[[Progress], None] | None = None
    ) -> list[Staged]:
        """Judge many cases: `judge` for synchronous code."""
        if self._door is None:
            self._door = Door(partial(_released, self.model, self.scoring.scorer))
            weakref.finalize(self, self._door.close)
        return self._door(self.judge(cases, store, progress))

    async def judge(
        self, cases: Sequence[Case], store: Store | None = None, progress: Callable[[Progress], None] | None = None
    ) -> list[Staged]:
        """Score all cases, judge those whose margin is too small, and return what is said of each, in the order given.

        Args:
            cases: the cases; their ids must differ.
            store: the run file, which keeps scores and samples as they arrive; None keeps nothing.
            progress: called after every answer of the judge's model.

        Raises:
            UserError: as `Judge.judge`, or the scorer's server refuses to work at all.
        """
        self.model.check(cases)
        if store is not None:
            store.add_cases(cases)
        firsts = await self.scoring.firsts(cases, store)
        sent = [i for i, first in enumerate(firsts) if not settles(first, self.margin)]
        verdicts = await self.model.judge([cases[i] for i in sent], store, progress) if sent else []
        if store is not None:
            store.add_cases(cases)  # the judge numbers what it is sent; the run's order is that of all cases
        voted = dict(zip(sent, verdicts, strict=True))
        return [Staged(first, voted.get(i)) for i, first in enumerate(firsts)]

    def close(self) -> None:
        """Release the judge and the scorer."""
        if self._door is None:
            self._door = Door(partial(_released, self.model, self.scoring.scorer))
        self._door.close()
        self._door = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


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
            scores = iter(await self.scorer.score(talks))
            new = {case.id: self._first(case, [next(scores) for _ in case.responses]) for case in cases}
            if store is not None:
                store.add_firsts(self.name, {name: one for name, one in new.items() if isinstance(one, First)})
            found |= new
            await asyncio.sleep(0)  # a scorer that never waits must not keep an error or a Ctrl-C from being heard

    def _first(self, case: Case, scores: Sequence[float | Failure]) -> First | Failure:
        if failed := next((score for score in scores if isinstance(score, Failure)), None):
            return failed
        tokens = sum(self.scorer.lengths(_talks(case))) if isinstance(self.scorer, Counting) else None
        return First(tuple(score for score in scores if not isinstance(score, Failure)), tokens)


def _talks(case: Case) -> list[Conversation]:
    return [(*case.prompt, Message("assistant", said)) for said in case.responses]


async def _released(judge: Judge, scorer: Scorer) -> None:
    await scorer.close()
    await judge.close_async()
