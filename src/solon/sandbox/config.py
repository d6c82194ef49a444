"""How the sandbox's base model is trained, as one frozen config."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class BaseConfig(BaseModel):
    """How the sandbox's base model is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    out: Path = Path("sandbox_base")
    """Folder for the checkpoint, the log and the state to resume from."""
    seed: int = 0
    """Seed of the world, the weights and the batches."""
    chunks: int = 400
    """Length of the training, in chunks of 512 exercises."""
    hidden: int = 128
    """Width of the model."""
    layers: int = 5
    """Depth of the model."""
    intermediate: int = 320
    """Width of the feed-forward layers."""
    init: float = 0.04
    """Standard deviation of the first weights."""
    tokens: int = 2048
    """Tokens per batch, padding included; three times as many learned more slowly per token."""
    muon_lr: float = 0.01
    """Learning rate of the matrices."""
    adamw_lr: float = 0.002
    """Learning rate of embeddings and norms."""
    warm: float = 0.02
    """Share of the training that warms up."""
    first: float = 0.2
    """Share of the training that sees inspections alone, the first half of it with at most two responses."""
    inspections: float = 0.35
    """Share of inspections afterwards."""
    save_every: float = 180.0
    """Seconds between saved states."""
    threads: int = 1
    """CPU threads."""
