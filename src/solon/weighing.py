"""Weighing: a meta model reads every judgment, and the judgments that it holds best vote (arXiv 2504.02495, section 4).

A judgment that could not be scored has no rank: it does not vote, and is counted. It is not kept either, so the same
command asks again.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from solon.checkpoint import Checkpoint
from solon.config import JudgeConfig
from solon.errors import UserError
from solon.forms.form import Form
from solon.meta import conversation, meta_form
from solon.plan import Docket
from solon.samplers.seam import Failure
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation, Scorer
from solon.store import Slot, Store
from solon.types import Judgment
from solon.vote import chance, half


@dataclass(frozen=True, slots=True)
class Weighable:
    """A judgment that is to be weighed: where it stands, and its text."""

    docket: Docket
    slot: Slot
    text: str


class Weighing:
    """A meta model, how it reads judgments, and how many of them vote.

    `meta` is a scorer or the name of one; `judge` is the form of the judgments.

    Raises:
        UserError: there are to be more votes than judgments, or the meta model cannot be loaded.
    """

    def __init__(self, meta: str | Scorer, judge: Form, config: JudgeConfig) -> None:
        checkpoint = Checkpoint.of(meta) if isinstance(meta, str) else None
        self.form = meta_form(judge, checkpoint.form if checkpoint else None)
        self.keep = votes_of(config) if config.weigh == "top" else None
        self.fault: str | None = None
        self.mismatch = checkpoint and checkpoint.mismatch(self.form.name, self.form.template_hash)
        self.scorer: Scorer = _opened(meta, config) if isinstance(meta, str) else meta
        self._name, self._seed, self._trust = config.meta, config.seed, config.trust

    def counting(self, logits: Sequence[float | None]) -> list[float | None]:
        """Return the weights by which judgments are ranked, or count where all vote."""
        if self.keep is not None:
            return list(logits)
        return [None if logit is None else chance(logit, self._trust) for logit in logits]

    def identity(self) -> dict[str, object]:
        """Return what the weights depend on, for the run file; how many of them vote may change from run to run."""
        return {
            "meta": self._name,
            "meta_form": self.form.name,
            "meta_template_hash": self.form.template_hash,
        }

    def notes(self, unweighed: int) -> list[str]:
        """Return what a user should know of the meta model, and of this many judgments that could not be weighed."""
        notes = [f"Of the meta model: {self.mismatch}"] if self.mismatch else []
        if unweighed:
            many = "1 judgment" if unweighed == 1 else f"{unweighed:,} judgments"
            example = f", such as: {self.fault}" if self.fault else ""
            notes.append(f"Could not be weighed, so without a vote: {many}{example}")
        return notes

    async def weigh(self, judgments: Sequence[Weighable], store: Store | None) -> int:
        """Weigh judgments, in one batch, and return how many could be; what arrives is kept before it counts.

        Raises:
            UserError: the meta model's server refuses to work at all.
        """
        scores = await self.scorer.score([self._conversation(one) for one in judgments])
        weighed = [(one, s) for one, s in zip(judgments, scores, strict=True) if not isinstance(s, Failure)]
        if store is not None:
            store.weigh([(one.docket.case.id, one.slot.place, score) for one, score in weighed])
        for one, score in weighed:
            one.docket.weights[one.slot.place] = score
        self.fault = next((score.detail for score in scores if isinstance(score, Failure)), self.fault)
        return len(weighed)

    def _conversation(self, one: Weighable) -> Conversation:
        return conversation(self.form, one.docket.case, one.slot.order, one.text, self._seed)


def weighable(docket: Docket) -> list[Weighable]:
    """Return the judgments of a case that were read and are not weighed yet."""
    outcomes = [(slot, docket.outcomes[slot.place]) for slot in docket.used if slot.place not in docket.weights]
    return [Weighable(docket, slot, outcome.text) for slot, outcome in outcomes if isinstance(outcome, Judgment)]


def votes_of(config: JudgeConfig) -> int:
    """Return how many judgments vote: k_meta, by default half of k, rounded up.

    Raises:
        UserError: k_meta is more than k.
    """
    if config.k_meta is not None and config.k_meta > config.k:
        raise UserError(f"k_meta is {config.k_meta} and k is {config.k}: at most all judgments can vote")
    return config.k_meta or half(config.k)


def _opened(meta: str, config: JudgeConfig) -> Scorer:
    key = os.environ.get(config.meta_api_key_env)
    return open_scorer(meta, api_key=key, concurrency=config.concurrency, timeout=config.timeout)
