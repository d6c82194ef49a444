"""The conductor, the only module that knows every stage: cases in, verdicts out.

Orders are drawn, prompts rendered, samples asked for and kept, read, restored to the case's own order, perhaps weighed,
and voted on.
"""

import weakref
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, Self

from solon.cache import Cache
from solon.checkpoint import Checkpoint
from solon.config import JudgeConfig, judge_config, named
from solon.data.case_lines import read_case_line
from solon.data.fields import MalformedLine, Place
from solon.docketing import Docketing
from solon.door import Door
from solon.ending import Ending
from solon.errors import UserError
from solon.forms import load_form
from solon.forms.form import Form
from solon.order import stable_hash
from solon.plan import Tell, lost
from solon.principling import Principling
from solon.samplers.opening import open_sampler
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure, Sampled, Sampler
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Scorer
from solon.session import Decided, Session, Stages, each
from solon.store import Slot, Store
from solon.tokenprob import check_scores
from solon.trimming import trimmed
from solon.types import Case, Judgment, Unread, Verdict
from solon.vote import repeats
from solon.weighing import Weighing

_MANY_REPEATS = 4


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
        self._checkpoint = checkpoint = Checkpoint.of(model) if isinstance(model, str) else None
        spoken = checkpoint.form if checkpoint else "pointwise"
        self.form = form if isinstance(form, Form) else load_form(form_name or spoken)
        check_scores(self.form, self.config.scores)
        self._mismatch = checkpoint and checkpoint.mismatch(self.form.name, self.form.template_hash)
        self._principling = Principling(self.form, self.config, model)
        self._weighing = None if meta is None else Weighing(meta, self.form, self.config)
        self._set()
        self.sampler: Sampler = open_sampler(self.config) if isinstance(model, str) else model
        self._door: Door | None = None

    def _set(self) -> None:
        """Take up what follows from the configuration."""
        self.temperature = _temperature(self.config, self._checkpoint)
        self.ending = Ending(self.form, self.config, self.keep)
        self._docketing = Docketing(self.form, self.config, self.temperature, self._weighing, self.ending)

    @classmethod
    def of_run(cls, config: Mapping[str, Any]) -> Self:
        """Return a judge that reads and votes as that of a stored run did, and asks nobody.

        Args:
            config: the run file's configuration, perhaps with another way to vote.

        Raises:
            UserError: the run's form is not the one that it was made with.
        """
        names = JudgeConfig.model_fields.keys() - {"model", "meta"}
        options = {name: config[name] for name in names & config.keys()}
        options["form"] = config.get("form_file", config["form"])
        judge = cls(ScriptedSampler([]), meta=ScriptedScorer([]) if "meta" in config else None, **options)
        if judge.form.template_hash != config["template_hash"]:
            raise UserError(
                f"the form '{config['form']}' is not the one that the run was made with: restore its template"
            )
        return judge

    def otherwise(self, sampler: Sampler | None = None, **options: object) -> Self:
        """Return a judge that shares this one's models and written principles but has other options, such as `k`.

        It must not be closed; this one is. With a meta model, how many judgments vote is as in this one.

        Args:
            sampler: another way to the same model.
            options: fields of `JudgeConfig`, which are not checked again.
        """
        other = copy(self)
        other.config, other.sampler, other._door = self.config.model_copy(update=options), sampler or self.sampler, None
        other._set()
        return other

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

    def batch(self, cases: Sequence[Case], store: Store | None = None, progress: Tell | None = None) -> list[Verdict]:
        """Judge many cases: `judge` for synchronous code."""
        return self._opened()(self.judge(cases, store, progress))

    async def judge(
        self, cases: Sequence[Case], store: Store | None = None, progress: Tell | None = None
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
        found: list[Verdict | None] = [None] * len(cases)
        async with aclosing(self.session(store, progress, len(cases)).verdicts(cases)) as decided:
            async for place, _, verdict in decided:
                found[place] = verdict
        return [verdict for verdict in found if verdict is not None]

    async def stream(
        self,
        cases: Iterable[Case] | AsyncIterable[Case],
        store: Store | None = None,
        progress: Tell | None = None,
        total: int | None = None,
    ) -> AsyncGenerator[Decided]:
        """Judge cases as they come, and yield each with its place among them and its verdict once it is decided.

        Only as many cases are held as keep the model busy: memory does not grow with their number. Verdicts are those
        of `judge`; the order in which they are yielded is that in which cases are decided. Close it with `aclosing`
        where it may be left before its end.

        Args:
            cases: the cases; their ids must differ. An asynchronous iterable may take its time.
            store: the run file, as in `judge`.
            progress: called after every answer.
            total: the number of cases, where it is known, for the progress.

        Raises:
            UserError: as `judge` does, when the case in question is opened.
        """
        async with aclosing(self.session(store, progress, total).verdicts(self.admitted(cases, store))) as decided:
            async for one in decided:
                yield one

    def run(
        self,
        cases: Iterable[Case],
        take: Callable[[int, Case, Verdict], object],
        store: Store | None = None,
        progress: Tell | None = None,
        total: int | None = None,
    ) -> None:
        """Judge cases as `stream` does and hand each to `take`: for synchronous code.

        `cases` is read and `take` is called in another thread, one at a time.
        """

        async def taken() -> None:
            async with aclosing(self.stream(cases, store, progress, total)) as decided:
                async for one in decided:
                    take(*one)

        self._opened()(taken())

    def session(self, store: Store | None, progress: Tell | None, total: int | None) -> Session:
        """Return what judges cases that are admitted; the arguments are those of `stream`."""
        return Session(Stages(self._docketing, self._principling, self.sampler), store, progress, total)

    async def admitted(self, cases: Iterable[Case] | AsyncIterable[Case], store: Store | None) -> AsyncIterator[Case]:
        """Check cases as they come, register them in the run file in this order, and yield them.

        Raises:
            UserError: a case does not fit the form, or two share an id.
        """
        seen: set[int] = set()
        async for case in each(cases):
            self.check([case])
            if (known := stable_hash(case.id)) in seen:
                raise UserError(f"several cases have the id '{case.id}'; ids must differ")
            if store is not None:
                store.add_cases([case], len(seen))
            seen.add(known)
            yield case

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
        Principles that were written apart are attached by `recalled`.
        """
        docket = self._docketing.docket(case, samples, weights or {})
        for look in self.ending.looks:
            docket.asked = look
            if self._docketing.decided(docket):
                break
        return self._docketing.vote(docket)

    def recalled(self, case: Case, store: Store) -> Callable[[], Verdict]:
        """Read what a run file holds of a case, and return what votes on that, be it all that was asked for or not."""
        found = self._principling.kept(case, store)
        if isinstance(found, Unread):
            return partial(self._docketing.vote, lost(case, self.config, found))
        shown = trimmed(found, store.trim(case.id))
        return partial(self.verdict, shown, store.samples(case.id), store.weights(case.id))

    def outcome(self, case: Case, slot: Slot, sample: Sampled | Failure) -> Judgment | Unread:
        """Read one sample; its scores are restored to the case's own order."""
        return self._docketing.outcome(case, slot, sample)

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
        return self.noted(*repeats(verdicts), sum(verdict.unweighed for verdict in verdicts))

    def noted(self, said: int, possible: int, unweighed: int) -> list[str]:
        """Return the notes on verdicts by counts: samples that repeat a text, those that could, and the unweighed."""
        notes = [self._mismatch] if self._mismatch else []
        notes += getattr(self.sampler, "notes", ())
        if self._weighing is not None:
            notes += self._weighing.notes(unweighed)
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
