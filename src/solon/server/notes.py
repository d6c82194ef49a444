"""What was noted of one case, in memory: a run file of its own, passed on to the server's if there is one.

A judge keeps whatever arrives before it reads it. So what was read by a deadline can be voted on, and what a request
cost is known, without a database between the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from solon.samplers.seam import Answer, Failure, Sampled
from solon.store import Slot, Store
from solon.types import Case

Write: TypeAlias = Callable[[Store], None]
"""What writes something into a run file."""

ByQuery: TypeAlias = dict[str, Sampled | Failure]
"""Principles by the query that they were written of."""


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
    """The samples of one case, what they weigh, and the principles that were written of its query.

    Args:
        case_id: whose they are.
        store: the run file, which may hold some of them already.
        later: called with what writes into that file whatever arrives.
        written: principles that are on their way into that file.
    """

    def __init__(
        self,
        case_id: str = "",
        store: Store | None = None,
        later: Callable[[Write], None] = lambda write: None,
        written: ByQuery | None = None,
    ) -> None:
        self.path = "the memory of a request"
        self.cost = Cost()
        self._store, self._later = store, later
        self._samples, self._weights, self._trim = ({}, {}, None) if store is None else _known(case_id, store)
        self._written: ByQuery = {} if written is None else written
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
        self._later(lambda store: store.add(case_id, slots, answer, trim))

    def arrive(self, case_id: str, slot: Slot, answer: Answer) -> None:
        """Keep one sample of a request of which others are still to come; when it is whole, it is not kept again."""
        self.add(case_id, [slot], answer, self._trim)
        self._early.add(slot.place)

    def trim(self, case_id: str) -> int | None:
        """Return how much of the case its samples were shown, None for all."""
        return self._trim

    def samples(self, case_id: str) -> dict[int, Sampled | Failure]:
        """Return the samples by index."""
        return dict(self._samples)

    def add_principles(self, query: str, answer: Answer) -> None:
        """Keep what was written of the query."""
        (self._written[query],) = answer.samples
        self.cost.bill(answer)
        self._later(lambda store: store.add_principles(query, answer))

    def principles(self, query: str) -> Sampled | Failure | None:
        """Return what was written of the query."""
        if query in self._written or self._store is None:
            return self._written.get(query)
        return self._store.principles(query)

    def weigh(self, weights: Sequence[tuple[str, int, float]]) -> None:
        """Keep what judgments weigh."""
        self._weights |= {place: weight for _, place, weight in weights}
        self._later(lambda store: store.weigh(weights))

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


def _known(case_id: str, store: Store) -> tuple[dict[int, Sampled | Failure], dict[int, float], int | None]:
    """Return what a run file holds of a case: samples, what they weigh, and how much of it they were shown."""
    samples = store.samples(case_id)
    return (samples, store.weights(case_id), store.trim(case_id)) if samples else ({}, {}, None)
