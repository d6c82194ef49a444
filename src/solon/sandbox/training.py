"""Train the tiny base model: one seeded, resumable command from nothing to a checkpoint folder.

First inspections alone, of few responses, then of all; then demonstrations join. The loss falls on answers only, Muon
moves the matrices and AdamW the rest, and the rate is warmed up and then lowered to zero. Data are generated chunk by
chunk as a pure function of (seed, chunk), so a run that was killed continues where its last state was saved.
"""

from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from solon.files import make_folder
from solon.order import stable_hash
from solon.sandbox.config import BaseConfig
from solon.sandbox.corpus import exercises
from solon.sandbox.encoding import encode
from solon.sandbox.muon import Muon
from solon.sandbox.probe import probe
from solon.sandbox.shipped import save_checkpoint
from solon.sandbox.tokenizer import train_tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

LOG = logging.getLogger(__name__)
CHUNK = 512
"""Exercises per chunk, sorted by length within."""
_FIRST_CASE = 10_000

Rows: TypeAlias = list[tuple[list[int], list[float]]]
"""Token ids and loss weights, one pair per exercise."""


@dataclass
class Training:
    """A training under way: everything that a saved state brings back."""

    config: BaseConfig
    tokenizer: PreTrainedTokenizerFast
    model: Qwen3ForCausalLM
    muon: Muon
    adamw: torch.optim.AdamW
    log: dict[str, Any]


def train_base(config: BaseConfig) -> Path:
    """Train the base model, or go on from the state saved in `config.out`, and return its checkpoint folder.

    Raises:
        UserError: `config.out` cannot be made.
    """
    import torch

    torch.set_num_threads(config.threads)
    make_folder(config.out)
    training = start(config)
    resume(training)
    saved = time.monotonic()
    while training.log["chunk"] < config.chunks:
        train_chunk(training)
        if time.monotonic() - saved > config.save_every or training.log["chunk"] == config.chunks:
            save(training)
            saved = time.monotonic()
    return config.out / "checkpoint"


def start(config: BaseConfig) -> Training:
    """Set up an untrained model of the config's size, its tokenizer and its optimizers."""
    import torch

    tokenizer = train_tokenizer(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(config.seed)
        model = new_model(config, tokenizer)
    named = list(model.named_parameters())
    matrices = [weight for name, weight in named if weight.ndim == 2 and "embed" not in name]
    rest = [weight for name, weight in named if weight.ndim != 2 or "embed" in name]
    adamw = torch.optim.AdamW(rest, lr=0.0, betas=(0.9, 0.95), weight_decay=0)
    log = {"chunk": 0, "tokens": 0, "seconds": 0.0, "losses": [], "checks": {}}
    return Training(config, tokenizer, model, Muon(matrices), adamw, log)


def new_model(config: BaseConfig, tokenizer: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """Return an untrained model; real texts of up to 4096 tokens fit in."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    shape = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden,
        num_hidden_layers=config.layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=config.hidden // 4,
        intermediate_size=config.intermediate,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        initializer_range=config.init,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen3ForCausalLM(shape)


def train_chunk(training: Training) -> None:
    """Train on the next chunk of exercises and note its loss."""
    config, log = training.config, training.log
    started, losses, tokens = time.monotonic(), [], 0
    batches = batched(config, log["chunk"], training.tokenizer)
    for step, batch in enumerate(batches):
        losses.append(_step(training, batch, rate(config, (log["chunk"] + step / len(batches)) / config.chunks)))
        tokens += sum(len(ids) for ids, _ in batch)
    seconds, mean = time.monotonic() - started, sum(losses) / len(losses)
    log["chunk"] += 1
    log["tokens"] += tokens
    log["seconds"] += seconds
    log["losses"].append(round(mean, 4))
    LOG.info("chunk %d of %d: loss %.3f, %.0f tokens/s", log["chunk"], config.chunks, mean, tokens / seconds)


def batched(config: BaseConfig, chunk: int, tokenizer: PreTrainedTokenizerFast) -> list[Rows]:
    """Make a chunk's exercises and cut them into batches of like lengths, in a seeded order."""
    done = chunk / config.chunks
    stream = exercises(
        config.seed,
        _FIRST_CASE + chunk * CHUNK,
        inspections=1.0 if done < config.first else config.inspections,
        largest=2 if done < config.first / 2 else 6,
    )
    rows = sorted((encode(exercise, tokenizer) for exercise in islice(stream, CHUNK)), key=lambda row: -len(row[0]))
    batches: list[Rows] = []
    while rows:
        size = max(1, config.tokens // len(rows[0][0]))
        batches.append(rows[:size])
        rows = rows[size:]
    random.Random(stable_hash("batches", config.seed, chunk)).shuffle(batches)
    return batches


def rate(config: BaseConfig, done: float) -> float:
    """Return the learning rate's share of its peak when `done` of the training, from 0 to 1, is over."""
    return min((done + 1e-4) / config.warm, (1 - done) / (1 - config.warm))


def resume(training: Training) -> None:
    """Bring back the last saved state, if there is one."""
    import torch

    path = training.config.out / "state.pt"
    if not path.exists():
        return
    state = torch.load(path, weights_only=True)
    training.model.load_state_dict(state["model"])
    training.adamw.load_state_dict(state["adamw"])
    training.muon.momenta = state["muon"]
    training.log |= json.loads(state["log"])


def save(training: Training) -> None:
    """Save the state to resume from and, beside it, a checkpoint in its final shape."""
    import torch

    config, log = training.config, training.log
    checks = probe(training.model, training.tokenizer)
    log["checks"] = {name: round(share, 3) for name, share in checks.items()}
    LOG.info("checks right: %s", log["checks"])
    state = {"model": training.model.state_dict(), "adamw": training.adamw.state_dict()}
    partial = config.out / "state.tmp"
    torch.save(state | {"muon": training.muon.momenta, "log": json.dumps(log)}, partial)
    partial.replace(config.out / "state.pt")
    recipe = config.model_dump(mode="json", exclude={"out"})
    save_checkpoint(config.out / "checkpoint", training.model, training.tokenizer, {"recipe": recipe, **log})


def _step(training: Training, batch: Rows, share: float) -> float:
    import torch

    loss = _loss(training.model, batch, training.tokenizer.pad_token_id)
    torch.autograd.backward(loss)
    training.muon.step(training.config.muon_lr * share)
    training.adamw.param_groups[0]["lr"] = training.config.adamw_lr * share
    training.adamw.step()
    training.adamw.zero_grad(set_to_none=True)
    return float(loss.item())


def _loss(model: Qwen3ForCausalLM, batch: Rows, pad: int) -> torch.Tensor:
    import torch

    longest = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in batch])
    weights = torch.tensor([row + [0.0] * (longest - len(row)) for _, row in batch])[:, 1:]
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    at = weights > 0
    losses = torch.nn.functional.cross_entropy(model.lm_head(hidden[at]), ids[:, 1:][at], reduction="none")
    return (losses * weights[at]).sum() / weights[at].sum()
