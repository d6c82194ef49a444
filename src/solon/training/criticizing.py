"""Sample critiques of single responses, the first half of CLoud (arXiv 2408.11791).

The paper first fine-tunes the critic on a stronger model's critiques, and then trains the head on critiques that the
critic itself writes, which it found essential. Here the critic is any model as it is: labeled cases hold no critiques
to learn from, and the sandbox's base model has read some. Critique i of a response is the same whatever k is.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from solon.checkpoint import Checkpoint
from solon.config import SamplingConfig
from solon.errors import UserError
from solon.files import make_folder
from solon.forms import is_terse, load_critique
from solon.forms.critique import CRITIQUE
from solon.forms.form import Form
from solon.forms.sandbox import SANDBOX_CRITIQUE
from solon.order import stable_hash
from solon.plan import Progress, Tell, requests_of
from solon.samplers.calls import together
from solon.samplers.opening import open_sampler
from solon.samplers.seam import Failure, Request, Sampled, Sampler
from solon.store import Slot, Store
from solon.training.config import CritiqueConfig
from solon.training.critiques import Critique, Critiques, alone
from solon.training.labeled import read_labeled
from solon.types import Case, LabeledCase, Unread

Ask: TypeAlias = tuple[Case, tuple[Slot, ...]]
"""Critiques of one response, with consecutive seeds: what one request asks for. A slot's order is that response."""

_TEMPERATURE = 0.5
_SEEDS = 2**30


@dataclass(frozen=True, slots=True)
class Criticism:
    """The labeled cases in the order of the data, the form that they were put in, and their critiques."""

    cases: tuple[LabeledCase, ...]
    form: Form
    critiques: tuple[Critiques, ...]

    def counts(self) -> dict[str, int]:
        """Count cases, responses, critiques, and those that could not be read, by reason."""
        every = [one for case in self.critiques for response in case for one in response]
        unread = Counter(f"unread: {one.unread}" for one in every if one.unread)
        responses = sum(map(len, self.critiques))
        return {
            "cases": len(self.cases),
            "responses": responses,
            "critiques": len(every),
            **dict(sorted(unread.items())),
        }


@dataclass(frozen=True, slots=True)
class Critic:
    """A model that criticizes, the form that it is asked in, and how it is sampled."""

    sampler: Sampler
    form: Form
    config: CritiqueConfig

    def request(self, case: Case, slots: tuple[Slot, ...]) -> Request:
        """Ask for critiques of one response."""
        shown = alone(case, slots[0].order[0])
        return Request(
            messages=self.form.render(shown, (0,), self.config.principles, seed=self.config.seed),
            n=len(slots),
            temperature=self.config.temperature or 0.0,
            max_tokens=self.config.max_tokens,
            seed=slots[0].seed,
            echo_mark=self.form.echo_mark(shown, self.config.seed),
        )

    def read(self, sample: Sampled | Failure) -> Critique:
        """Read a sample; one that was cut short is no critique, since what weighs most may have been still to come."""
        if isinstance(sample, Failure):
            return Critique("", sample.reason)
        if sample.finish != "stop":
            return Critique(sample.text, "truncated" if sample.finish == "length" else "refused")
        read = self.form.read(sample.text, 1)
        return Critique(sample.text, read.reason if isinstance(read, Unread) else None)

    def identity(self) -> dict[str, object]:
        """Return what critiques depend on, for the run file; on how many there are to be, none does."""
        shared = {name: value for name, value in self.config.kept().items() if name in SamplingConfig.model_fields}
        return shared | {"kind": "critiques", "form": self.form.name, "template_hash": self.form.template_hash}


def criticize(config: CritiqueConfig, *, sampler: Sampler | None = None, tell: Tell | None = None) -> Criticism:
    """Sample k critiques of every response of the config's data.

    Args:
        config: the critic, the data and how it is sampled; a temperature that is not set is the checkpoint's, or 0.5.
        sampler: asked in place of the config's model, whose name still tells the form; it is closed at the end.
        tell: called as critiques arrive.

    Raises:
        UserError: the data hold a malformed or unlabeled line or none, or the model cannot be asked.
    """
    cases, form = read_labeled(config.data), form_of(config)
    if not cases:
        raise UserError("the data hold no case to criticize")
    for one in cases:
        if misfit := form.misfit(alone(one.case, 0), config.principles):
            raise UserError(f"case '{one.case.id}' cannot be criticized: {misfit}")
    make_folder(config.out)
    critic = Critic(sampler or open_sampler(config), form, _heated(config))
    critiques = asyncio.run(_criticized(critic, [one.case for one in cases], tell))
    return Criticism(tuple(cases), form, tuple(critiques))


def form_of(config: CritiqueConfig) -> Form:
    """Return the form that a critic is asked in.

    Raises:
        UserError: there is no such form.
    """
    if config.form:
        return load_critique(config.form)
    checkpoint = Checkpoint.of(config.model)
    return SANDBOX_CRITIQUE if checkpoint and is_terse(checkpoint.form) else CRITIQUE


def _heated(config: CritiqueConfig) -> CritiqueConfig:
    checkpoint = Checkpoint.of(config.model)
    own = (checkpoint and checkpoint.temperature) or _TEMPERATURE
    return config if config.temperature is not None else config.model_copy(update={"temperature": own})


async def _criticized(critic: Critic, cases: Sequence[Case], tell: Tell | None) -> list[Critiques]:
    try:
        with closing(Store(critic.config.out / "critiques.sqlite", critic.identity())) as store:
            store.add_cases(cases)
            await _sampled(critic, cases, store, tell)
            return [_kept(critic, case, store) for case in cases]
    finally:
        await critic.sampler.close()


async def _sampled(critic: Critic, cases: Sequence[Case], store: Store, tell: Tell | None) -> None:
    """Ask for what the run file does not hold; every answer is kept the moment it arrives."""
    k, size = critic.config.k, critic.sampler.batch
    asks = [(c, slots) for c in cases for slots in requests_of(_slots(critic.config, c), store.samples(c.id))]
    total, wanted = k * sum(case.n for case in cases), sum(len(slots) for _, slots in asks)
    state = Progress(total, kept=total - wanted, done=total - wanted)
    work = iter([asks[i : i + size] for i in range(0, len(asks), size)])
    places = min(critic.sampler.concurrency, len(asks))
    await together([_work(work, critic, store, state, tell) for _ in range(places)])


async def _work(
    work: Iterator[Sequence[Ask]], critic: Critic, store: Store, state: Progress, tell: Tell | None
) -> None:
    for asks in work:
        answers = await critic.sampler.sample([critic.request(*ask) for ask in asks])
        for (case, slots), answer in zip(asks, answers, strict=True):
            store.add(case.id, slots, answer)
            state.done += len(slots)
            state.unread += sum(critic.read(sample).unread is not None for sample in answer.samples)
            state.tokens += sum(sample.tokens for sample in answer.samples if isinstance(sample, Sampled))
        if tell:
            tell(state)
        await asyncio.sleep(0)  # a sampler that never waits must not keep an error or a Ctrl-C from being heard


def _slots(config: CritiqueConfig, case: Case) -> tuple[Slot, ...]:
    """Place the critiques draw by draw, so that those of a smaller k are the first."""
    seeds = [stable_hash(config.seed, case.id, "critique", response) % _SEEDS for response in range(case.n)]
    places = [(draw, response) for draw in range(config.k) for response in range(case.n)]
    return tuple(Slot(place, (r,), seeds[r] + draw) for place, (draw, r) in enumerate(places))


def _kept(critic: Critic, case: Case, store: Store) -> Critiques:
    kept, k = store.samples(case.id), critic.config.k
    return tuple(tuple(critic.read(kept[draw * case.n + r]) for draw in range(k)) for r in range(case.n))
