"""The shipped checkpoint, and how one is written: half-precision weights that load in single precision."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from solon.checkpoint import SHIPPED, Checkpoint
from solon.errors import UserError
from solon.forms.sandbox import SANDBOX

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM


STUDIED = Path(__file__).with_name("study.json")
"""What the study came to for judges that a run of the miniature does not train: `solon sandbox study --lines`."""

_WEIGHTS = "model.safetensors"


def checkpoint(name: str = "base") -> Path:
    """Return the folder of a checkpoint that ships with the package."""
    return SHIPPED / name


def digest(folder: Path) -> str:
    """Identify a checkpoint by its weights: one that was trained again in the same folder is another.

    Raises:
        UserError: the folder is not there, or holds no whole checkpoint.
    """
    if lacking := [name for name in ("config.json", _WEIGHTS) if not (folder / name).is_file()]:
        seen = f"holds no {lacking[0]}" if folder.is_dir() else "is not there"
        raise UserError(
            f"the folder '{folder}' {seen}: name a checkpoint's folder, with config.json and {_WEIGHTS}, such as "
            "runs/demo/rl/checkpoint of solon demo"
        )
    return sha256((folder / _WEIGHTS).read_bytes()).hexdigest()[:16]


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


TRAINED = ("rft", "rl", "meta")
"""The checkpoints that a run of the miniature makes of the base."""
_PATHS = {"model", "out", "data", "samples", "instructions"}


def ship(run: Path, target: Path = SHIPPED, only: Sequence[str] = TRAINED) -> list[Path]:
    """Take checkpoints of a run of `solon demo` into the package: weights in bf16, and a log without paths.

    Args:
        run: the folder of the run, or any with trainings in folders of the same names.
        target: where the checkpoints go.
        only: which of `TRAINED` are taken.

    Raises:
        UserError: a name is none of those, or its training has not come to its end.
    """
    from safetensors.torch import load_file, save_file

    if unknown := [name for name in only if name not in TRAINED]:
        raise UserError(f"'{unknown[0]}' is not shipped; the trained checkpoints are {', '.join(TRAINED)}")
    sources = {name: run / name / "checkpoint" for name in only}
    if missing := [str(folder) for folder in sources.values() if not (folder / "log.json").is_file()]:
        raise UserError(f"there is no checkpoint in '{missing[0]}': name the folder of a training that came to its end")
    for name, source in sources.items():
        folder = target / name
        shutil.copytree(source, folder, dirs_exist_ok=True)
        weights = {key: tensor.bfloat16() for key, tensor in load_file(source / "model.safetensors").items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        log = json.loads((source / "log.json").read_text("utf-8"))
        recipe = {key: value for key, value in log["recipe"].items() if key not in _PATHS}
        told = {"recipe": recipe, "last": log["log"][-1]}
        told |= {key: log[key] for key in ("counts", "report") if key in log}
        (folder / "log.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    return [target / name for name in only]
