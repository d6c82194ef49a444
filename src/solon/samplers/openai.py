"""Any OpenAI-compatible server as a sampler: `POST {base}/chat/completions` over plain asynchronous HTTP.

The first use asks `GET {base}/models`: it finds out whether a server is there, whether it takes the key, and what its
only model is called. All n samples of a request are asked for in one call, so that the server pays for the prompt once.
A server that returns fewer is asked for the rest, and one that ignores `n` altogether gets single calls from then on,
each with a seed of its own. Faults of the moment are tried again; what is left is a `Failure` in its place.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solon.errors import UserError
from solon.samplers import wire
from solon.samplers.calls import Fault, persist, together
from solon.samplers.http import NoAnswerError, Response, Server
from solon.samplers.retry import Backoff
from solon.samplers.seam import Answer, Failure, Request, Sampled

_PROBE_SECONDS = 30.0


@dataclass(slots=True)
class _Known:
    """What was learned of the server on the way; None for `honors_n` is not yet known."""

    looked: bool = False
    model: str | None = None
    model_found: bool = False
    answered: bool = False
    honors_n: bool | None = None


@dataclass(slots=True)
class _Bill:
    """What the calls of one request have cost so far."""

    calls: int = 0
    prompt_tokens: int = 0


class OpenAISampler:
    """Samples from an OpenAI-compatible server (vLLM, SGLang, llama.cpp, `transformers serve`, hosted ones).

    Args:
        base_url: the address that ends before `/chat/completions`, for instance `http://localhost:8000/v1`.
        served_model: the model's name; None takes the only one that the server lists, and leaves the field out where
            it lists none.
        api_key: sent as a bearer token.
        concurrency: calls in flight at once.
        timeout: seconds until a call counts as failed, its whole answer included.
        extra_body: further fields of the body; they override the standard ones, and a null leaves a field out.
        retries: how often a call is tried again after faults of the moment.
        text_only: never send images; a request that shows one is `unsupported_content`.

    `notes` says in whole sentences what a user should know of this server.

    Raises:
        UserError: an option is out of range.
    """

    batch = 1

    def __init__(
        self,
        base_url: str,
        *,
        served_model: str | None = None,
        api_key: str | None = None,
        concurrency: int = 64,
        timeout: float = 600.0,
        extra_body: Mapping[str, object] | None = None,
        retries: int = 7,
        text_only: bool = False,
    ) -> None:
        self._server = Server(base_url, api_key=api_key, concurrency=concurrency, timeout=timeout)
        self.concurrency = concurrency
        self.text_only = text_only
        self.notes: list[str] = []
        self._extra = dict(extra_body or {})
        self._backoff = Backoff(retries)
        self._known = _Known(model=served_model)

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given; a call that failed for good is a `Failure` in its place.

        Raises:
            UserError: no server is there, it refuses the key, it knows no such address or model, or it lists several
                models and none was chosen.
        """
        if not self._known.looked:
            async with self._server.alone():
                if not self._known.looked:
                    await self._look()
        if len(requests) == 1:
            return [await self._answer(requests[0])]
        return await together([self._answer(request) for request in requests])

    async def close(self) -> None:
        """Close the connections that the running event loop has open."""
        await self._server.close()

    async def _look(self) -> None:
        """Take the first look at the server, and the name of its only model."""
        known, url = self._known, self._server.url
        try:
            seen = await self._server.get("/models", min(self._server.timeout, _PROBE_SECONDS))
        except NoAnswerError as error:
            raise UserError(
                f"cannot reach a server at {url} ({error}): is it running? Start it there, or correct the address"
            ) from error
        if seen.status == 401 or (seen.status == 403 and known.model is None):
            raise self._key_refused(seen)
        if seen.status == 200 and known.model is None:
            known.model = _only(wire.models_of(seen.body), url)
            known.model_found = known.model is not None
        known.looked = True

    async def _answer(self, request: Request) -> Answer:
        if self.text_only and wire.has_image(request.messages):
            refusal = Failure("the prompt shows an image and this sampler sends text only", "unsupported_content")
            return Answer((refusal,) * request.n, calls=0)
        started, bill = time.perf_counter(), _Bill()
        samples: list[Sampled | Failure] = []
        while missing := request.n - len(samples):
            seed = request.seed + len(samples)
            if missing > 1 and self._known.honors_n is False:
                singles = [self._call(request, 1, seed + i, bill) for i in range(missing)]
                samples += [one[0] for one in await together(singles)]
            else:
                samples += await self._call(request, missing, seed, bill)
        return Answer(tuple(samples), bill.prompt_tokens, bill.calls, time.perf_counter() - started)

    async def _call(self, request: Request, n: int, seed: int, bill: _Bill) -> list[Sampled | Failure]:
        """Ask for n samples until an answer comes or the tries are spent: 1 to n samples, or n failures."""
        result, tries = await persist(lambda: self._try(request, n, seed), self._backoff, longest=self._server.timeout)
        bill.calls += tries
        if isinstance(result, Fault):
            return [result.failure(tries, image=wire.has_image(request.messages))] * n
        bill.prompt_tokens += result.prompt_tokens
        self._learn(n, len(result.samples))
        return list(result.samples[:n])

    async def _try(self, request: Request, n: int, seed: int) -> wire.Reply | Fault:
        model = self._known.model
        try:
            seen = await self._server.post("/chat/completions", wire.body_of(request, n, seed, model, self._extra))
            if seen.status == 200:
                return wire.read_reply(seen.body, request)
        except NoAnswerError as error:
            return Fault(f"the call failed: {error}")
        except wire.MalformedError as error:
            return Fault(str(error))
        if self._drops_model(model, seen.status, wire.message_of(seen.body)):
            return await self._try(request, n, seed)
        self._stop_at(seen)
        return Fault.of(seen)

    def _drops_model(self, sent: str | None, status: int, message: str) -> bool:
        """Drop a name that the server itself listed and then refused, as one pinned to an unlisted model does."""
        if sent is None or not self._known.model_found or status not in (400, 404) or sent not in message:
            return False
        self._known.model = None
        return True

    def _stop_at(self, seen: Response) -> None:
        """Raise where the whole run is wrong: no valid key, or an address or model that never answered."""
        if seen.status == 401 or (seen.status == 403 and not self._known.answered):
            raise self._key_refused(seen)
        if seen.status == 404 and not self._known.answered:
            raise UserError(
                f"{self._server.url}/chat/completions is not found (HTTP 404: {wire.message_of(seen.body)}): correct "
                "the address, which usually ends in /v1, or name a model that the server has with --served-model"
            )

    def _key_refused(self, seen: Response) -> UserError:
        refused = "the API key" if self._server.has_key else "a call without an API key"
        return UserError(
            f"{self._server.url} refuses {refused} (HTTP {seen.status}: {wire.message_of(seen.body)}): put a valid "
            "key into the variable that --api-key-env names, OPENAI_API_KEY by default"
        )

    def _learn(self, asked: int, got: int) -> None:
        self._known.answered = True
        if asked == 1 or self._known.honors_n is not None:
            return
        self._known.honors_n = got > 1
        if got == 1:
            self.notes.append(
                f"The server at {self._server.url} ignores n: it gave 1 completion where {asked} were asked for, so "
                "every sample is a call of its own and pays for the prompt again."
            )


def _only(names: Sequence[str], url: str) -> str | None:
    if len(names) > 1:
        listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        raise UserError(f"{url} serves several models: {listed}; choose one with --served-model NAME")
    return names[0] if names else None
