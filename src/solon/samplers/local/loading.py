"""What a folder or hub id must be before any library looks for it, and where and how exactly a model computes."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import PretrainedConfig
from transformers.utils import logging

from solon.errors import UserError

_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")


def checked(name: str | Path) -> str:
    """Tell a folder without a checkpoint, or a name that can be nothing else, from what transformers may load.

    Raises:
        UserError: it is neither a checkpoint's folder nor a hub id.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UserError(f"the folder '{name}' holds no config.json, so it is not a checkpoint of transformers")
        return str(folder)
    if isinstance(name, Path) or not _HUB_ID.fullmatch(name):
        raise UserError(f"there is no folder '{name}'; a model is a server's URL, a checkpoint folder or a hub id")
    return name


def placed(device: str | None, dtype: str | None) -> tuple[str, torch.dtype]:
    """Return the device and the precision: a GPU where there is one, bfloat16 there and float32 on a CPU."""
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    return device, getattr(torch, dtype or ("float32" if device == "cpu" else "bfloat16"))


def context_of(config: PretrainedConfig) -> int:
    """Return the longest sequence that a model takes, in tokens."""
    longest = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    return longest if isinstance(longest, int) and longest > 0 else 2**31


@contextmanager
def quietly(source: str | Path) -> Iterator[None]:
    """Keep transformers from drawing bars and reporting heads that are new, where nothing has to be downloaded."""
    if not Path(source).expanduser().is_dir():
        yield
        return
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
