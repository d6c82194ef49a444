"""What a GPU does in bfloat16, judging, scoring and training: on a GPU where there is one, and always on the CPU."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from solon import Judge, sandbox
from solon.checkpoint import SANDBOX
from solon.forms import load_form
from solon.meta import conversation, meta_form
from solon.samplers.transformers import TransformersSampler
from solon.scorers.seam import Conversation
from solon.scorers.transformers import TransformersScorer
from solon.types import Judgment, LabeledCase, Verdict
from tests.scorers import tiny
from tests.scorers.conversing import talk
from tests.training import families, recipes

GPU = pytest.mark.skipif(
    torch.cuda.device_count() != 1,
    reason="needs one GPU that torch sees (CUDA_VISIBLE_DEVICES chooses of several)",
)
pytestmark = [
    pytest.mark.slow,
    # what libraries warn of on a GPU, and TRL's old names for recomputing, are not ours
    pytest.mark.filterwarnings("default", "ignore:.*gradient_checkpointing:FutureWarning"),
]

SIZES = {
    "hidden_size": 512,
    "intermediate_size": 1024,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 64,
}
ON_CPU = {"use_cpu": True, "bf16": True, "activation_checkpointing": True}


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=GPU)])
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """Name a device, and see that what is left to the defaults came to a GPU."""
    chosen: str = request.param
    if chosen == "cuda":
        torch.cuda.reset_peak_memory_stats()
    yield chosen
    assert chosen == "cpu" or torch.cuda.max_memory_allocated() > 2**20


def of(device: str) -> dict[str, str]:
    """Return what a CPU has to be told, where a GPU needs no telling."""
    return {} if device == "cuda" else {"device": "cpu", "dtype": "bfloat16"}


@pytest.fixture(scope="module")
def judged(device: str) -> list[tuple[LabeledCase, Verdict]]:
    """Let the shipped judge judge cases of two to four responses greedily."""
    held = [one for n in (2, 3, 4) for one in sandbox.cases("dev", 8, seed=0, n=n)]
    sampler = TransformersSampler.load(SANDBOX, **of(device))
    assert (sampler._model.device.type, sampler._model.dtype) == (device, torch.bfloat16)
    with Judge(sampler, form="sandbox", k=1, max_tokens=160) as judge:
        return list(zip(held, judge.batch([one.case for one in held]), strict=True))


def test_the_shipped_judge_writes_judgments_that_can_be_read(judged: list[tuple[LabeledCase, Verdict]]) -> None:
    for one, verdict in judged:
        (outcome,) = verdict.outcomes
        assert isinstance(outcome, Judgment), outcome
        assert len(outcome.scores) == one.case.n
        assert "\\boxed{" in outcome.text
        assert outcome.principles


def test_the_shipped_meta_model_weighs_as_in_single_precision_on_a_cpu(
    device: str, judged: list[tuple[LabeledCase, Verdict]]
) -> None:
    form, folder = meta_form(load_form("sandbox")), SANDBOX.parent / "meta"
    talks = [conversation(form, one.case, verdict.orders[0], verdict.outcomes[0].text, 0) for one, verdict in judged]
    assert_close(TransformersScorer.load(folder, **of(device)), TransformersScorer.load(folder, device="cpu"), talks)


@pytest.mark.parametrize("family", sorted(tiny.CONFIGS))
def test_every_family_scores_as_in_single_precision_on_a_cpu(family: str, device: str) -> None:
    talks = [talk("the first is better " * (7 * i % 5 + 1) + str(i)) for i in range(9)]
    coarse, fine = tiny.model(family).to(device, torch.bfloat16), tiny.model(family)
    assert_close(*(TransformersScorer(model, tiny.tokenizer(family)) for model in (coarse, fine)), talks)


def assert_close(coarse: TransformersScorer, fine: TransformersScorer, talks: list[Conversation]) -> None:
    rough, exact = (torch.tensor(asyncio.run(scorer.score(talks))) for scorer in (coarse, fine))
    assert (rough - exact).abs().max() < 0.35 * exact.std()


@pytest.mark.parametrize("recipe", ["rft", "grpo", "meta"])
def test_a_model_of_millions_of_weights_trains_two_steps(recipe: str, device: str, tmp_path: Path) -> None:
    base = families.save("qwen3", tmp_path / "base", **SIZES)
    options: dict[str, Any] = {} if device == "cuda" else {"trainer": ON_CPU}
    folder = recipes.run(recipe, base, tmp_path / "out", **options)
    before, after = recipes.weights(base), recipes.weights(folder)
    assert sum(weights.numel() for weights in after.values()) > 2_000_000
    assert all(weights.isfinite().all() for weights in after.values())
    assert any(not torch.equal(before[name], after[name]) for name in before.keys() & after.keys())
    log = json.loads((folder / "log.json").read_text())["log"]
    assert log[-1]["step"] == 2
