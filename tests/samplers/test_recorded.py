"""Recording and replay: the same answers, in any grouping, and a miss that is named."""

from pathlib import Path

import pytest

from solon.errors import UserError
from solon.samplers.recorded import RecordedSampler, RecordingSampler, digest
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure, Request, Sampled, TokenLogprob
from solon.types import Image, Message
from tests.samplers.asking import ask, texts

LOGPROBS = (TokenLogprob("hé", -0.5, (("hé", -0.5), ("ho", -1.5))),)


def script(request: Request, index: int) -> Sampled | Failure:
    if request.temperature > 1:
        return Failure("too hot")
    return Sampled(f"{request.seed + index} at {request.temperature}", "length", 3, "why", LOGPROBS)


async def recorded(path: Path, *requests: Request) -> None:
    recorder = RecordingSampler(ScriptedSampler(script, batch=3, concurrency=5), path)
    assert (recorder.batch, recorder.concurrency) == (3, 5)
    await recorder.sample(requests)
    await recorder.close()


async def test_what_was_recorded_is_replayed_in_any_grouping(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    whole = ask("q", n=4, seed=10, temperature=0.5)
    await recorded(path, whole, ask("q", seed=10))
    replay = RecordedSampler.load(path)
    answers = await replay.sample([whole, ask("q", seed=10), ask("q", n=2, seed=12, temperature=0.5, echo_mark="m")])
    assert answers[0].samples == tuple(script(whole, i) for i in range(4))
    assert [texts(answer) for answer in answers[1:]] == [["10 at 0.0"], ["12 at 0.5", "13 at 0.5"]]
    await replay.close()


async def test_a_miss_is_a_failure_that_names_the_request(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    await recorded(path, ask("q", n=2), ask("q", temperature=2.0))
    missing = ask("a question", n=2, seed=7, temperature=2.0)
    answer = (await RecordedSampler.load(path).sample([missing]))[0]
    assert [type(sample) for sample in answer.samples] == [Failure, Failure]
    assert digest(missing) in answer.samples[1].detail  # type: ignore[union-attr]
    assert "seed 8, whose last message begins 'a question'" in answer.samples[1].detail  # type: ignore[union-attr]


def test_the_digest_covers_what_a_sample_depends_on() -> None:
    same = [ask("q"), ask("q", n=5), ask("q", seed=3), ask("q", echo_mark="m")]
    shown = Request((Message("user", (Image("q"),)),))
    others = [ask("r"), ask("q", temperature=0.5), ask("q", prefill="p"), ask("q", stop=("s",)), shown]
    assert len({digest(request) for request in same}) == 1
    assert len({digest(request) for request in (*same, *others)}) == 6


def test_a_broken_recording_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    with pytest.raises(UserError, match="cannot read the recording"):
        RecordedSampler.load(path)
    path.write_text('{"request": "a", "seed": 1, "sample": {"text": "t"}}\n{"request": "a"}\n')
    with pytest.raises(UserError, match="line 2 is not a recorded sample"):
        RecordedSampler.load(path)
