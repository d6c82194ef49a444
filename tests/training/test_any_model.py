"""Every recipe trains any family, full and with LoRA, and leaves a checkpoint that judges, scores and trains on."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from solon import Judge
from solon.samplers.transformers import eos_of
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation
from solon.types import Message, content
from tests.samplers.serving import transformers_serve
from tests.training import families, recipes

pytestmark = pytest.mark.slow

FAMILIES = sorted(families.FAMILIES)
RECIPES = ("rft", "grpo", "grpo trl", "meta")
TALK: Conversation = (Message("user", content("Which is best?")), Message("assistant", content("\\boxed{9, 3}")))


@dataclass(frozen=True)
class Trained:
    """What was trained, from what, and where the result lies."""

    recipe: str
    family: str
    lora: bool
    base: Path
    folder: Path


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: families.save(family, tmp_path_factory.mktemp(family)) for family in FAMILIES}


@pytest.fixture(
    scope="module",
    params=[(recipe, family, lora) for recipe in RECIPES for family in FAMILIES for lora in (False, True)],
    ids=lambda param: f"{param[0]}-{param[1]}-{'lora' if param[2] else 'full'}",
)
def trained(
    request: pytest.FixtureRequest, bases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    recipe, family, lora = request.param
    out = tmp_path_factory.mktemp("out")
    folder = recipes.run(recipe, bases[family], out, lora=recipes.LORA if lora else {})
    assert folder == out / "checkpoint"
    return Trained(recipe, family, lora, bases[family], folder)


def test_a_recipe_leaves_a_whole_checkpoint_that_loads_everywhere(trained: Trained) -> None:
    assert_whole(trained)
    assert_learned(trained)
    if trained.recipe == "meta":
        assert_scores(trained)
    else:
        assert_judges(trained)
    if trained.lora:
        assert_merged(trained)


def assert_whole(trained: Trained) -> None:
    names = {path.name for path in trained.folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "solon.json", "log.json"} <= names
    assert not names & {"training_args.bin", "adapter_config.json"}
    tokens, base = AutoTokenizer.from_pretrained(trained.folder), AutoTokenizer.from_pretrained(trained.base)
    assert tokens.chat_template == base.chat_template
    assert tokens.get_vocab() == base.get_vocab()
    assert tokens.eos_token == base.eos_token
    log = json.loads((trained.folder / "log.json").read_text())
    assert log["recipe"]["steps"] == 2
    assert log["log"][-1]["step"] == 2


def assert_learned(trained: Trained) -> None:
    before, after = recipes.weights(trained.base), recipes.weights(trained.folder)
    assert all(weights.isfinite().all() for weights in after.values())
    shared = before.keys() & after.keys()
    assert len(shared) > 10
    assert any(not torch.equal(before[name], after[name]) for name in shared)


def assert_judges(trained: Trained) -> None:
    model, tokens = (
        AutoModelForCausalLM.from_pretrained(trained.folder),
        AutoTokenizer.from_pretrained(trained.folder),
    )
    ends = families.tokenizer(trained.family).convert_tokens_to_ids(list(families.FAMILIES[trained.family].ends))
    assert eos_of(model, tokens) == frozenset(ends)
    with Judge(str(trained.folder), k=2, max_tokens=4) as judge:
        assert judge.form.name == "sandbox"
        verdict = judge("Why?", ["x", "y"])
        assert len(verdict.outcomes) == 2
        assert not judge.notes([verdict])


def assert_scores(trained: Trained) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(trained.folder)
    assert (model.config.num_labels, model.config.architectures) == (1, [type(model).__name__])
    (score,) = asyncio.run(open_scorer(str(trained.folder)).score([TALK]))
    assert isinstance(score, float)
    assert isfinite(score)
    assert json.loads((trained.folder / "solon.json").read_text())["form"] == "sandbox-meta"


def assert_merged(trained: Trained) -> None:
    from peft import PeftModel

    kind = AutoModelForSequenceClassification if trained.recipe == "meta" else AutoModelForCausalLM
    options = {"num_labels": 1} if trained.recipe == "meta" else {}
    whole = kind.from_pretrained(trained.folder)
    adapted = PeftModel.from_pretrained(
        kind.from_pretrained(trained.base, pad_token_id=whole.config.pad_token_id, **options),
        trained.folder.parent / "adapter",
    )
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        assert torch.allclose(whole(ids).logits, adapted(ids).logits, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_trl_takes_the_results_as_policy_and_as_reward_model(
    family: str, bases: dict[str, Path], tmp_path: Path
) -> None:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    policy = recipes.run("rft", bases[family], tmp_path / "rft")
    scalar = recipes.run("meta", bases[family], tmp_path / "meta")
    prompts = [{"prompt": [{"role": "user", "content": "Why?"}]}] * 2
    trainer = GRPOTrainer(
        model=str(policy),
        reward_funcs=str(scalar),
        train_dataset=Dataset.from_list(prompts),
        args=GRPOConfig(
            output_dir=str(tmp_path / "trl"),
            max_steps=1,
            per_device_train_batch_size=2,
            num_generations=2,
            max_completion_length=4,
            report_to="none",
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
            disable_tqdm=True,
            save_strategy="no",
            dataloader_pin_memory=False,
            logging_steps=1,
        ),
    )
    trainer.train()
    assert isfinite(trainer.state.log_history[0]["reward"])


def test_a_result_is_served_by_transformers(bases: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    folder = recipes.run("rft", bases["qwen3"], tmp_path / "rft")
    cases = [one.case for one in recipes.cases() if one.case.n > 1]
    with Judge(str(folder), k=1, max_tokens=8) as local:
        here = texts(local.batch(cases))
    with transformers_serve(folder) as url, Judge(url, form="sandbox", k=1, max_tokens=8, concurrency=2) as served:
        assert texts(served.batch(cases)) == here


def texts(verdicts: Sequence[object]) -> list[list[str]]:
    return [[outcome.text for outcome in verdict.outcomes] for verdict in verdicts]  # type: ignore[attr-defined]
