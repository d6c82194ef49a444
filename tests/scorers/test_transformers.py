"""Tiny models of four families: a score depends on its conversation alone, and nothing that is no scorer gets in."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from solon.errors import SamplerError, UserError
from solon.samplers.seam import Failure
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation
from solon.scorers.transformers import TransformersScorer
from solon.types import Image, Message
from tests.samplers import tiny as sampling
from tests.scorers import tiny
from tests.scorers.conversing import talk

pytestmark = pytest.mark.slow

FAMILIES = sorted(tiny.CONFIGS)
TALKS = [talk("the first is better " * (7 * i % 5 + 1) + str(i)) for i in range(9)]


def scorer(family: str, **options: Any) -> TransformersScorer:
    return TransformersScorer(tiny.model(family), tiny.tokenizer(family), **options)


def scored(made: TransformersScorer, *talks: Conversation) -> list[float | Failure]:
    return asyncio.run(made.score(talks))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_score_is_the_models_logit_whatever_stands_beside_it(family: str) -> None:
    made, model = scorer(family), tiny.model(family)
    expected = []
    for one in TALKS:
        ids = made._encoder.encode(one)
        with torch.inference_mode():
            expected.append(model(input_ids=torch.tensor([ids])).logits[0, 0].item())
    assert len({round(score, 3) for score in expected}) == len(TALKS)
    assert scored(made, *TALKS) == pytest.approx(expected, abs=1e-5)
    assert [scored(made, one)[0] for one in TALKS] == pytest.approx(expected, abs=1e-5)
    assert scored(scorer(family, tokens=100), *TALKS[::-1]) == pytest.approx(expected[::-1], abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_no_score(family: str) -> None:
    made = scorer(family)
    (alone,) = scored(made, talk("short"))
    beside = scored(made, talk("short"), talk("a far longer judgment, " * 15))
    assert beside[0] == pytest.approx(alone, abs=1e-5)


def shapes_of(family: str, talks: Sequence[Conversation], **options: Any) -> list[tuple[int, int]]:
    """Score, and return the shapes of what the model computed."""
    shapes = []
    model = tiny.model(family)
    model.register_forward_pre_hook(
        lambda _, args, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    scored(TransformersScorer(model, tiny.tokenizer(family), **options), *talks)
    return shapes


def test_no_batch_is_larger_than_the_tokens_allow() -> None:
    shapes = shapes_of("bert", TALKS, tokens=400)
    assert sum(rows for rows, _ in shapes) == len(TALKS)
    assert all(rows * longest <= 400 or rows == 1 for rows, longest in shapes)
    assert len(shapes) < len(TALKS)


def test_a_decoder_reads_what_judgments_of_a_case_begin_with_once() -> None:
    asked = ["the first is better " * 8, "the second is better " * 9]
    talks = [talk(f"judged {i}", asked=asked[i % 2]) for i in range(12)]
    whole = sum(rows * longest for rows, longest in shapes_of("bert", talks))
    assert shapes_of("qwen3", talks)[0][0] == len(asked)
    assert sum(rows * longest for rows, longest in shapes_of("qwen3", talks)) < whole / 2
    few = shapes_of("qwen3", talks, tokens=600)
    assert sum(rows for rows, _ in few[::2]) <= len(few[::2]) + 1, "what begins alike stands in the same batches"
    assert shapes_of("gemma3", talks)[0][0] == len(talks), "a sliding window would count the padding behind a head"


@pytest.mark.parametrize("padded_by", ["<pad>", "<|im_end|>"])
def test_a_pad_token_at_the_end_is_not_what_a_decoder_is_read_at(padded_by: str) -> None:
    tokenizer, model = tiny.tokenizer("llama"), tiny.model("llama")
    model.config.pad_token_id = tokenizer.convert_tokens_to_ids(padded_by)
    made = TransformersScorer(model, tokenizer)
    made._encoder.encode = lambda one: [*range(40, 70), len(one[-1].content[0].text), *[made._pad] * 2]
    talks = [talk("one")] * 2  # so much alike that only what follows the pad tokens would be left to read
    with torch.inference_mode():
        expected = [model(input_ids=torch.tensor([made._encoder.encode(one)])).logits[0, 0].item() for one in talks]
    assert scored(made, *talks) == pytest.approx(expected, abs=1e-5)


def test_a_model_that_reads_both_ways_reads_every_conversation_whole() -> None:
    model = tiny.model("llama")
    assert TransformersScorer(model, tiny.tokenizer("llama"))._shares
    model.config.is_causal = False
    made = TransformersScorer(model, tiny.tokenizer("llama"))
    assert not made._shares
    assert scored(made, *TALKS) == pytest.approx([scored(made, one)[0] for one in TALKS], abs=1e-5)


@pytest.mark.parametrize("kind", ["dynamic", "longrope"])
def test_positions_that_turn_by_the_length_of_the_whole_are_read_whole(kind: str) -> None:
    scaled = {"rope_type": kind, "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
    scaled |= {"short_factor": [1.0] * 4, "long_factor": [3.0] * 4} if kind == "longrope" else {}
    model = tiny.model("llama", rope_parameters=scaled)
    assert not TransformersScorer(model, tiny.tokenizer("llama"))._shares
    assert TransformersScorer(tiny.model("llama"), tiny.tokenizer("llama"))._shares


def test_conversations_of_all_lengths_that_have_little_in_common_are_ordered_by_length_alone() -> None:
    talks = [talk(f"{i} " * (1 + 37 * i % 90), asked=f"{i * 7919} is asked") for i in range(60)]
    read = sum(TransformersScorer(tiny.model("llama"), tiny.tokenizer("llama")).lengths(talks))
    cells = sum(rows * longest for rows, longest in shapes_of("llama", talks, batch=8, tokens=2000))
    assert cells <= 1.2 * read, "of calls with more conversations than a batch, too"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_folder_is_loaded_in_the_precision_asked_for(family: str, tmp_path: Path) -> None:
    tiny.model(family).save_pretrained(tmp_path)
    tiny.tokenizer(family).save_pretrained(tmp_path)
    made = open_scorer(str(tmp_path))
    assert isinstance(made, TransformersScorer)
    assert made._model.dtype == torch.float32
    assert scored(made, *TALKS) == pytest.approx(scored(scorer(family), *TALKS), abs=1e-5)
    half = TransformersScorer.load(tmp_path, device="cpu", dtype="bfloat16")
    assert half._model.dtype == torch.bfloat16
    assert all(isinstance(score, float) for score in scored(half, *TALKS))


def test_what_cannot_be_read_is_a_failure_in_its_place() -> None:
    picture = (Message("user", (Image("https://x/a.png"),)), *talk("fine")[1:])
    first, image, long, last = scored(scorer("qwen3"), talk("a"), picture, talk("so " * 600), talk("b"))
    assert isinstance(first, float)
    assert isinstance(last, float)
    assert image == Failure("the conversation shows an image and this model reads text only", "unsupported_content")
    assert isinstance(long, Failure)
    assert "tokens and the model takes 512" in long.detail


def test_a_score_that_is_no_number_is_a_failure() -> None:
    model = tiny.model("qwen3")
    with torch.no_grad():
        model.score.weight.fill_(float("nan"))
    (score,) = scored(TransformersScorer(model, tiny.tokenizer("qwen3")), talk("a"))
    assert score == Failure("the model's score is nan, not a number")


def test_a_template_that_refuses_is_a_failure() -> None:
    strict = sampling.tokenizer("{{ raise_exception('users only') }}")
    (score,) = scored(TransformersScorer(tiny.model("qwen3"), strict), talk("a"))
    assert score == Failure("the model's chat template refuses these messages: users only")


def test_memory_that_runs_out_makes_batches_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scorer("qwen3")
    whole, computed = scored(made, *TALKS), made._computed
    rows: list[int] = []

    def tight(batch: Any) -> list[float]:
        rows.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError
        return computed(batch)

    monkeypatch.setattr(made, "_computed", tight)
    assert scored(made, *TALKS) == pytest.approx(whole, abs=1e-5)
    assert max(rows) > 2
    monkeypatch.setattr(made, "_computed", lambda batch: (_ for _ in ()).throw(torch.OutOfMemoryError()))
    with pytest.raises(SamplerError, match=r"does not hold one conversation of \d+ tokens"):
        scored(made, TALKS[0])


def test_models_that_are_no_scorers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="scores with 2 labels, and a scorer gives one number"):
        TransformersScorer(tiny.model("qwen3", labels=2), tiny.tokenizer("qwen3"))
    with pytest.raises(UserError, match="has no pad token, which a batch needs: set pad_token_id"):
        TransformersScorer(tiny.model("llama", pad_token_id=None), tiny.tokenizer("llama"))
    judge = sampling.model("qwen3")
    judge.config.num_labels = 1
    judge.save_pretrained(tmp_path)
    sampling.tokenizer().save_pretrained(tmp_path)
    with pytest.raises(UserError, match=r"holds no weights for score\.weight, so it was not trained to score"):
        open_scorer(str(tmp_path))
    with pytest.raises(UserError, match=r"there is no folder '\./no/such'"):
        open_scorer("./no/such")


async def test_a_closed_scorer_says_so() -> None:
    made = scorer("bert")
    await made.close()
    with pytest.raises(SamplerError, match=r"released by close\(\)"):
        await made.score([talk("a")])
