"""Principling: principles are written from the query alone, once, and given to all judgments of its responses.

The call that writes them shows the conversation and no response, so no response can bend them, and all that answer the
same query are judged by the same principles. What was written is kept in the run file and, with a cache, across runs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from solon.cache import Cache, identified
from solon.config import JudgeConfig
from solon.errors import UserError
from solon.forms.form import Form
from solon.forms.principles import principles_form
from solon.forms.template import inserted
from solon.plan import Call
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
    """One run: where its principles are kept, how they are asked for, and what is not to be asked for again in it.

    `ask` makes a call and returns None where the budget is spent. `found` has by key what came and is not kept
    elsewhere to be used again: calls that failed, and without a store everything.
    """

    store: Store | None
    ask: Callable[[Call], Awaitable[Answer | None]]
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

    async def written(self, case: Case, this: Round) -> Case | Unread | None:
        """Return a case with the principles of its query, or why they could not be read; each query is asked once.

        Without a budget for the call there are none, which is None: the case cannot be judged. Principles of its own
        are left out.

        Raises:
            UserError: the server refuses to work at all, or the run file or the cache cannot be used.
        """
        if not self.apart:
            return case
        request = self._request(case)
        key = _key(request)
        while (found := self._recalled(key, this)) is None:
            if (asking := self._asking.get(key)) is None:
                found = await self._asked(key, request, this)
                break
            await asyncio.wait([asking])
            if (theirs := asking.result()) is not None and self._recalled(key, this) is None:
                self._take(key, _free(theirs), this)
        return None if found is None else self._given(case, found)

    def _request(self, case: Case) -> Request:
        query = Case("", case.prompt, ())
        return Request(
            messages=self._form.render(query, (), seed=self._config.seed),
            temperature=self._config.principles_temperature,
            max_tokens=self._config.max_tokens,
            seed=self._config.seed,
            echo_mark=self._form.echo_mark(query, self._config.seed),
        )

    def _recalled(self, key: str, this: Round) -> Written | None:
        """Take what is there already; a call that failed in an earlier run is made again."""
        if (found := this.found.get(key)) is not None:
            return found
        kept = None if this.store is None else this.store.principles(key)
        if kept is not None and not (isinstance(kept, Failure) and kept.reason == "failed_call"):
            return kept
        known = self._remembered.get(key) or self._cached(key)
        return None if known is None else self._take(key, _free(known), this)

    def _cached(self, key: str) -> Sampled | None:
        text = None if self.cache is None else self.cache.get(key)
        return None if text is None else Sampled(text)

    async def _asked(self, key: str, request: Request, this: Round) -> Written | None:
        """Ask for what nobody is asking for yet; what is given up others ask for again."""
        future = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            answer = await this.ask(Call(request, lambda answer: self._take(key, answer, this)))
            if answer is not None:
                future.set_result(answer.samples[0])
            return None if answer is None else answer.samples[0]
        finally:
            del self._asking[key]
            if not future.done():
                future.set_result(None)

    def _take(self, key: str, answer: Answer, this: Round) -> Written:
        """Keep an answer, and remember it across runs if it can be read."""
        (written,) = answer.samples
        if this.store is not None:
            this.store.add_principles(key, answer)
        if this.store is None or isinstance(written, Failure):
            this.found[key] = written
        if isinstance(written, Sampled) and not isinstance(self._read(written), Unread):
            self._remembered[key] = written
            if len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            if self.cache is not None:
                self.cache.add(key, written.text)
        return written

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
