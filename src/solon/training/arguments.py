"""The arguments that all trainers of TRL and transformers share, from a recipe's config."""

import os
from dataclasses import fields
from math import gcd
from typing import Any, TypeVar

import torch
from transformers import TrainingArguments

from solon.errors import UserError
from solon.training.config import TrainConfig

Arguments = TypeVar("Arguments", bound=TrainingArguments)


FLAGS = {
    "output_dir": "out",
    "seed": "seed",
    "per_device_train_batch_size": "micro_batch",
    "gradient_accumulation_steps": "batch",
    "num_train_epochs": "epochs",
    "max_steps": "steps",
    "learning_rate": "learning_rate",
    "warmup_steps": "warmup",
    "save_steps": "save_every",
    "beta": "beta",
    "num_generations": "group",
    "temperature": "temperature",
    "max_completion_length": "max_tokens",
    "max_length": "max_length",
}
"""Fields of trainers that have an option of their own, which plans more than the trainer."""


def built(kind: type[Arguments], config: TrainConfig, own: dict[str, Any]) -> Arguments:
    """Build a trainer's arguments: the shared ones, those of its recipe, and over all the config's `trainer` table.

    Raises:
        UserError: the table names a field that this trainer does not have or cannot use, or that has an option of
            its own; or a step cannot be shared evenly.
    """
    known = {field.name for field in fields(kind)}
    if unknown := sorted(config.trainer.keys() - known):
        raise UserError(f"trainer names '{unknown[0]}', which {kind.__name__} does not have; its fields are TRL's own")
    if owned := [name for name in config.trainer if name in FLAGS]:
        raise UserError(f"trainer names '{owned[0]}', which has an option of its own: {FLAGS[owned[0]]}")
    try:
        made: Arguments = kind(**arguments(config) | own | config.trainer)
    except (TypeError, ValueError) as error:
        raise UserError(f"the trainer cannot work with these options: {error}") from error
    return made


def arguments(config: TrainConfig) -> dict[str, Any]:
    """Return the fields of `transformers.TrainingArguments` that a training's config stands for.

    On a CPU precision is float32 and nothing is recomputed; on a GPU it is bfloat16 with gradient checkpointing, as TRL
    has it.

    Raises:
        UserError: a step's sequences cannot be shared evenly among devices.
    """
    gpu = torch.cuda.is_available()
    return {
        "output_dir": str(config.out / "states"),
        "seed": config.seed,
        "per_device_train_batch_size": min(config.micro_batch, config.batch),
        "gradient_accumulation_steps": _accumulated(config),
        "num_train_epochs": config.epochs,
        "max_steps": config.steps or -1,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": config.warmup,
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "save_total_limit": 2,
        "logging_steps": gcd(10, config.save_every),  # every state is saved after a look at its losses
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not gpu,
        "bf16": gpu,
        "activation_checkpointing": gpu,
        "logging_nan_inf_filter": False,
        "dataloader_pin_memory": gpu,
    }


def _accumulated(config: TrainConfig) -> int:
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    once = min(config.micro_batch, config.batch) * devices
    if config.batch % once:
        raise UserError(
            f"batch is {config.batch} and {once} sequences are trained on at once (micro_batch times {devices} "
            "devices): make batch a multiple of that"
        )
    return config.batch // once
