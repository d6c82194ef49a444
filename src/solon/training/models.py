"""Models to train, and the folders that they are saved in: whole checkpoints that judge, serve and train on."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
)

from solon.checkpoint import SHIPPED, Checkpoint
from solon.errors import UserError
from solon.training.config import TrainConfig
from solon.training.seeding import seeded

if TYPE_CHECKING:
    from peft import LoraConfig

_SPARE = re.compile("pad|reserved|unused|control")


def source_of(model: str) -> str:
    """Return the folder or hub id that a model's name stands for; trainings in the sandbox start from its base."""
    return str(SHIPPED / "base") if model == "sandbox" else model


def load(config: TrainConfig, kind: type[PreTrainedModel] = AutoModelForCausalLM, **options: object) -> PreTrainedModel:
    """Load the model that a training starts from, in the config's precision.

    Raises:
        UserError: there is no such model, or it is of another kind.
    """
    source = source_of(config.model)
    try:
        model: PreTrainedModel = kind.from_pretrained(source, dtype=getattr(torch, config.dtype), **options)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"cannot load a model to train from '{config.model}': {reason}") from error
    return model


def load_tokenizer(config: TrainConfig) -> PreTrainedTokenizerBase:
    """Load the tokenizer of the model that a training starts from; where it names no token that pads, one is chosen.

    It is a special token that no conversation holds, or else the end token: a scalar model is read at the last token
    that does not pad, so padding with what ends a conversation would move that place.
    """
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source_of(config.model))
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"cannot load the tokenizer of '{config.model}': {reason}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = next(_spare(tokenizer), tokenizer.eos_token)
    return tokenizer


def _spare(tokenizer: PreTrainedTokenizerBase) -> Iterator[str]:
    """Yield the special tokens that are there for padding or for no use yet, those for padding first."""
    named = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    spare = [name for name in named if _SPARE.search(name) and name not in str(tokenizer.chat_template)]
    yield from sorted(spare, key=lambda name: "pad" not in name)


def adapter(config: TrainConfig, task: str) -> "LoraConfig | None":
    """Return the LoRA configuration of a training, or None where all weights are trained.

    Args:
        config: the training; its `lora` table holds the fields of peft's LoraConfig.
        task: peft's name of the task, CAUSAL_LM or SEQ_CLS.

    Raises:
        UserError: a field is unknown to peft.
    """
    if not config.lora:
        return None
    from peft import LoraConfig

    try:
        return LoraConfig(**{"task_type": task, "target_modules": "all-linear"} | config.lora)
    except (TypeError, ValueError) as error:
        raise UserError(f"lora cannot be used: {error}; its fields are those of peft's LoraConfig") from error


def adapted(model: PreTrainedModel, config: TrainConfig, task: str) -> PreTrainedModel:
    """Return the model as a trainer of transformers takes it, with the config's adapter where it has one."""
    lora = adapter(config, task)
    if lora is None:
        return model
    from peft import get_peft_model

    return get_peft_model(model, lora)


def save(trainer: Trainer, config: TrainConfig, spoken: Checkpoint, log: Mapping[str, object]) -> Path:
    """Save what a trainer trained as a whole checkpoint, `out/checkpoint`, whatever engine holds the weights.

    A LoRA adapter is saved in `out/adapter` and merged into its base.
    """
    folder = config.out / "checkpoint"
    if config.lora:
        trainer.save_model(str(config.out / "adapter"))
    else:
        trainer.save_model(str(folder))
    if not trainer.is_world_process_zero():
        return folder
    if config.lora:
        with seeded(config.seed):  # peft draws an adapter before it loads one
            _merge(trainer, config.out / "adapter", folder)
    (folder / "training_args.bin").unlink(missing_ok=True)
    spoken.save(folder)
    (folder / "log.json").write_text(json.dumps(log, indent=2) + "\n", "utf-8")
    return folder


def _merge(trainer: Trainer, adapter: Path, folder: Path) -> None:
    """Add an adapter to a fresh copy of its base; the trained one may be sharded or on many devices."""
    from peft import PeftModel

    trained = trainer.accelerator.unwrap_model(trainer.model)
    config = trained.peft_config["default"]
    inner = trained.get_base_model()
    base = type(inner).from_pretrained(config.base_model_name_or_path, config=inner.config, dtype=inner.dtype)
    PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(folder)
    trainer.processing_class.save_pretrained(folder)


def last_state(folder: Path) -> str | None:
    """Return the last state that was saved whole, from which a killed training goes on."""
    whole = [state for state in folder.glob("checkpoint-*") if _is_whole(state)]
    return str(max(whole, key=lambda state: int(state.name.rpartition("-")[2]))) if whole else None


def _is_whole(state: Path) -> bool:
    """Tell whether a state was saved to its end: the last of its files is there and can be read."""
    try:
        json.loads((state / "trainer_state.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return True
