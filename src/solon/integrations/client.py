"""Ask a Solon server for rewards from inside a trainer: retries, one deadline over them all, and no reward at its end.

A client belongs to one event loop; `client` finds or makes it. Synchronous code, also from many threads at once, goes
through one loop in the background.
"""

import asyncio
import json
import logging
import os
import time
from collections.abc import Coroutine, Mapping, Sequence
from threading import Lock, Thread
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from solon.errors import UserError
from solon.integrations.reply import Reply
from solon.integrations.settings import Settings
from solon.integrations.streams import Answer, Connections
from solon.samplers.retry import Backoff, passing, retry_after

LOG = logging.getLogger(__name__)
T = TypeVar("T")

Prompt: TypeAlias = str | Sequence[Mapping[str, object]]
"""A text, or messages whose last turn is the user's."""

_SETUP = {401: "the key is missing or wrong", 403: "the key may not judge", 404: "there is no Solon server at this URL"}
_TOGETHER = 256
_MARGIN = 0.05
"""The share of the time left that the answer's way back may take."""


class Refused(Exception):
    """The server will not judge this request, however often it is asked."""


class Client:
    """Asks one server; for one event loop.

    Calls of a cohort are never held back: a member that waited for a place could be the one that its group waits for.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connections = Connections(settings.url)
        self._places = asyncio.Semaphore(_TOGETHER)
        self._backoff = Backoff(longest=10.0)
        self._missing = 0

    async def judge(self, prompt: Prompt, responses: Sequence[object], **more: object) -> Reply:
        """Return the rewards of a prompt's responses.

        Args:
            prompt: what was asked.
            responses: one or more texts, or objects with `content`.
            more: `reference`, `principles`, `group_id` and `group_size`, as `POST /v1/judge` takes them.

        Raises:
            UserError: the server refuses to work with this setup at all (wrong address or key).
        """
        ends = time.monotonic() + self._settings.deadline
        body = self._asked(prompt, responses) | {name: value for name, value in more.items() if value is not None}
        try:
            async with asyncio.timeout(self._settings.deadline):
                if "group_id" in body:
                    answer = await self._answered(body, ends)
                else:
                    async with self._places:
                        answer = await self._answered(body, ends)
            reply = Reply.read(answer, len(responses))
        except TimeoutError:
            reply = Reply.none(len(responses), f"no answer within {self._settings.deadline:g} seconds")
        except Refused as error:
            reply = Reply.none(len(responses), str(error))
        if reply.reason:
            self._missing += 1
            if self._missing.bit_count() == 1:  # the 1st, 2nd, 4th, 8th ...: an outage does not fill a training's log
                LOG.warning("no reward, %d times so far: %s", self._missing, reply.reason)
        return reply

    def close(self) -> None:
        """Close what is open and idle."""
        self._connections.close()

    def _asked(self, prompt: Prompt, responses: Sequence[object]) -> dict[str, object]:
        told = self._settings
        body: dict[str, object] = {"id": uuid4().hex, "prompt": prompt, "responses": list(responses)}
        body |= {"reward": told.reward} | ({"k": told.k} if told.k else {})
        return body | ({"principles": told.principles.splitlines()} if told.principles else {})

    async def _answered(self, body: dict[str, object], ends: float) -> bytes:
        key = self._settings.api_key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        tried = 0
        while True:
            left = ends - time.monotonic()
            sent = json.dumps(body | {"deadline_s": round(max(0.1, left * (1 - _MARGIN)), 3)}).encode()
            try:
                answer = await self._connections.post("/v1/judge", sent, headers)
            except OSError as error:
                fault, wait = f"{self._settings.url}: {error}", self._backoff.wait(tried)
            else:
                if answer.status == 200:
                    return answer.body
                fault = self._fault(answer)
                wait = self._backoff.wait(tried, retry_after(answer.headers.get("retry-after"), time.time()))
            if wait > ends - time.monotonic():
                raise Refused(fault)
            LOG.info("asking again in %.1f seconds: %s", wait, fault)
            await asyncio.sleep(wait)
            tried += 1

    def _fault(self, answer: Answer) -> str:
        """Say what is wrong with an answer that can be asked for again; raise where it cannot."""
        said = f"HTTP {answer.status}: {_message(answer.body)}"
        if answer.status in _SETUP:
            cure = "set SOLON_URL and SOLON_API_KEY, or url and api_key"
            raise UserError(f"{self._settings.url}: {_SETUP[answer.status]} ({said}); {cure}")
        if not passing(answer.status):
            raise Refused(said)
        return said


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, TypeError, KeyError):
        return body[:200].decode("utf-8", "replace")


_CLIENTS: dict[asyncio.AbstractEventLoop, dict[Settings, Client]] = {}


def client(settings: Settings) -> Client:
    """Return the running event loop's client for these settings."""
    loop = asyncio.get_running_loop()
    if loop not in _CLIENTS:
        for closed in [each for each in _CLIENTS if each.is_closed()]:
            _CLIENTS.pop(closed, None)
    clients = _CLIENTS.setdefault(loop, {})
    if settings not in clients:
        clients[settings] = Client(settings)
    return clients[settings]


async def close() -> None:
    """Close what the running event loop's clients hold open; they go on where they are asked again."""
    for each in _CLIENTS.pop(asyncio.get_running_loop(), {}).values():
        each.close()
    await asyncio.sleep(0)  # a transport is closed in the loop's next round


class _Background:
    """One event loop in a daemon thread, started when it is first needed, and anew in a forked process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=self._loop.run_forever, name="solon-client", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


in_background = _Background()
"""Runs a coroutine for synchronous code and returns its result."""


def _forked() -> None:
    in_background.__init__()  # type: ignore[misc]
    _CLIENTS.clear()


os.register_at_fork(after_in_child=_forked)
