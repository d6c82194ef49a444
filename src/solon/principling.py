"""Principling: principles are written from the query alone, once, and given to all judgments of its responses.

The call that writes them shows the conversation and no response, so no response can bend them, and all that answer the
same query are judged by the same principles. What was written is kept in the run file and, with a cache, across runs.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from solon.budget import Budget
from solon.cache import Cache, identified
from solon.config import JudgeConfig
from solon.errors import UserError
from solon.forms.form import Form
from solon.forms.principles import principles_form
from solon.forms.template import inserted
from solon.samplers.calls import together
from solon.samplers.recorded import digest
from solon.samplers.seam import Answer, Failure, Request, Sampled, Sampler
from solon.store import Store
from solon.types import Case, Unread

Written: TypeAlias = Sampled | Failure
"""What a call for principles brought."""

_REMEMBERED = 4096
_CUT = {"length": "they were cut off at the token limit", "content_filter": "they were cut off by a content filter"}


@dataclass(slots=True)
class Round:
    """The queries of some cases: what asks for each, by its key, and what is found so far.

    `told` is called with every answer.
    """

    requests: Mapping[str, Request]
    sampler: Sampler
    store: Store | None
    budget: Budget
    told: Callable[[Answer], None]
    found: dict[str, Written] = field(default_factory=dict)


class Principling:
    """How principles are written apart, if they are; all that it remembers is of one model.

    Args:
        judge: the form of the judgments.
        config: how the judge is told to go about it.
        model: the judge's model, by name or handed in.

    Raises:
        UserError: the form's prompts show no given principles, the cache cannot be used, or nothing names the model
            that it is to be used for.
    """

    def __init__(self, judge: Form, config: JudgeConfig, model: str | Sampler) -> None:
        self.apart = config.principles == "query"
        if self.apart and "principles" not in inserted(judge.template):
            raise UserError(
                f"principles=query needs a form whose template inserts {{{{principles}}}}, and '{judge.name}' does not"
            )
        if config.cache is not None and not isinstance(model, str):
            raise UserError(
                f"a cache keeps principles by their model's name, which a {type(model).__name__} does not tell: name "
                "the model, or leave out cache"
            )
        self._form, self._config = principles_form(judge), config
        self.cache = None if config.cache is None else Cache(config.cache, identified(config))
        self._asking: dict[str, asyncio.Future[Written | None]] = {}
        self._remembered: dict[str, Sampled] = {}

    def identity(self) -> dict[str, object]:
        """Return what principles that are written apart depend on, for the run file."""
        if not self.apart:
            return {}
        return {
            "principles_form": self._form.name,
            "principles_template_hash": self._form.template_hash,
            "principles_temperature": self._config.principles_temperature,
        }

    def kept(self, case: Case, store: Store) -> Case | Unread:
        """Return a case with the principles that a run file holds of its query, or why they could not be read."""
        return self._given(case, store.principles(_key(self._request(case)))) if self.apart else case

    async def written(
        self,
        cases: Sequence[Case],
        sampler: Sampler,
        store: Store | None,
        budget: Budget,
        told: Callable[[Answer], None],
    ) -> list[Case | Unread]:
        """Return cases with the principles of their queries, or why they could not be read; each query is asked once.

        A case whose query was not asked, since the budget was spent, has no principles and cannot be judged.

        Args:
            cases: the cases; principles of their own are left out.
            sampler: the judge's model.
            store: the run file, in which whatever arrives is kept before it counts; None keeps nothing.
            budget: what may be spent.
            told: called with every answer.

        Raises:
            UserError: the server refuses to work at all, or the run file or the cache cannot be used.
        """
        if not self.apart:
            return list(cases)
        requests = [self._request(case) for case in cases]
        keys = [_key(request) for request in requests]
        this = Round(dict(zip(keys, requests, strict=True)), sampler, store, budget, told)
        missing = [key for key in this.requests if not self._recalled(key, this)]
        work = iter([missing[i : i + sampler.batch] for i in range(0, len(missing), sampler.batch)])
        await together([self._work(work, this) for _ in range(min(sampler.concurrency, len(missing)))])
        return [self._given(case, this.found.get(key)) for case, key in zip(cases, keys, strict=True)]

    def _request(self, case: Case) -> Request:
        query = Case("", case.prompt, ())
        return Request(
            messages=self._form.render(query, (), seed=self._config.seed),
            temperature=self._config.principles_temperature,
            max_tokens=self._config.max_tokens,
            seed=self._config.seed,
            echo_mark=self._form.echo_mark(query, self._config.seed),
        )

    def _recalled(self, key: str, this: Round) -> bool:
        """Take what is there already; a call that failed is made again."""
        kept = None if this.store is None else this.store.principles(key)
        if kept is not None and not (isinstance(kept, Failure) and kept.reason == "failed_call"):
            this.found[key] = kept
            return True
        known = self._remembered.get(key) or self._cached(key)
        if known is not None:
            self._take(key, _free(known), this)
        return known is not None

    def _cached(self, key: str) -> Sampled | None:
        text = None if self.cache is None else self.cache.get(key)
        return None if text is None else Sampled(text)

    async def _work(self, work: Iterator[Sequence[str]], this: Round) -> None:
        for keys in work:
            await self._bring(keys, this)
            await asyncio.sleep(0)  # a sampler that never waits must not keep an error or a Ctrl-C from being heard

    async def _bring(self, keys: Sequence[str], this: Round) -> None:
        """Ask for what nobody is asking for yet, and wait for the rest; what others gave up is asked for again."""
        theirs = {key: self._asking[key] for key in keys if key in self._asking}
        mine = [key for key in keys if key not in theirs]
        if mine:
            await self._ask(mine, this)
        if not theirs:
            return
        await asyncio.wait(theirs.values())
        for key, future in theirs.items():
            if (written := future.result()) is not None:
                self._take(key, _free(written), this)
        await self._bring([key for key in theirs if key not in this.found], this)

    async def _ask(self, keys: Sequence[str], this: Round) -> None:
        futures = {key: asyncio.get_running_loop().create_future() for key in keys}
        self._asking |= futures
        try:
            sent = keys[: await this.budget.take(len(keys))]
            answers = await this.sampler.sample([this.requests[key] for key in sent]) if sent else []
            for key, answer in zip(sent, answers, strict=True):
                this.budget.settle(answer)
                self._take(key, answer, this)
                futures[key].set_result(this.found[key])
        finally:
            for key, future in futures.items():
                del self._asking[key]
                if not future.done():
                    future.set_result(None)

    def _take(self, key: str, answer: Answer, this: Round) -> None:
        """Keep an answer, and remember it across rounds if it can be read."""
        (written,) = answer.samples
        if this.store is not None:
            this.store.add_principles(key, answer)
        if isinstance(written, Sampled) and not isinstance(self._read(written), Unread):
            self._remembered[key] = written
            if len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            if self.cache is not None:
                self.cache.add(key, written.text)
        this.found[key] = written
        this.told(answer)

    def _given(self, case: Case, written: Written | None) -> Case | Unread:
        read = () if written is None else self._read(written)
        return read if isinstance(read, Unread) else replace(case, principles=read)

    def _read(self, written: Written) -> tuple[str, ...] | Unread:
        if isinstance(written, Failure):
            return Unread(written.reason, f"no principles were written: {written.detail}")
        if written.finish in _CUT:
            return Unread("no_principles", f"no principles could be read: {_CUT[written.finish]}", written.text)
        read = self._form.read(written.text, 0)
        if isinstance(read, Unread):
            return Unread("no_principles", f"no principles could be read: {read.detail}", written.text)
        return tuple(principle.text for principle in read.principles)


def _key(request: Request) -> str:
    """Identify a query and how it is asked: conversation, prompt, temperature, limit and seed."""
    return f"{digest(request)}-{request.seed}"


def _free(written: Written) -> Answer:
    """Return the answer that something known is: nobody is billed for it."""
    return Answer((replace(written, tokens=0) if isinstance(written, Sampled) else written,), calls=0)
