"""The base recipe: lossless tokens, loss on answers only, a resumed run equal to an undisturbed one."""

import random
import re
from itertools import islice

import pytest

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from pydantic import ValidationError  # noqa: E402

from solon.sandbox import training  # noqa: E402
from solon.sandbox.config import BaseConfig  # noqa: E402
from solon.sandbox.corpus import exercises  # noqa: E402
from solon.sandbox.encoding import encode  # noqa: E402
from solon.sandbox.muon import orthogonalized  # noqa: E402
from solon.sandbox.tokenizer import train_tokenizer  # noqa: E402
from solon.types import plain  # noqa: E402

TINY = {"hidden": 16, "layers": 1, "intermediate": 16, "chunks": 3, "first": 0.4}


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(0, count=2500)


@pytest.fixture
def small(monkeypatch, tokenizer):
    monkeypatch.setattr(training, "CHUNK", 8)
    monkeypatch.setattr(training, "train_tokenizer", lambda seed: tokenizer)
    monkeypatch.setattr(training, "probe", lambda model, tokenizer: {"easy": 0.5})


def test_world_words_are_one_token(tokenizer):
    for one in islice(exercises(9, 0, inspections=0.3), 300):
        text = plain(one.messages[0].content) + "\n" + one.answer
        for word in set(re.findall(r" ?[A-Za-z]+| ?[0-9]+", text)):
            assert len(tokenizer(word).input_ids) == 1, word
    assert all(len(tokenizer(f" {n}").input_ids) == 1 for n in range(21))
    assert len(tokenizer) < 1500


@pytest.mark.parametrize(
    "text", ["Ünïcödé 日本 🎉", " a  b\n\n\tc ", "[12] \\boxed{10, 9}", "don't , stop .", "\x00\x7f"]
)
def test_any_text_survives_the_tokenizer(tokenizer, text):
    assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_the_chat_template_takes_any_conversation(tokenizer):
    turns = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "u"}, {"type": "image", "url": "x"}]},
        {"role": "assistant", "content": "a"},
        {"role": "tool", "content": "t"},
    ]
    text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert text == (
        "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n"
        "<|im_start|>tool\nt<|im_end|>\n<|im_start|>assistant\n"
    )


def test_only_the_answer_is_learned(tokenizer):
    for one in islice(exercises(9, 0, inspections=0.5), 200):
        ids, weights = encode(one, tokenizer)
        start = next(i for i, weight in enumerate(weights) if weight)
        assert tokenizer.decode(ids[start:]) == one.answer + "<|im_end|>"
        assert tokenizer.decode(ids[:start]).endswith("<|im_end|>\n<|im_start|>assistant\n")
        assert all(weight == 1.0 for weight in weights[start:]) or one.kind == "inspection"
        said = [
            weights[i] for i, token in enumerate(ids) if i >= start and tokenizer.decode([token]) in (" yes", " no")
        ]
        assert set(said) <= {1.0}


def test_batches_hold_every_exercise_once(tokenizer, small):
    config = BaseConfig(chunks=3, tokens=400)
    batches = training.batched(config, 1, tokenizer)
    assert sum(map(len, batches)) == 8
    assert all(max(len(ids) for ids, _ in batch) * len(batch) <= 400 or len(batch) == 1 for batch in batches)
    assert batches == training.batched(config, 1, tokenizer)


def test_the_rate_warms_up_and_ends_at_zero():
    config = BaseConfig(warm=0.1)
    assert 0 < training.rate(config, 0) < 0.01
    assert training.rate(config, 0.1) == pytest.approx(1.0, abs=0.01)
    assert training.rate(config, 0.55) == pytest.approx(0.5)
    assert training.rate(config, 1.0) == 0.0


def test_a_killed_run_resumes_to_the_same_weights(tmp_path, small):
    whole = training.train_base(BaseConfig(out=tmp_path / "whole", **TINY))
    parts = BaseConfig(out=tmp_path / "parts", **TINY)
    killed = training.start(parts)
    parts.out.mkdir()
    training.train_chunk(killed)
    training.save(killed)
    training.train_chunk(killed)
    resumed = training.train_base(parts)
    assert (whole / "model.safetensors").read_bytes() == (resumed / "model.safetensors").read_bytes()


def test_orthogonalized_matrices_have_singular_values_near_one():
    generator = torch.Generator().manual_seed(0)
    for shape in ((3, 12, 12), (2, 20, 8), (2, 8, 20)):
        values = torch.linalg.svdvals(orthogonalized(torch.randn(shape, generator=generator)))
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError):
        BaseConfig(chunk=3)


def test_seeds_are_private():
    random.seed(1)
    state = random.getstate()
    list(islice(exercises(9, 0, inspections=0.5), 20))
    assert random.getstate() == state
