"""The conductor, the only module that knows every stage: cases in, verdicts out.

Orders are drawn, prompts rendered, samples asked for and kept, read, restored to the case's own order, perhaps weighed,
and voted on.
"""

import asyncio
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from solon.budget import Budget
from solon.cache import Cache
from solon.checkpoint import Checkpoint
from solon.config import JudgeConfig, judge_config, named
from solon.data.case_lines import read_case_line
from solon.data.fields import MalformedLine, Place
from solon.door import Door
from solon.ending import Ending
from solon.errors import UserError
from solon.forms import load_form
from solon.forms.form import Form
from solon.order import restore, stable_hash
from solon.plan import Docket, Progress, Slots, lost, requests_of, slots_of
from solon.principling import Principling
from solon.samplers.calls import together
from solon.samplers.opening import open_sampler
from solon.samplers.seam import Failure, Request, Sampled, Sampler
from solon.scorers.seam import Scorer
from solon.store import Slot, Store
from solon.tokenprob import check_scores, rescored
from solon.types import Case, Judgment, Principle, Unread, Verdict
from solon.vote import repeats, vote
from solon.weighing import Weighing

_MANY_REPEATS = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """Samples of one case in one order, with consecutive seeds: what one request asks for."""

    docket: Docket
    slots: Slots


class Judge:
    """A generative reward model: writes principles, critiques, scores, and votes over k judgments.

    Use it with `with`, with `async with` where its coroutines are awaited, or call `close`; one that is forgotten is
    closed when it is collected or the program ends. Closing it closes its sampler and scorer, also those handed in.

    Args:
        model: the base URL of an OpenAI-compatible server, a checkpoint folder, a hub id, `sandbox`, or a sampler.
        form: a form of your own, in place of one that the options name.
        meta: a model that weighs the judgments, of which only the best `k_meta` vote: the base URL of a server with
            `/classify`, a checkpoint folder, a hub id, or a scorer.
        options: the fields of `JudgeConfig`, such as `k`, `served_model`, `temperature` or `seed`.

    Raises:
        UserError: an option is unknown or out of range, or the model, meta model or form cannot be loaded.
    """

    def __init__(
        self,
        model: str | Sampler,
        *,
        form: Form | str | None = None,
        meta: str | Scorer | None = None,
        **options: object,
    ) -> None:
        form_name = form.name if isinstance(form, Form) else form
        self.config = judge_config(options | {"model": named(model), "form": form_name, "meta": named(meta)})
        checkpoint = Checkpoint.of(model) if isinstance(model, str) else None
        spoken = checkpoint.form if checkpoint else "pointwise"
        self.form = form if isinstance(form, Form) else load_form(form_name or spoken)
        check_scores(self.form, self.config.scores)
        self.temperature = _temperature(self.config, checkpoint)
        self._mismatch = checkpoint and checkpoint.mismatch(self.form.name, self.form.template_hash)
        self._principling = Principling(self.form, self.config, model)
        self._weighing = None if meta is None else Weighing(meta, self.form, self.config)
        self.ending = Ending(self.form, self.config, self.keep)
        self.sampler: Sampler = open_sampler(self.config) if isinstance(model, str) else model
        self._door: Door | None = None

    def __call__(
        self,
        prompt: str | Sequence[Mapping[str, object]],
        responses: Sequence[str | Mapping[str, object]],
        *,
        reference: str | None = None,
        principles: Sequence[str] = (),
    ) -> Verdict:
        """Judge one prompt's responses and return the verdict; also works inside a running event loop.

        Args:
            prompt: a text, or a list of messages (`role`, `content`) whose last turn is the user's.
            responses: one or more texts, or objects with `content`.
            reference: an answer that is known to be right.
            principles: given principles, for `principles="given"` or `"given+self"`.

        Raises:
            UserError: an argument is not of this kind, or as `judge` does.
        """
        row = {"prompt": _listed(prompt), "responses": _listed(responses), "principles": _listed(principles)}
        try:
            case = read_case_line(row | {"reference": reference}, Place(line=0))
        except MalformedLine as error:
            raise UserError(str(error)) from error
        assert isinstance(case, Case)
        return self.batch([replace(case, id=f"{stable_hash(case):016x}")])[0]

    def batch(
        self, cases: Sequence[Case], store: Store | None = None, progress: Callable[[Progress], None] | None = None
    ) -> list[Verdict]:
        """Judge many cases: `judge` for synchronous code."""
        return self._opened()(self.judge(cases, store, progress))

    async def judge(
        self, cases: Sequence[Case], store: Store | None = None, progress: Callable[[Progress], None] | None = None
    ) -> list[Verdict]:
        """Judge cases and return their verdicts in the same order.

        Args:
            cases: the cases; their ids must differ.
            store: the run file, in which every sample is kept as it arrives and from which a broken run goes on; None
                keeps nothing.
            progress: called after every answer.

        Raises:
            UserError: a case does not fit the form, two share an id, or the server refuses to work at all.
        """
        self.check(cases)
        if store is not None:
            store.add_cases(cases)
        state = Progress(self.config.k * len(cases))
        budget, bill = Budget(self.config), partial(state.bill, progress)
        written = await self._principling.written(cases, self.sampler, store, budget, bill)
        dockets = [self._opened_docket(*pair, store) for pair in zip(cases, written, strict=True)]
        state.done = state.unread = sum(docket.asked for docket in dockets)
        for look in self.ending.looks:
            pending = [docket for docket in dockets if not docket.decided]
            await self._ask(self._asks(pending, look, state), store, budget, state, progress)
            while again := self._shortened(pending, budget, state):
                await self._ask(self._asks(again, look, state), store, budget, state, progress)
            if self._weighing is not None:
                await self._weighing.weigh(pending, store, partial(state.told, progress))
            if budget.over:
                break
            for docket in pending:
                docket.decided = self.ending.decided(docket.results, self._weights(docket))
                state.total -= docket.decided * (self.config.k - look)
        return [self._vote(docket) for docket in dockets]

    def check(self, cases: Sequence[Case]) -> None:
        """Raise a UserError that names the first case that cannot be judged."""
        for case_id, count in Counter(case.id for case in cases).items():
            if count > 1:
                raise UserError(f"{count} cases have the id '{case_id}'; ids must differ")
        for case in cases:
            if misfit := self.misfit(case):
                raise UserError(f"case '{case.id}' cannot be judged: {misfit}")

    def misfit(self, case: Case) -> str | None:
        """Say why this judge cannot judge the case, or None when it can."""
        return self.form.misfit(case, "self" if self._principling.apart else self.config.prompt_mode)

    def verdict(
        self, case: Case, samples: Mapping[int, Sampled | Failure], weights: Mapping[int, float] | None = None
    ) -> Verdict:
        """Read the kept samples of a case and vote, with a meta model by the kept weights.

        Where votes end early, only the samples count that were needed; k are enough, and so are those that were asked.
        Principles that were written apart are attached by `principled`.
        """
        docket = self._docket(case, samples, weights or {})
        for look in self.ending.looks:
            docket.asked = look
            if self.ending.decided(docket.results, self._weights(docket)):
                break
        return self._vote(docket)

    def principled(self, case: Case, store: Store) -> Case | Verdict:
        """Return a case with the principles that were written of its query, or its verdict where none could be read."""
        found = self._principling.kept(case, store)
        return self._vote(lost(case, self.config, found)) if isinstance(found, Unread) else found

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

    @property
    def keep(self) -> int | None:
        """How many judgments of a case vote by their weights; None where all do."""
        return None if self._weighing is None else self._weighing.keep

    def identity(self) -> dict[str, object]:
        """Return what a run's samples and weights depend on, for its run file."""
        resolved = {"form": self.form.name, "template_hash": self.form.template_hash, "temperature": self.temperature}
        resolved |= {"form_file": self.form.file} if self.form.file else {}
        weighed = self._weighing.identity() if self._weighing else {}
        return self.config.kept() | resolved | self._principling.identity() | weighed

    def notes(self, verdicts: Sequence[Verdict] = ()) -> list[str]:
        """Return what a user should know about the model, its form, or the samples of these verdicts."""
        said, possible = repeats(verdicts)
        notes = [self._mismatch] if self._mismatch else []
        notes += getattr(self.sampler, "notes", ())
        if self._weighing is not None:
            notes += self._weighing.notes(sum(verdict.unweighed for verdict in verdicts))
        notes += self.ending.notes()
        if self.temperature > 0 and said == possible >= _MANY_REPEATS:
            notes.append("All samples of a prompt are the same text: the server seems to ignore temperature or seed.")
        return notes

    def close(self) -> None:
        """Release the sampler and the scorer, and end the event loop behind the synchronous calls."""
        self._opened().close()
        self._door = None

    async def close_async(self) -> None:
        """Release the sampler and the scorer inside the running event loop, and do all that `close` does."""
        await self._last()()
        if self._door is not None:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close_async()

    def _opened(self) -> Door:
        if self._door is None:
            self._door = Door(self._last())
            weakref.finalize(self, self._door.close)
        return self._door

    def _last(self) -> Callable[[], Awaitable[None]]:
        """Return what is to be done in the end; it does not hold on to this judge."""
        scorer = None if self._weighing is None else self._weighing.scorer
        return partial(_released, self.sampler, scorer, self._principling.cache)

    def _opened_docket(self, case: Case, written: Case | Unread, store: Store | None) -> Docket:
        if isinstance(written, Unread):
            return lost(case, self.config, written)
        if store is None:
            return self._docket(written, {}, {})
        weights = store.weights(case.id) if self._weighing is not None else {}
        return self._docket(written, store.samples(case.id), weights, store.trim(case.id))

    def _shortened(self, dockets: Sequence[Docket], budget: Budget, state: Progress) -> list[Docket]:
        """Return the cases that were too long and are to be asked anew with less shown, if that is the policy."""
        if self.config.too_long == "unread" or budget.over:
            return []
        again = [(docket, dropped) for docket in dockets if (dropped := docket.shorten())]
        state.done -= sum(len(dropped) for _, dropped in again)
        state.unread -= sum(isinstance(outcome, Unread) for _, dropped in again for outcome in dropped)
        return [docket for docket, _ in again]

    def _asks(self, dockets: Sequence[Docket], look: int, state: Progress) -> list[Ask]:
        """Return what is to be asked until the next look."""
        asks = []
        for docket in dockets:
            new, docket.asked = docket.slots[docket.asked : look], look
            missing = requests_of(new, docket.kept)
            asks += [Ask(docket, slots) for slots in missing]
            there = len(new) - sum(map(len, missing))
            state.kept, state.done = state.kept + there, state.done + there
        return asks

    async def _ask(
        self,
        asks: Sequence[Ask],
        store: Store | None,
        budget: Budget,
        state: Progress,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        size = self.sampler.batch
        work = iter([asks[i : i + size] for i in range(0, len(asks), size)])
        places = min(self.sampler.concurrency, len(asks))
        await together([self._work(work, store, budget, state, progress) for _ in range(places)])

    def _docket(
        self,
        case: Case,
        samples: Mapping[int, Sampled | Failure],
        weights: Mapping[int, float],
        trim: int | None = None,
    ) -> Docket:
        docket = Docket(case, slots_of(case, self.config), samples, {}, dict(weights), trim=trim)
        there = [slot for slot in docket.slots if slot.place in samples]
        docket.outcomes |= {slot.place: self.outcome(docket.case, slot, samples[slot.place]) for slot in there}
        return docket

    def _request(self, ask: Ask) -> Request:
        config, case, first = self.config, ask.docket.case, ask.slots[0]
        return Request(
            messages=self.form.render(case, first.order, config.prompt_mode, seed=config.seed),
            n=len(ask.slots),
            temperature=self.temperature,
            max_tokens=config.max_tokens,
            seed=first.seed,
            echo_mark=self.form.echo_mark(case, config.seed),
            top_logprobs=config.alternatives,
        )

    async def _work(
        self,
        work: Iterator[Sequence[Ask]],
        store: Store | None,
        budget: Budget,
        state: Progress,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        """Take batches until none is left; whatever arrives is kept before it is read."""
        for asks in work:
            sent = asks[: await budget.take(len(asks))]
            if not sent:
                return
            answers = await self.sampler.sample([self._request(ask) for ask in sent])
            for ask, answer in zip(sent, answers, strict=True):
                budget.settle(answer)
                if store is not None:
                    store.add(ask.docket.case.id, ask.slots, answer, ask.docket.trim)
                self._take(ask, answer.samples, state)
                state.bill(progress, answer)
            await asyncio.sleep(0)  # a sampler that never waits must not keep an error or a Ctrl-C from being heard

    def _take(self, ask: Ask, samples: Sequence[Sampled | Failure], state: Progress) -> None:
        for slot, sample in zip(ask.slots, samples, strict=True):
            outcome = ask.docket.outcomes[slot.place] = self.outcome(ask.docket.case, slot, sample)
            state.done += 1
            state.unread += isinstance(outcome, Unread)

    def _vote(self, docket: Docket) -> Verdict:
        return vote(
            docket.results,
            docket.case.n,
            rule=self.form.rule,
            weights=self._weights(docket),
            keep=self.ending.votes(docket.asked),
            orders=[slot.order for slot in docket.used],
        )

    def _weights(self, docket: Docket) -> list[float | None] | None:
        if self._weighing is None:
            return None
        return self._weighing.counting([docket.weights.get(slot.place) for slot in docket.used])


def _listed(value: object) -> object:
    """Take any sequence but a text as a list, as it would stand in a file."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _temperature(config: JudgeConfig, checkpoint: Checkpoint | None) -> float:
    if config.temperature is not None:
        return config.temperature
    if config.k == 1:
        return 0.0
    return 0.5 if checkpoint is None or checkpoint.temperature is None else checkpoint.temperature


async def _released(sampler: Sampler, scorer: Scorer | None, cache: Cache | None) -> None:
    if cache is not None:
        cache.close()
    await sampler.close()
    if scorer is not None:
        await scorer.close()
