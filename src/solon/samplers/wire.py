"""Chat completions on the wire: a request to the JSON body of `POST /chat/completions`, and its answer back.

Pure functions on bytes and values, no network. The protocol is OpenAI's as vLLM 0.33, SGLang 0.5, llama.cpp and
`transformers serve` 5.23 understand it; where they differ, the choice made here is the one that all of them take.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solon.samplers.completion import complete, texts_of
from solon.samplers.seam import Failure, Finish, Request, Sampled, TokenLogprob
from solon.types import Content, Image, Message, Text, plain

SEEDS = 2**31 - 1
"""Seeds are sent modulo this: every server takes 31 bits, and larger ones lose their last digits in JavaScript."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_FINISH: Mapping[object, Finish] = {"length": "length", "max_tokens": "length"}


class MalformedError(ValueError):
    """An answer with status 200 that holds no completion: half a body, no choices, or an error in disguise."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The completions of one call, as many as the server gave, and the prompt tokens it billed."""

    samples: tuple[Sampled | Failure, ...]
    prompt_tokens: int = 0


def body_of(request: Request, n: int, seed: int, model: str | None, extra: Mapping[str, object]) -> bytes:
    """Write the body of a call for n samples.

    The length limit goes as `max_tokens`, which every server takes. `extra` is laid over the standard fields, and a
    null in it leaves a field out: `{"max_tokens": null, "max_completion_tokens": 4096}` suits OpenAI's newest models.
    A prefill is sent as vLLM and SGLang have it, a last assistant message that is to be continued.
    """
    fields: dict[str, object] = {} if model is None else {"model": model}
    fields["messages"] = messages_of(request.messages)
    if n > 1:
        fields["n"] = n
    fields |= {"temperature": request.temperature, "seed": seed % SEEDS, "max_tokens": request.max_tokens}
    if request.stop:
        fields["stop"] = list(request.stop)
    if request.top_logprobs:
        fields |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    if request.prefill:
        fields["messages"] = [*messages_of(request.messages), {"role": "assistant", "content": request.prefill}]
        fields |= {"add_generation_prompt": False, "continue_final_message": True}
    fields |= extra
    kept = {name: value for name, value in fields.items() if value is not None}
    return _ENCODER.encode(kept).encode("utf-8", "replace")


def messages_of(messages: Sequence[Message]) -> list[dict[str, object]]:
    """Write messages as every server takes them; content is one string unless it shows an image."""
    return [{"role": turn.role, "content": _content(turn.content)} for turn in messages]


def read_reply(body: bytes, request: Request) -> Reply:
    """Read an answer with status 200: its choices by index, each as `complete` makes it.

    Where the server counts the tokens of all choices together, they are split evenly.

    Raises:
        MalformedError: there is no choice in it.
    """
    try:
        answer: Any = json.loads(body)
        choices = sorted(answer["choices"], key=lambda choice: choice.get("index") or 0)
        messages = [choice["message"] for choice in choices]
        usage = answer.get("usage") or {}
        counts = _split(int(usage.get("completion_tokens") or 0), len(choices))
        samples = tuple(_sample(*parts, request) for parts in zip(choices, messages, counts, strict=True))
        prompt_tokens = int(usage.get("prompt_tokens") or 0)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MalformedError(f"the answer is not a chat completion: {message_of(body)}") from error
    if not samples:
        raise MalformedError("the answer holds no choices")
    return Reply(samples, prompt_tokens)


def message_of(body: bytes) -> str:
    """Find what a server says in an error body, in any of the shapes in use; else the beginning of the body."""
    text = body.decode("utf-8", "replace").strip()
    try:
        said: Any = json.loads(text)
    except ValueError:
        said = text
    while isinstance(said, dict):
        said = next((said[key] for key in ("error", "message", "detail", "msg") if said.get(key)), text)
    words = " ".join(str(said).split())
    return (words if len(words) <= 300 else words[:300] + "...") or "(an empty body)"


def models_of(body: bytes) -> list[str]:
    """Read the names that `GET /models` lists; none when the answer is something else."""
    try:
        return [str(model["id"]) for model in json.loads(body)["data"]]
    except (ValueError, TypeError, KeyError):
        return []


def has_image(messages: Sequence[Message]) -> bool:
    """Tell whether any message shows an image."""
    return any(isinstance(part, Image) for turn in messages for part in turn.content)


def _content(parts: Content) -> str | list[dict[str, object]]:
    """Write content as one string when it is all text: some servers join parts with spaces."""
    if all(isinstance(part, Text) for part in parts):
        return plain(parts)
    return [
        {"type": "text", "text": part.text}
        if isinstance(part, Text)
        else {"type": "image_url", "image_url": {"url": part.url}}
        for part in parts
    ]


def _sample(choice: Mapping[str, Any], message: Mapping[str, Any], tokens: int, request: Request) -> Sampled | Failure:
    text = message.get("content") or ""
    finish = choice.get("finish_reason")
    if finish == "content_filter" or (message.get("refusal") and not text):
        return Failure(f"refused by the server: {message.get('refusal') or 'content filter'}", "refused")
    reasoning = message.get("reasoning") or message.get("reasoning_content") or ""
    given = (choice.get("logprobs") or {}).get("content")
    logprobs = None if given is None else list(_logprobs(given))
    counted = tokens if logprobs is None else len(logprobs)
    return complete(text, request, _FINISH.get(finish, "stop"), counted, reasoning, logprobs)


def _logprobs(tokens: Sequence[Mapping[str, Any]]) -> Iterator[TokenLogprob]:
    exact = all(token.get("bytes") is not None for token in tokens)
    texts = texts_of(bytes(token["bytes"]) for token in tokens) if exact else [token["token"] for token in tokens]
    for text, token in zip(texts, tokens, strict=True):
        top = tuple((other["token"], float(other["logprob"])) for other in token.get("top_logprobs") or ())
        yield TokenLogprob(text, float(token["logprob"]), top)


def _split(total: int, parts: int) -> list[int]:
    return [total // parts + (i < total % parts) for i in range(parts)]
