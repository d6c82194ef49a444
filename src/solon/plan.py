"""Which samples a case needs, which requests bring those that are still missing, and what has come."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from solon.config import JudgeConfig
from solon.order import sample_orders, stable_hash
from solon.samplers.seam import Answer, Failure, Request, Sampled
from solon.store import Slot
from solon.trimming import shorter, trimmed
from solon.types import Case, Judgment, Order, Unread

Slots: TypeAlias = tuple[Slot, ...]

_SEEDS = 2**30


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is to be made, and what is told of its answer the moment it is there."""

    request: Request
    keep: Callable[[Answer], object]


@dataclass(slots=True)
class Docket:
    """A case under judgment: where its samples stand, what those came to that are there, and what they weigh.

    `kept` are the samples that were there before; `asked` of the slots are used so far, and no more will be once the
    case is `decided`. `trim` is how much of the `whole` case's responses is shown, None for all.
    """

    whole: Case
    slots: Slots
    kept: Mapping[int, Sampled | Failure]
    outcomes: dict[int, Judgment | Unread]
    weights: dict[int, float] = field(default_factory=dict)
    asked: int = 0
    decided: bool = False
    trim: int | None = None

    @property
    def case(self) -> Case:
        """The case as it is shown."""
        return trimmed(self.whole, self.trim)

    @property
    def used(self) -> Slots:
        """The slots whose samples vote: those asked for so far, but what a spent budget left out."""
        return tuple(slot for slot in self.slots[: self.asked] if slot.place in self.outcomes)

    @property
    def results(self) -> list[Judgment | Unread]:
        """What these samples came to."""
        return [self.outcomes[slot.place] for slot in self.used]

    def cut_off(self, why: Unread) -> int:
        """Leave out what is asked for and not there: it is unread for this reason. Return how many samples that are."""
        out = [slot for slot in self.slots[: self.asked] if slot.place not in self.outcomes]
        self.outcomes |= {slot.place: why for slot in out}
        self.decided = True
        return len(out)

    def shorten(self) -> list[Judgment | Unread]:
        """Show less of a case that was too long, if less can be shown: drop all that it came to, and return that."""
        dropped = self.results
        if not any(isinstance(outcome, Unread) and outcome.reason == "too_long" for outcome in dropped):
            return []
        if (trim := shorter(self.whole, self.trim)) is None:
            return []
        self.trim, self.asked, self.kept, self.outcomes, self.weights = trim, 0, {}, {}, {}
        return dropped


@dataclass(slots=True)
class Progress:
    """How far a run is, in samples; `kept` of `total` were there when it began. Judgments are weighed after that.

    `tokens` are generated ones; `spent` counts what this session was billed, prompts included, and `calls` it made.
    """

    total: int
    kept: int = 0
    done: int = 0
    unread: int = 0
    tokens: int = 0
    weighed: int = 0
    spent: int = 0
    calls: int = 0

    def told(self, progress: "Tell | None", weighed: int) -> None:
        """Count judgments that were weighed, and tell of it."""
        self.weighed += weighed
        if progress:
            progress(self)

    def bill(self, progress: "Tell | None", answer: Answer) -> None:
        """Count what an answer cost, and tell of it."""
        tokens = sum(sample.tokens for sample in answer.samples if isinstance(sample, Sampled))
        self.tokens += tokens
        self.spent += tokens + answer.prompt_tokens
        self.calls += answer.calls
        if progress:
            progress(self)


Tell: TypeAlias = Callable[[Progress], None]
"""What is called after every answer, and told how far a run is."""


def slots_of(case: Case, config: JudgeConfig) -> Slots:
    """Place the k samples of a case: sample i is the same for every k > i.

    The samples of one order have consecutive seeds, so that one request can ask for them.
    """
    orders = sample_orders(case.n, config.k, seed=config.seed, case_id=case.id, orders=config.orders)
    seeds: dict[Order, int] = {}
    slots = []
    for place, order in enumerate(orders):
        seed = seeds[order] if order in seeds else stable_hash(config.seed, case.id, order) % _SEEDS
        slots.append(Slot(place, order, seed))
        seeds[order] = seed + 1
    return tuple(slots)


def lost(case: Case, config: JudgeConfig, why: Unread) -> Docket:
    """Return the docket of a case that cannot be asked about: each of its samples is unread, for the same reason."""
    slots = slots_of(case, config)
    return Docket(case, slots, {}, {slot.place: why for slot in slots}, asked=len(slots), decided=True)


def requests_of(slots: Slots, kept: Mapping[int, Sampled | Failure]) -> list[Slots]:
    """Group the slots still to be filled by order and consecutive seeds: what one request each can ask for.

    A call that failed is asked again; whatever else was kept is not.
    """
    missing = sorted((slot for slot in slots if _wanting(kept.get(slot.place))), key=_by_seed)
    runs = itertools.groupby(enumerate(missing), key=lambda item: (item[1].order, item[1].seed - item[0]))
    return sorted((tuple(slot for _, slot in run) for _, run in runs), key=lambda group: group[0].place)


def _wanting(sample: Sampled | Failure | None) -> bool:
    return sample is None or (isinstance(sample, Failure) and sample.reason == "failed_call")


def _by_seed(slot: Slot) -> tuple[Order, int]:
    return slot.order, slot.seed
