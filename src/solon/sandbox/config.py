"""How the sandbox's base model is trained, as one frozen config."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class BaseConfig(BaseModel):
    """How the sandbox's base model is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    out: Path = Path("sandbox_base")
    """Folder for the checkpoint, the log and the state to resume from."""
    seed: int = 0
    """Seed of the world, the weights and the batches."""
    chunks: int = Field(default=400, ge=1)
    """Length of the training, in chunks of 512 exercises."""
    hidden: int = Field(default=128, ge=8, multiple_of=8)
    """Width of the model: a multiple of 8, for its four heads are of even width."""
    layers: int = Field(default=5, ge=1)
    """Depth of the model."""
    intermediate: int = Field(default=320, ge=1)
    """Width of the feed-forward layers."""
    init: float = Field(default=0.04, gt=0)
    """Standard deviation of the first weights."""
    tokens: int = Field(default=2048, ge=1)
    """Tokens per batch, padding included; three times as many learned more slowly per token."""
    muon_lr: float = Field(default=0.01, gt=0)
    """Learning rate of the matrices."""
    adamw_lr: float = Field(default=0.002, gt=0)
    """Learning rate of embeddings and norms."""
    warm: float = Field(default=0.02, gt=0, lt=1)
    """Share of the training that warms up."""
    first: float = Field(default=0.2, ge=0, le=1)
    """Share of the training that sees inspections alone, the first half of it with at most two responses."""
    inspections: float = Field(default=0.35, ge=0, le=1)
    """Share of inspections afterwards."""
    save_every: float = Field(default=180.0, ge=0)
    """Seconds between saved states."""
    threads: int = Field(default=1, ge=1)
    """CPU threads."""
