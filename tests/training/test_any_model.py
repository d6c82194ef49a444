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
from solon.types import Message, Verdict, content
from tests.samplers.serving import transformers_serve
from tests.training import families, recipes
from tests.training.rewarding import assert_rewards

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


class Results:
    """Trains each recipe on each family once, for all tests of this file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: dict[tuple[str, str, bool], Trained] = {}

    def of(self, recipe: str, family: str, lora: bool) -> Trained:
        key = (recipe, family, lora)
        if key not in self._done:
            base, out = self._base(family), self._folder / "-".join(map(str, key)).replace(" ", "-")
            folder = recipes.run(recipe, base, out, lora=recipes.LORA if lora else {})
            assert folder == out / "checkpoint"
            self._done[key] = Trained(*key, base, folder)
        return self._done[key]

    def _base(self, family: str) -> Path:
        base = self._folder / family
        return base if base.is_dir() else families.save(family, base)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results(tmp_path_factory.mktemp("results"))


@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_leaves_a_whole_checkpoint_that_loads_everywhere(
    recipe: str, family: str, lora: bool, results: Results
) -> None:
    trained = results.of(recipe, family, lora)
    assert_whole(trained)
    assert_learned(trained)
    if recipe == "meta":
        assert_scores(trained)
    else:
        assert_judges(trained)
    if lora:
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


@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize("family", FAMILIES)
def test_trl_takes_the_results_as_policy_and_as_reward_model(
    family: str, lora: bool, results: Results, tmp_path: Path
) -> None:
    policy, reward = (results.of(recipe, family, lora).folder for recipe in ("rft", "meta"))
    assert_rewards(policy, reward, tmp_path)


def test_one_server_of_transformers_serves_what_rft_and_grpo_leave(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    case = recipes.cases()[1].case
    judges = [(recipe, family, lora) for recipe in ("rft", "grpo") for family in FAMILIES for lora in (False, True)]
    folders = [results.of(*judge).folder for judge in judges]
    served = {}
    with transformers_serve(tmp_path, preload=False) as url:
        for folder in folders:
            with Judge(url, served_model=str(folder), form="sandbox", k=1, max_tokens=8) as judge:
                served[folder] = texts(judge.batch([case]))
    for folder in folders:
        with Judge(str(folder), k=1, max_tokens=8) as judge:
            assert served[folder] == texts(judge.batch([case])) != [[""]]


def texts(verdicts: Sequence[Verdict]) -> list[list[str]]:
    return [[outcome.text for outcome in verdict.outcomes] for verdict in verdicts]
