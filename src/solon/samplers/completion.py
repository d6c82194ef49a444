"""From what a model wrote to a `Sampled`: the echo, the reasoning and the stop string are cut off, in that order.

Every sampler that talks to a model ends here, so that a reader never meets the difference between servers.
"""

import codecs
from collections.abc import Iterable, Sequence

from solon.samplers.reasoning import split_reasoning
from solon.samplers.seam import Finish, Request, Sampled, TokenLogprob


def complete(
    raw: str,
    request: Request,
    finish: Finish = "stop",
    tokens: int = 0,
    reasoning: str = "",
    logprobs: Sequence[TokenLogprob] | None = None,
) -> Sampled:
    """Build the sample that `raw` is an answer to `request` for.

    `reasoning` is what the server already kept apart. `logprobs` stay whole, one for every generated token: the text is
    a part of their concatenation.
    """
    thought, text = split_reasoning(without_echo(raw, request.echo_mark))
    text, stopped = until_stop(text, request.stop)
    return Sampled(
        text=text,
        finish="stop" if stopped else finish,
        tokens=tokens,
        reasoning=reasoning or thought,
        logprobs=None if logprobs is None else tuple(logprobs),
    )


def without_echo(text: str, mark: str) -> str:
    """Cut a repeated prompt: everything up to and including the last occurrence of `mark`."""
    return text.rpartition(mark)[2] if mark else text


def until_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """Cut at the earliest stop string, itself left out, and say whether there was one."""
    found = [place for place in (text.find(stop) for stop in stops if stop) if place >= 0]
    return (text[: min(found)], True) if found else (text, False)


def texts_of(tokens: Iterable[bytes]) -> list[str]:
    """Decode the bytes of successive tokens so that the pieces join to the whole text.

    A character that spans several tokens belongs to the last of them.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return [decoder.decode(token) for token in tokens]
