"""The example's training in TRL's own GRPOTrainer, and how it tells reward hacking from improvement."""

import importlib.util
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from solon.integrations.trl import SolonReward, solon_reward, solon_reward_sync
from solon.sandbox import cases, checkpoint

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("trl_grpo", EXAMPLES / "trl_grpo.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["trl_grpo"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["trl_grpo"]


def watched(example, judged, true):
    made = example.Watched(None, [])
    made.judged, made.true = ([[rise(step)] * 16 for step in range(20)] for rise in (judged, true))
    return made.told()


def test_a_judge_that_is_pleased_by_more_than_the_truth_is_named(example):
    assert "REWARD HACKING" in watched(example, lambda step: 0.4 + step / 50, lambda step: 0.4)
    assert "REWARD HACKING" in watched(example, lambda step: 0.4 + step / 50, lambda step: 0.4 - step / 200)
    assert "no sign" in watched(example, lambda step: 0.4 + step / 50, lambda step: 0.3 + step / 50)
    assert "no sign" in watched(example, lambda step: 0.4, lambda step: 0.4)


def parts(example, rollouts):
    from transformers import AutoTokenizer, set_seed

    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("base"))
    given = Namespace(steps=2, rollouts=rollouts, seed=0, overtrain=False)
    known = cases("train", 2 * rollouts // example.GROUP, n=1)
    return example.new_policy(tokenizer), tokenizer, given, known


@pytest.mark.slow
def test_trl_trains_on_rewards_of_a_server_and_leaves_out_those_that_are_none(example, stand, monkeypatch, tmp_path):
    monkeypatch.setattr(example, "LONGEST", 6)
    policy, tokenizer, given, known = parts(example, 8)
    stand.score = lambda text: None if len(text) % 3 == 0 else float(1 + len(text) % 9)
    before = {name: weight.clone() for name, weight in policy.named_parameters()}
    trainer = example.train(policy, tokenizer, example.Watched(solon_reward_sync, known), given, str(tmp_path))
    assert trainer.state.global_step == 2
    assert any((weight != before[name]).any() for name, weight in trainer.model.named_parameters())
    assert {len(asked["responses"]) for asked in stand.asked} == {example.GROUP}
    assert len(stand.asked) == 2 * 8 // example.GROUP
    told = trainer.state.log_history[-1]
    assert {"solon/valid", "gap/judged", "gap/true", "gap/judged_minus_true"} <= told.keys()


@pytest.mark.slow
@pytest.mark.parametrize("given_reward", [solon_reward, SolonReward(k=2)])
def test_trl_awaits_the_asynchronous_forms(example, stand, monkeypatch, tmp_path, given_reward):
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    policy, tokenizer, _, known = parts(example, 8)
    policy.save_pretrained(tmp_path)
    stand.score = lambda text: None
    arguments = GRPOConfig(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=8, num_generations=4, report_to="none",
        max_completion_length=4, use_cpu=True, bf16=False, activation_checkpointing=False, logging_steps=1,
        disable_tqdm=True, save_strategy="no", learning_rate=1e-3, beta=0.0, weight_decay=0.0,
    )  # fmt: skip
    data = Dataset.from_list([{"prompt": example.prompt_of(one)} for one in known])
    trainer = GRPOTrainer(str(tmp_path), [given_reward], arguments, data, processing_class=tokenizer)
    before = {name: weight.clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    assert trainer.state.log_history[0]["solon/valid"] == 0.0
    assert all((weight == before[name]).all() for name, weight in trainer.model.named_parameters())
