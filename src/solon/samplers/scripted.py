"""A sampler that answers from a script instead of a model: for tests, demonstrations and dry runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from solon.samplers.completion import complete
from solon.samplers.seam import Answer, Failure, Request, Sampled
from solon.types import Image, plain

Line: TypeAlias = str | Sampled | Failure
"""One scripted answer; a string is treated as what a model wrote, so its reasoning and echo are cut."""

Script: TypeAlias = Callable[[Request, int], Line] | Mapping[str, Line | Sequence[Line]] | Sequence[Line]
"""A function of the request and the sample's index; or, by a text that the prompt holds, an answer or the answers of
samples 0, 1, ... in rotation; or a list of answers in the order in which they are asked for."""


class ScriptedSampler:
    """Answers from a script, and keeps every request it was asked in `asked`.

    With `text_only` it refuses prompts that show an image, as a model without eyes does.
    """

    def __init__(self, script: Script, *, text_only: bool = False, batch: int = 1, concurrency: int = 64) -> None:
        self.batch = batch
        self.concurrency = concurrency
        self.text_only = text_only
        self.asked: list[Request] = []
        self._line = _reader(script)

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given; what the script does not hold is a `Failure`."""
        return [Answer(tuple(self._samples(request))) for request in requests]

    async def close(self) -> None:
        """Do nothing: a script holds no resources."""

    def _samples(self, request: Request) -> Iterator[Sampled | Failure]:
        self.asked.append(request)
        if self.text_only and any(isinstance(part, Image) for turn in request.messages for part in turn.content):
            refusal = Failure("the prompt shows an image and this sampler reads text only", "unsupported_content")
            yield from (refusal,) * request.n
            return
        for index in range(request.n):
            line = self._line(request, index)
            yield complete(line, request) if isinstance(line, str) else line


def _reader(script: Script) -> Callable[[Request, int], Line]:
    if callable(script):
        return script
    if isinstance(script, Mapping):
        return lambda request, index: _looked_up(script, request, index)
    lines = iter(script)
    return lambda request, index: next(lines, Failure(f"the script is over after {len(script)} answers"))


def _looked_up(script: Mapping[str, Line | Sequence[Line]], request: Request, index: int) -> Line:
    prompt = "\n".join(plain(turn.content) for turn in request.messages)
    for key, answer in script.items():
        if key in prompt:
            return answer if isinstance(answer, str | Sampled | Failure) else answer[index % len(answer)]
    return Failure(f"the script has no answer for the prompt that begins '{prompt[:60]}'")
