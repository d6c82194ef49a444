"""A real server: `transformers serve` on a tiny checkpoint answers as the in-process sampler does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from solon.samplers.openai import OpenAISampler
from solon.samplers.seam import Failure, Sampled
from solon.samplers.transformers import TransformersSampler
from tests.samplers import tiny
from tests.samplers.asking import ask, texts
from tests.samplers.serving import transformers_serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    model = tiny.model()
    model.generation_config.do_sample = True
    model.generation_config.top_k = 0
    model.save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def url(checkpoint: Path) -> Iterator[str]:
    pytest.importorskip("fastapi")
    with transformers_serve(checkpoint) as address:
        yield address


async def test_greedy_texts_counts_and_ends_are_the_same(url: str, checkpoint: Path) -> None:
    requests = [ask(f"judge response number {i}", max_tokens=24) for i in range(20)]
    requests += [ask("judge", max_tokens=24, stop=("first",))]
    served, local = OpenAISampler(url, concurrency=4, timeout=60), TransformersSampler.load(checkpoint)
    try:
        over_http, in_process = await served.sample(requests), await local.sample(requests)
    finally:
        await served.close()
        await local.close()
    assert [texts(answer) for answer in over_http] == [texts(answer) for answer in in_process]
    assert [answer.prompt_tokens for answer in over_http] == [answer.prompt_tokens for answer in in_process]
    for ours, theirs in zip(in_process, over_http, strict=True):
        assert isinstance(ours.samples[0], Sampled)
        assert isinstance(theirs.samples[0], Sampled)
        assert (ours.samples[0].finish, ours.samples[0].tokens) == (theirs.samples[0].finish, theirs.samples[0].tokens)
    assert served.notes == []


async def test_n_is_ignored_and_every_sample_still_drawn_by_a_seed(url: str) -> None:
    sampler = OpenAISampler(url, concurrency=1, timeout=60)
    try:
        first, second = [
            (await sampler.sample([ask("judge", n=6, temperature=1.0, max_tokens=24, seed=5)]))[0] for _ in range(2)
        ]
    finally:
        await sampler.close()
    assert len(set(texts(first))) == 6
    assert texts(first) == texts(second)
    assert first.calls == 6
    assert "ignores n" in sampler.notes[0]


async def test_a_field_it_does_not_know_is_a_failure_with_its_words(url: str) -> None:
    sampler = OpenAISampler(url, extra_body={"min_p": 0.1}, timeout=60)
    answer = (await sampler.sample([ask("judge")]))[0]
    await sampler.close()
    assert answer.samples == (Failure("HTTP 422: Unexpected fields in the request: {'min_p'}"),)
