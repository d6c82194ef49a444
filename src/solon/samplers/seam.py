"""The seam to a model: requests in, answers out, in the same order. Adapters hold no policy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from solon.types import Message

Finish: TypeAlias = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class Request:
    """n samples asked of a model for one prompt; sample i counts as drawn with `seed + i`.

    `prefill` is the beginning of the model's own answer, which it continues; `temperature` 0 is greedy. `echo_mark` is
    a text that stands in this prompt alone, near its end: a completion that holds it repeats the prompt, and is cut
    after its last occurrence. `again`, where it is given, is asked before every call after the first: where it says
    no, since a budget is spent, what is missing is a failure.
    """

    messages: tuple[Message, ...]
    n: int = 1
    temperature: float = 0.0
    max_tokens: int = 4096
    seed: int = 0
    stop: tuple[str, ...] = ()
    prefill: str = ""
    top_logprobs: int = 0
    echo_mark: str = ""
    again: Callable[[], bool] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One generated token with its log-probability (nats) and the most likely alternatives at its position."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """One completion as the model wrote it, without the prompt, the prefill and any separate reasoning field.

    `tokens` counts generated tokens as the server bills them (0 when it does not say).
    """

    text: str
    finish: Finish = "stop"
    tokens: int = 0
    reasoning: str = ""
    logprobs: tuple[TokenLogprob, ...] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A completion that could not be had, after every retry: why, in one sentence.

    Only a `failed_call` is asked again when a run is resumed; the other reasons lie in the request.
    """

    detail: str
    reason: Literal["failed_call", "refused", "unsupported_content", "too_long"] = "failed_call"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought: exactly n samples or failures, sample i in place i, and what they cost.

    `prompt_tokens` is the sum over the calls made, as billed; `latency` is in seconds.
    """

    samples: tuple[Sampled | Failure, ...]
    prompt_tokens: int = 0
    calls: int = 1
    latency: float = 0.0


class Sampler(Protocol):
    """A model that can be sampled.

    `batch` is how many requests it likes to be handed at once and `concurrency` how many such batches at the same time.
    """

    batch: int
    concurrency: int

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given; a failed call is a `Failure` in its place."""
        ...

    async def close(self) -> None:
        """Release connections, files or memory; the sampler cannot be used afterwards."""
        ...
