"""TRL's GRPO trainer takes a policy and a reward model by their paths."""

import asyncio
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation
from solon.types import Message, content


def assert_rewards(policy: Path, reward: Path, out: Path) -> None:
    """Train a policy for a step against a reward model, and hold TRL's rewards against those of our own scorer."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    spoken: list[Conversation] = []

    def heard(prompts: list[Any], completions: list[Any], **_: object) -> list[float]:
        spoken.extend(talk(prompt + completion) for prompt, completion in zip(prompts, completions, strict=True))
        return [0.0] * len(prompts)

    trainer = GRPOTrainer(
        model=str(policy),
        reward_funcs=[str(reward), heard],
        train_dataset=Dataset.from_list([{"prompt": [{"role": "user", "content": "Why?"}]}] * 2),
        args=GRPOConfig(
            output_dir=str(out / "trl"),
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
    scores = asyncio.run(open_scorer(str(reward)).score(spoken))
    assert len(scores) == 2
    assert trainer.state.log_history[0][f"rewards/{reward.name}/mean"] == pytest.approx(fmean(scores), abs=1e-4)


def talk(turns: list[dict[str, str]]) -> Conversation:
    return tuple(Message(turn["role"], content(turn["content"])) for turn in turns)
