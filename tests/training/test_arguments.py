"""What reaches the trainers: the paper's settings, the config's numbers, and over all the `trainer` table."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from trl import GRPOConfig

from solon.errors import UserError
from solon.training.config import SAMPLED_BY_TRL, GrpoConfig, MetaConfig, RftConfig
from solon.training.grpo import grpo, grpo_arguments
from tests.training.making import labeled, write

pytestmark = pytest.mark.slow  # TRL takes seconds to import


def config(**options: Any) -> GrpoConfig:
    return GrpoConfig(**{"model": "m", "out": Path("out"), "data": [Path("cases.jsonl")]} | options)


def test_trl_is_told_the_grpo_of_the_paper() -> None:
    told = grpo_arguments(config(batch=32, max_tokens=77, temperature=0.7), prompts=40)
    assert (told.loss_type, told.beta, told.scale_rewards, told.num_generations) == ("grpo", 0.08, "group", 4)
    assert (told.max_completion_length, told.temperature) == (77, 0.7)
    assert (told.top_p, told.top_k, told.min_p, told.repetition_penalty) == (1.0, 0, None, 1.0)
    assert told.num_iterations == 1
    assert told.max_steps == 40 * 4 // 32
    assert told.generation_batch_size == 32
    assert told.per_device_train_batch_size * told.gradient_accumulation_steps == 32
    assert told.learning_rate == 4e-7
    assert told.shuffle_dataset is False
    assert told.mask_truncated_completions is False
    assert told.epsilon == 0.2


def test_vllm_is_trls_to_sample_with() -> None:
    vllm = {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": "http://gpu:8000"}
    told = grpo_arguments(config(rollouts="trl", trainer=vllm), prompts=16)
    assert (told.use_vllm, told.vllm_mode, told.vllm_server_base_url) == (True, "server", "http://gpu:8000")
    assert grpo_arguments(config(rollouts="trl"), prompts=16).use_vllm is False


@pytest.mark.parametrize(("name", "value"), [("use_vllm", True), ("top_p", 0.9), ("generation_kwargs", {"bad": 1})])
def test_what_our_decoder_does_not_read_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=f"trainer names '{name}', which TRL's own .* set rollouts to 'trl'"):
        config(trainer={name: value})
    assert config(rollouts="trl", trainer={name: value}).trainer == {name: value}
    assert config(trainer={"use_vllm": False}).trainer == {"use_vllm": False}


def test_the_fields_of_sampling_are_trls() -> None:
    assert {field.name for field in fields(GRPOConfig)} >= SAMPLED_BY_TRL


def test_every_number_of_the_config_reaches_trl() -> None:
    told = grpo_arguments(
        config(
            group=6,
            beta=0.002,
            batch=12,
            micro_batch=4,
            learning_rate=1e-3,
            warmup=0.25,
            seed=9,
            save_every=7,
            out=Path("here"),
        ),
        prompts=80,
    )
    assert (told.num_generations, told.beta, told.max_steps) == (6, 0.002, 40)
    assert (told.per_device_train_batch_size, told.gradient_accumulation_steps) == (4, 3)
    assert (told.learning_rate, told.get_warmup_steps(40), told.seed) == (1e-3, 10, 9)
    assert (told.save_steps, told.output_dir) == (7, "here/states")
    assert told.report_to == []


def test_the_trainer_table_wins() -> None:
    told = grpo_arguments(config(trainer={"loss_type": "dapo", "scale_rewards": "none", "logging_steps": 1}), 64)
    assert (told.loss_type, told.scale_rewards, told.logging_steps) == ("dapo", "none", 1)


@pytest.mark.parametrize(("name", "option"), [("temperature", "temperature"), ("max_steps", "steps"), ("seed", "seed")])
def test_a_field_that_plans_more_than_the_trainer_names_its_option(name: str, option: str) -> None:
    with pytest.raises(UserError, match=rf"trainer names '{name}', which has an option of its own: {option}"):
        grpo_arguments(config(trainer={name: 1}), 64)


@pytest.mark.parametrize("name", ["bta", "num_generation", "learningrate"])
def test_a_field_that_trl_does_not_have_is_named(name: str) -> None:
    with pytest.raises(UserError, match=rf"trainer names '{name}', which GRPOConfig does not have"):
        grpo_arguments(config(trainer={name: 1}), 64)


def test_a_value_that_trl_refuses_is_told_in_its_words() -> None:
    with pytest.raises(UserError, match=r"the trainer cannot work with these options: .*no_such_optimizer"):
        grpo_arguments(config(trainer={"optim": "no_such_optimizer"}), 64)


def test_a_step_must_be_whole_groups_and_whole_micro_batches(tmp_path: Path) -> None:
    file = write(tmp_path / "cases.jsonl", [labeled("a")])
    with pytest.raises(UserError, match="batch is 10 judgments a step; make it a multiple of group, 4"):
        grpo(config(data=[file], batch=10))
    with pytest.raises(UserError, match=r"batch is 12 and 8 sequences .* at once .*: make batch a multiple"):
        grpo_arguments(config(batch=12), prompts=12)


def test_a_batch_smaller_than_a_micro_batch_is_taken_at_once() -> None:
    told = grpo_arguments(config(batch=4), prompts=4)
    assert (told.per_device_train_batch_size, told.gradient_accumulation_steps, told.max_steps) == (4, 1, 4)


def test_the_recipes_default_to_the_papers_learning_rates() -> None:
    shared: dict[str, Any] = {"model": "m", "out": Path("out"), "samples": [Path("samples.jsonl")]}
    assert (RftConfig(**shared).learning_rate, MetaConfig(**shared).learning_rate) == (5e-6, 1e-5)
    assert config().learning_rate == 4e-7
