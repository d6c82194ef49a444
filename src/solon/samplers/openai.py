"""Any OpenAI-compatible server as a sampler: `POST {base}/chat/completions` over plain asynchronous HTTP.

The first use asks `GET {base}/models`: it finds out whether a server is there, whether it takes the key, and what its
only model is called. All n samples of a request are asked for in one call, so that the server pays for the prompt once.
A server that returns fewer is asked for the rest, and one that always returns one gets single calls from then on, each
with a seed of its own. Faults of the moment are tried again; what is left is a `Failure` in its place. Several
servers of one model share the calls, and what a seed brings does not depend on which of them answered.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solon.samplers import wire
from solon.samplers.breaker import Outage
from solon.samplers.calls import Fault, persist, together
from solon.samplers.fleet import Fleet, OutageError
from solon.samplers.http import NoAnswerError
from solon.samplers.known import Known
from solon.samplers.retry import Backoff
from solon.samplers.seam import Answer, Failure, Request, Sampled


@dataclass(slots=True)
class _Bill:
    """What the calls of one request have cost so far."""

    calls: int = 0
    prompt_tokens: int = 0
    begun: bool = False

    def allows(self, request: Request) -> bool:
        """Tell whether a call may be made: the first one always, further ones where the request's budget allows."""
        first, self.begun = not self.begun, True
        return first or request.again is None or request.again()


class OpenAISampler:
    """Samples from an OpenAI-compatible server (vLLM, SGLang, llama.cpp, `transformers serve`, hosted ones).

    Args:
        base_url: the address that ends before `/chat/completions`, for instance `http://localhost:8000/v1`; several
            servers of one model are separated by commas.
        served_model: the model's name; None takes the only one that the server lists, and leaves the field out where
            it lists none.
        api_key: sent as a bearer token.
        concurrency: calls in flight at once, over all servers.
        timeout: seconds until a call counts as failed, its whole answer included.
        extra_body: further fields of the body; they override the standard ones, and a null leaves a field out.
        retries: how often a call is tried again after faults of the moment.
        text_only: never send images; a request that shows one is `unsupported_content`.
        outage: when a server counts as down and how long calls wait for it; None takes the defaults of `Outage`.

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
        outage: Outage | None = None,
    ) -> None:
        self._known = Known(served_model, has_key=bool(api_key))
        self._fleet = Fleet(
            base_url,
            self._known.inspect,
            api_key=api_key,
            concurrency=concurrency,
            timeout=timeout,
            outage=outage or Outage(),
        )
        self.concurrency = 2 * concurrency  # as many again wait for their next try, while others have the places
        self.text_only = text_only
        self._missed: list[str] = []
        self._extra = dict(extra_body or {})
        self._backoff = Backoff(retries)
        self._looked = False

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given; a call that failed for good is a `Failure` in its place.

        Raises:
            UserError: no server is there, it refuses the key, it knows no such address or model, it lists several
                models and none was chosen, or servers list different ones.
        """
        if not self._looked:
            async with self._fleet.alone():
                if not self._looked:
                    self._missed = await self._fleet.look()
                    self._looked = True
        if len(requests) == 1:
            return [await self._answer(requests[0])]
        return await together([self._answer(request) for request in requests])

    @property
    def notes(self) -> list[str]:
        """What a user should know of these servers, in whole sentences."""
        return self._missed + self._known.notes()

    async def close(self) -> None:
        """Close the connections that the running event loop has open."""
        await self._fleet.close()

    async def _answer(self, request: Request) -> Answer:
        if self.text_only and wire.has_image(request.messages):
            refusal = Failure("the prompt shows an image and this sampler sends text only", "unsupported_content")
            return Answer((refusal,) * request.n, calls=0)
        started, bill = time.perf_counter(), _Bill()
        samples: list[Sampled | Failure] = []
        while missing := request.n - len(samples):
            seed = request.seed + len(samples)
            if missing > 1 and self._known.ignores_n:
                singles = [self._call(request, 1, seed + i, bill) for i in range(missing)]
                samples += [one[0] for one in await together(singles)]
            else:
                samples += await self._call(request, missing, seed, bill)
        return Answer(tuple(samples), bill.prompt_tokens, bill.calls, time.perf_counter() - started)

    async def _call(self, request: Request, n: int, seed: int, bill: _Bill) -> list[Sampled | Failure]:
        """Ask for n samples until an answer comes or the tries are spent: 1 to n samples, or n failures."""
        if not bill.allows(request):
            return [Failure("the budget allowed no further call for what an answer lacked")] * n
        failed: Counter[str] = Counter()
        result, tries = await persist(lambda: self._try(request, n, seed, failed), self._backoff, request.again)
        bill.calls += tries
        if isinstance(result, Fault):
            return [result.failure(tries, image=wire.has_image(request.messages))] * n
        bill.prompt_tokens += result.prompt_tokens
        return list(result.samples[:n])

    async def _try(self, request: Request, n: int, seed: int, failed: Counter[str]) -> wire.Reply | Fault:
        """Ask for n samples once; `failed` counts where this call failed before."""
        model = self._known.model
        try:
            body = wire.body_of(request, n, seed, model, self._extra)
            seen = await self._fleet.post("/chat/completions", body, failed)
            if seen.status == 200:
                reply = wire.read_reply(seen.body, request)
                self._known.learn(seen.url, n, len(reply.samples))
                return reply
        except OutageError as error:
            return Fault(f"the call failed: {error}", again=False)
        except NoAnswerError as error:
            return Fault(f"the call failed: {error}")
        except wire.MalformedError as error:
            return Fault(str(error))
        if self._known.drops(model, seen):
            return await self._try(request, n, seed, failed)
        self._known.stop_at(seen)
        return Fault.of(seen)
