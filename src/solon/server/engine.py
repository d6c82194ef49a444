"""The engine behind the server: one judge for all requests, also for those that want another number of judgments."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from solon.judge import Judge
from solon.rewards import SCALE
from solon.server.notes import Cost, Notes
from solon.server.sharing import SharedSampler
from solon.types import Case, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging one case came to.

    `finishes` says of every outcome how its sample ended, None for a failure. `cut` says why judging ended before all
    was asked: `deadline`, `shutting_down` or `failed_call`.
    """

    verdict: Verdict
    finishes: Sequence[str | None] = ()
    cost: Cost = field(default_factory=Cost)
    cut: str | None = None


class Engine(Protocol):
    """What judges cases for the server."""

    k: int
    """How many judgments a case gets where a request does not say."""
    scale: tuple[float, float]
    """The least and the largest score."""

    def misfit(self, case: Case, k: int) -> str | None:
        """Say why this case cannot be judged so often, or None when it can."""
        ...

    async def judge(self, case: Case, k: int, notes: Notes) -> Judged:
        """Judge a case k times; whatever arrives goes into the notes."""
        ...

    def so_far(self, case: Case, k: int, notes: Notes) -> Judged:
        """Vote on what the notes hold, after judging was broken off."""
        ...


class JudgeEngine:
    """A judge as an engine; it shares its sampler, its meta model and its principles among all numbers of judgments."""

    def __init__(self, judge: Judge) -> None:
        self.k = judge.config.k
        self.scale = judge.form.scale or SCALE
        shared = SharedSampler(judge.sampler) if judge.sampler.batch > 1 else None
        self._judges = {(self.k, False): judge.otherwise(shared)}

    def misfit(self, case: Case, k: int) -> str | None:
        """Say why this case cannot be judged so often, or None when it can."""
        base = self._judges[self.k, False]
        if k != self.k and base.keep is not None:
            return f"this server weighs its judgments, and k is {self.k} for all requests: leave k out"
        if case.principles and base.config.principles == "query":
            return "this server writes the principles from the query itself: leave principles out"
        return self.judge_of(case, k).misfit(case)

    async def judge(self, case: Case, k: int, notes: Notes) -> Judged:
        """Judge a case k times; whatever arrives goes into the notes."""
        (verdict,) = await self.judge_of(case, k).judge([case], notes)
        return Judged(verdict, notes.finishes(len(verdict.outcomes)), notes.cost)

    def so_far(self, case: Case, k: int, notes: Notes) -> Judged:
        """Vote on what the notes hold, after judging was broken off."""
        verdict = self.judge_of(case, k).recalled(case, notes)()
        return Judged(verdict, notes.finishes(len(verdict.outcomes)), notes.cost)

    def judge_of(self, case: Case, k: int) -> Judge:
        """Return the judge that asks k times, by the case's own principles where it brings some."""
        key = (k, bool(case.principles))
        if key not in self._judges:
            base = self._judges[self.k, False]
            mode = base.config.principles
            mode = "given" if case.principles and mode in ("self", "none") else mode
            self._judges[key] = base.otherwise(k=k, principles=mode)
        return self._judges[key]
