"""The shipped checkpoint, and how one is written: half-precision weights that load in single precision."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from solon.checkpoint import SANDBOX as BASE
from solon.checkpoint import Checkpoint
from solon.forms.sandbox import SANDBOX

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM


def checkpoint(name: str = "base") -> Path:
    """Return the folder of a checkpoint that ships with the package."""
    return BASE.parent / name


def save_checkpoint(
    folder: Path, model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerFast, log: Mapping[str, object]
) -> None:
    """Write a checkpoint folder: weights in bf16 with `dtype: float32`, tokenizer, sampling defaults, form and log."""
    import torch
    from transformers import GenerationConfig

    folder.mkdir(parents=True, exist_ok=True)
    half = copy.deepcopy(model).to(torch.bfloat16)
    half.generation_config = GenerationConfig(
        do_sample=True,
        top_k=0,
        temperature=1.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    half.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "float32"}, indent=2) + "\n", "utf-8")
    tokenizer.save_pretrained(folder)
    Checkpoint(SANDBOX.name, SANDBOX.template_hash, temperature=1.0).save(folder)
    (folder / "log.json").write_text(json.dumps(log, indent=2) + "\n", "utf-8")
