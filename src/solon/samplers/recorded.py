"""Saved samples: a recorder that wraps any sampler, one that replays what was recorded, and one what was published.

A line of a recording is one sample: `{"request": digest, "seed": int, "sample": {"text": ..., "finish": ..., ...}}`.
The digest covers all that a sample depends on but its seed, so that sample i of a request is found under `seed + i`
however many samples were asked for at once. Failures are not recorded.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from solon.errors import UserError
from solon.samplers.seam import Answer, Failure, Request, Sampled, Sampler, TokenLogprob
from solon.types import Message, plain


def digest(request: Request) -> str:
    """Identify everything in a request that its samples depend on, except the seed."""
    said = asdict(request)
    for name in ("n", "seed", "echo_mark"):
        del said[name]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


class RecordedSampler:
    """Replays samples by (digest of the request, seed); one that was not recorded is a `Failure` that names it."""

    batch = 1
    concurrency = 64

    def __init__(self, samples: Mapping[tuple[str, int], Sampled]) -> None:
        self._samples = samples

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recording; of a sample recorded twice the last counts.

        Raises:
            UserError: the file is missing, or a line of it is no recorded sample.
        """
        samples = {}
        try:
            with path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        saved = json.loads(line)
                        samples[str(saved["request"]), int(saved["seed"])] = _sampled(saved["sample"])
                    except (ValueError, KeyError, TypeError) as error:
                        raise UserError(f"{path}, line {number} is not a recorded sample ({error})") from error
        except OSError as error:
            raise UserError(f"cannot read the recording {path}: {error.strerror}") from error
        return cls(samples)

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Replay every request, in the order given."""
        return [Answer(tuple(self._found(request, i) for i in range(request.n))) for request in requests]

    async def close(self) -> None:
        """Do nothing: a recording holds no resources."""

    def _found(self, request: Request, index: int) -> Sampled | Failure:
        key = digest(request), request.seed + index
        if (sample := self._samples.get(key)) is not None:
            return sample
        begins = plain(request.messages[-1].content)[:60] if request.messages else ""
        missed = f"request {key[0]} with seed {key[1]}, whose last message begins '{begins}'"
        return Failure(f"the recording has no sample of {missed}")


class RecordingSampler:
    """Passes requests on to another sampler and appends every sample that comes back to a file."""

    def __init__(self, sampler: Sampler, path: Path) -> None:
        self.batch = sampler.batch
        self.concurrency = sampler.concurrency
        self._sampler = sampler
        self._file = path.open("a", encoding="utf-8")

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer as the other sampler does."""
        answers = await self._sampler.sample(requests)
        for request, answer in zip(requests, answers, strict=True):
            name = digest(request)
            for i, sample in enumerate(answer.samples):
                if isinstance(sample, Sampled):
                    line = {"request": name, "seed": request.seed + i, "sample": asdict(sample)}
                    self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        return answers

    async def close(self) -> None:
        """Close the file and the other sampler."""
        self._file.close()
        await self._sampler.close()


def _sampled(saved: dict[str, Any]) -> Sampled:
    given = saved.pop("logprobs", None)
    logprobs = None if given is None else tuple(_token(**token) for token in given)
    return Sampled(**saved, logprobs=logprobs)


def _token(token: str, logprob: float, top: Sequence[tuple[str, float]]) -> TokenLogprob:
    return TokenLogprob(token, logprob, tuple((other, value) for other, value in top))


class PublishedSampler:
    """Answers prompts with texts that were published for them, whatever the seed: judges that are not at hand.

    Sample i of a request is the prompt's text i; one that was not published is a `Failure`.
    """

    batch = 1
    concurrency = 64

    def __init__(self, texts: Mapping[tuple[Message, ...], Sequence[str]]) -> None:
        self._texts = texts

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Replay every request, in the order given."""
        return [Answer(tuple(self._found(request))) for request in requests]

    async def close(self) -> None:
        """Do nothing: published texts hold no resources."""

    def _found(self, request: Request) -> Iterator[Sampled | Failure]:
        texts = self._texts.get(request.messages, ())
        yield from (Sampled(text) for text in texts[: request.n])
        yield from [Failure(f"{len(texts)} judgments of this prompt were published")] * (request.n - len(texts))
