"""What one request's samples were, in memory: a run file of one case, passed on to the server's own if there is one.

A judge keeps whatever arrives before it reads it. So what was read by a deadline can be voted on, and what a request
cost is known, without a database between the two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from solon.samplers.seam import Answer, Failure, Sampled
from solon.store import Slot, Store
from solon.types import Case

Samples: TypeAlias = Mapping[int, Sampled | Failure]


@dataclass(slots=True)
class Cost:
    """What was billed for one case so far."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0

    def bill(self, answer: Answer) -> None:
        """Add what an answer cost."""
        self.prompt_tokens += answer.prompt_tokens
        self.completion_tokens += sum(one.tokens for one in answer.samples if isinstance(one, Sampled))
        self.calls += answer.calls


class Notes(Store):
    """The samples of one case.

    Args:
        known: samples that are there already, by sample index.
        kept: called with slots, answer and trim of whatever arrives.
    """

    def __init__(
        self,
        known: Samples | None = None,
        kept: Callable[[Sequence[Slot], Answer, int | None], None] | None = None,
    ) -> None:
        self.path = "the memory of a request"
        self.cost = Cost()
        self._kept = kept
        self._samples = dict(known or {})
        self._weights: dict[int, float] = {}
        self._principles: dict[str, Sampled | Failure] = {}
        self._trim: int | None = None
        self._early: set[int] = set()

    def add_cases(self, cases: Sequence[Case], first: int = 0) -> None:
        """Do nothing: there is only one case."""

    def add(self, case_id: str, slots: Sequence[Slot], answer: Answer, trim: int | None = None) -> None:
        """Keep one answer; samples that saw more of the case than this one count no longer."""
        if self._early.issuperset(slot.place for slot in slots):
            return
        if trim != self._trim:
            self._samples, self._weights, self._trim = {}, {}, trim
        self._samples.update(zip((slot.place for slot in slots), answer.samples, strict=True))
        self.cost.bill(answer)
        if self._kept is not None:
            self._kept(slots, answer, trim)

    def arrive(self, case_id: str, slot: Slot, answer: Answer) -> None:
        """Keep one sample of a request of which others are still to come; when it is whole, it is not kept again."""
        self.add(case_id, [slot], answer)
        self._early.add(slot.place)

    def trim(self, case_id: str) -> int | None:
        """Return how much of the case its samples were shown, None for all."""
        return self._trim

    def samples(self, case_id: str) -> dict[int, Sampled | Failure]:
        """Return the samples by index."""
        return dict(self._samples)

    def add_principles(self, query: str, answer: Answer) -> None:
        """Keep what was written of the query."""
        (self._principles[query],) = answer.samples
        self.cost.bill(answer)

    def principles(self, query: str) -> Sampled | Failure | None:
        """Return what was written of the query."""
        return self._principles.get(query)

    def weigh(self, weights: Sequence[tuple[str, int, float]]) -> None:
        """Keep what judgments weigh."""
        self._weights |= {place: weight for _, place, weight in weights}

    def weights(self, case_id: str) -> dict[int, float]:
        """Return what judgments weigh, by sample index."""
        return dict(self._weights)

    def close(self) -> None:
        """Do nothing: there is no file."""

    def finishes(self, outcomes: int) -> tuple[str | None, ...]:
        """Return how the samples behind so many outcomes ended; None for a failure, or one that never came.

        Outcomes are of the samples that are there or, where the rest was given up, of all that were asked for.
        """
        places = sorted(self._samples) if outcomes == len(self._samples) else range(outcomes)
        ordered = [self._samples.get(place) for place in places]
        return tuple(one.finish if isinstance(one, Sampled) else None for one in ordered)
