"""Docketing: how a docket is opened, what is asked for it, what its samples say, and how it is voted on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solon.config import JudgeConfig
from solon.ending import Ending
from solon.forms.form import Form
from solon.order import restore
from solon.plan import Docket, Slots, lost, slots_of
from solon.samplers.seam import Failure, Request, Sampled
from solon.store import Slot, Store
from solon.tokenprob import rescored
from solon.types import Case, Judgment, Principle, Unread, Verdict
from solon.vote import vote
from solon.weighing import Weighing


@dataclass(frozen=True, slots=True)
class Docketing:
    """How a judge goes about a case; `temperature` is that of its samples."""

    form: Form
    config: JudgeConfig
    temperature: float
    weighing: Weighing | None
    ending: Ending

    def opened(self, case: Case, written: Case | Unread | None, store: Store | None) -> Docket:
        """Open a case with the principles that were written of its query, and with what a run file holds of it.

        Without principles, since a budget was spent before, nothing is asked for it and nothing votes.
        """
        if isinstance(written, Unread):
            return lost(case, self.config, written)
        if written is None:
            return Docket(case, (), {}, {}, decided=True)
        if store is None:
            return self.docket(written, {}, {})
        weights = store.weights(case.id) if self.weighing is not None else {}
        return self.docket(written, store.samples(case.id), weights, store.trim(case.id))

    def docket(
        self,
        case: Case,
        samples: Mapping[int, Sampled | Failure],
        weights: Mapping[int, float],
        trim: int | None = None,
    ) -> Docket:
        """Open a case with samples and weights that are there."""
        docket = Docket(case, slots_of(case, self.config), samples, {}, dict(weights), trim=trim)
        there = [slot for slot in docket.slots if slot.place in samples]
        docket.outcomes |= {slot.place: self.outcome(docket.case, slot, samples[slot.place]) for slot in there}
        return docket

    def request(self, docket: Docket, slots: Slots) -> Request:
        """Return what asks for samples in one order with consecutive seeds."""
        config, case, first = self.config, docket.case, slots[0]
        return Request(
            messages=self.form.render(case, first.order, config.prompt_mode, seed=config.seed),
            n=len(slots),
            temperature=self.temperature,
            max_tokens=config.max_tokens,
            seed=first.seed,
            echo_mark=self.form.echo_mark(case, config.seed),
            top_logprobs=config.alternatives,
        )

    def outcome(self, case: Case, slot: Slot, sample: Sampled | Failure) -> Judgment | Unread:
        """Read one sample; its scores are restored to the case's own order."""
        if isinstance(sample, Failure):
            return Unread(sample.reason, sample.detail)
        read = self.form.outcome(sample.text, case.n, sample.finish)
        if isinstance(read, Judgment) and self.config.scores != "boxed":
            read = rescored(read, sample, self.form, self.config.scores, case)
        if isinstance(read, Unread):
            return read
        scores, mode = restore(read.scores, slot.order), self.config.principles
        read = replace(read, scores=scores, principles_mode=mode, left_out=case.left_out)
        given = tuple(map(Principle, case.principles)) if self.config.prompt_mode == "given" else ()
        return replace(read, principles=given or read.principles)

    def decided(self, docket: Docket) -> bool:
        """Tell whether a case needs no further judgment."""
        return self.ending.decided(docket.results, self.weights(docket))

    def weights(self, docket: Docket) -> list[float | None] | None:
        """Return the weights of the samples that vote, None where judgments are not weighed."""
        if self.weighing is None:
            return None
        return self.weighing.counting([docket.weights.get(slot.place) for slot in docket.used])

    def vote(self, docket: Docket) -> Verdict:
        """Vote on what has come."""
        return vote(
            docket.results,
            docket.case.n,
            rule=self.form.rule,
            weights=self.weights(docket),
            keep=self.ending.votes(docket.asked),
            orders=[slot.order for slot in docket.used],
        )
