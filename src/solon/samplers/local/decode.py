"""Decode one wave: every prompt is prefilled once, its cache is spread over its samples, and all rows step together.

What prompts begin with alike is prefilled once for all of them, where every layer attends to everything: the padding
then stands between a head and its tail too, where a sliding window would count it.

Prompts are padded on the left, so that all rows write to the same place of the cache; masked places and positions that
count real tokens keep the padding out of sight. Rows that have ended leave the batch as soon as enough of them have.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import PreTrainedModel

from solon.samplers.local.cache import attends_to_all, growing_cache
from solon.samplers.local.draw import Uniforms, draw
from solon.samplers.local.heads import shared_heads


@dataclass(frozen=True, slots=True)
class Chance:
    """A drawn token: its id, its log-probability (nats, at temperature 1), and the most likely ids at its place."""

    id: int
    logprob: float
    top: tuple[tuple[int, float], ...]


@dataclass(slots=True)
class Row:
    """One sample: what it may do, and what it has drawn so far.

    `longest` is the limit of new tokens; `ends` says, after a token, whether a stop string is complete; `top` asks for
    the log-probabilities of that many alternatives (None: for none at all).
    """

    prompt: int
    seed: int
    temperature: float
    longest: int
    top: int | None = None
    ends: Callable[[Sequence[int]], bool] | None = None
    ids: list[int] = field(default_factory=list)
    chances: list[Chance] = field(default_factory=list)
    finish: Literal["stop", "length"] | None = None

    def take(self, token: int, eos: frozenset[int]) -> None:
        """Add a token, and end if it is the last."""
        self.ids.append(token)
        if token in eos or (self.ends is not None and self.ends(self.ids)):
            self.finish = "stop"
        elif len(self.ids) >= self.longest:
            self.finish = "length"


def decode(model: PreTrainedModel, prompts: Sequence[Sequence[int]], rows: Sequence[Row], eos: frozenset[int]) -> None:
    """Draw until every row has its `finish`.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        prompts: token ids, one list per prompt.
        rows: the samples, in any order of their prompts.
        eos: the tokens that end a completion; the last id of a row that ended so is one of them.
    """
    with torch.inference_mode():
        batch = _Batch(model, prompts, rows)
        while batch.rows:
            for row, token in zip(batch.rows, batch.drawn(), strict=True):
                if row.finish is None:
                    row.take(token, eos)
            batch.leave()
            if batch.rows:
                batch.step()


class _Batch:
    """The rows in flight: their cache, mask, temperatures and streams of chance, all in the same order."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]], rows: Sequence[Row]) -> None:
        device = model.device
        self._model = model
        self._options = _options(model)
        self.rows = list(rows)
        self._cache = growing_cache(model.config)
        self._temperatures = torch.tensor([row.temperature for row in rows], device=device)
        self._uniforms = Uniforms([row.seed for row in rows], device)
        self._mask, self._positions, self._length = torch.ones(0, device=device).long(), torch.empty(0), 0
        self._logits = self._prefilled(prompts)
        room = torch.ones(len(prompts), max(row.longest for row in rows), device=device).long()
        self._mask, self._positions = torch.cat([self._mask, room], 1), self._positions[:, -1:]
        self._tokens = torch.empty(0)
        if (spread := [row.prompt for row in rows]) != list(range(len(prompts))):
            index = torch.tensor(spread, device=device)
            self._cache.reorder_cache(index)
            self._mask, self._positions, self._logits = self._mask[index], self._positions[index], self._logits[index]

    def drawn(self) -> list[int]:
        """Draw the next token of every row, and note its chances where they are wanted."""
        self._tokens = draw(self._logits, self._temperatures, self._uniforms.next())
        tokens: list[int] = self._tokens.tolist()
        wanted = [i for i, row in enumerate(self.rows) if row.top is not None and row.finish is None]
        if wanted:
            self._note(wanted, tokens)
        return tokens

    def leave(self) -> None:
        """Let ended rows go, once they are an eighth of the batch; rows from the end take their places."""
        ended = [i for i, row in enumerate(self.rows) if row.finish is not None]
        if len(ended) == len(self.rows):
            self.rows = []
        elif ended and 8 * len(ended) >= len(self.rows):
            self._select(_closed_ranks([row.finish is None for row in self.rows]))

    def step(self) -> None:
        """Show every row its last token and get the logits of the next."""
        self._length += 1
        self._positions = self._positions + 1
        self._logits = self._forward(self._tokens.unsqueeze(-1))

    def _prefilled(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Compute the prompts, heads that they share first, and return the logits of what follows each."""
        heads = shared_heads(prompts) if "position_ids" in self._options and attends_to_all(self._cache) else None
        if heads is None:
            return self._shown(prompts)
        self._shown(heads.ids)
        index = torch.tensor(heads.of, device=self._model.device)
        self._cache.reorder_cache(index)
        self._mask = self._mask[index]
        return self._shown([heads.tail(place, prompt) for place, prompt in enumerate(prompts)])

    def _shown(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Show every row a text behind what it has seen, padded on the left, and return the logits of what follows."""
        ids, mask = _padded(texts, self._model.device)
        seen = self._mask.reshape(len(texts), self._length)
        self._positions = (seen.sum(-1, keepdim=True) + mask.cumsum(-1) - 1).clamp(min=0)
        self._mask = torch.cat([seen, mask], 1)
        self._length = self._mask.shape[1]
        return self._forward(ids)

    def _forward(self, ids: Tensor) -> Tensor:
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": self._mask[:, : self._length]}
        if "position_ids" in self._options:
            inputs["position_ids"] = self._positions
        if "logits_to_keep" in self._options:
            inputs["logits_to_keep"] = 1
        logits: Tensor = self._model(**inputs, past_key_values=self._cache, use_cache=True).logits[:, -1]
        return logits.float()

    def _select(self, kept: list[int]) -> None:
        index = torch.tensor(kept, device=self._mask.device)
        self.rows = [self.rows[i] for i in kept]
        self._cache.reorder_cache(index)
        self._mask, self._positions, self._tokens = self._mask[index], self._positions[index], self._tokens[index]
        self._temperatures = self._temperatures[index]
        self._uniforms.select(kept)

    def _note(self, wanted: list[int], tokens: list[int]) -> None:
        logprobs = torch.log_softmax(self._logits[wanted], -1)
        most = max(self.rows[i].top or 0 for i in wanted)
        values, ids = (part.tolist() for part in logprobs.topk(min(most, logprobs.shape[1]), -1))
        own = logprobs.gather(-1, self._tokens[wanted].unsqueeze(-1)).squeeze(-1).tolist()
        for place, i in enumerate(wanted):
            top = zip(ids[place][: self.rows[i].top], values[place], strict=False)
            self.rows[i].chances.append(Chance(tokens[i], own[place], tuple(top)))


def _options(model: PreTrainedModel) -> frozenset[str]:
    """Return the names of what the model's forward pass takes."""
    return frozenset(inspect.signature(model.forward).parameters)


def _padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Pad on the left; return the ids and the mask."""
    width = max(map(len, texts))
    ids = torch.tensor([[0] * (width - len(text)) + list(text) for text in texts], device=device)
    pads = torch.tensor([[width - len(text)] for text in texts], device=device)
    return ids, (torch.arange(width, device=device) >= pads).long()


def _closed_ranks(alive: Sequence[bool]) -> list[int]:
    """Return the indices of the rows that are alive, those from the end in the places of dead ones further up."""
    count = sum(alive)
    late = [i for i in range(count, len(alive)) if alive[i]]
    return [i if alive[i] else late.pop() for i in range(count)]
