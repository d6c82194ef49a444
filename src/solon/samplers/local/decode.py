"""Decode one wave: every prompt is prefilled once, its cache is spread over its samples, and all rows step together.

Rows that have ended leave the batch as soon as enough of them have.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor
from transformers import PreTrainedModel

from solon.samplers.local.draw import Uniforms, draw
from solon.samplers.local.heads import shared_heads
from solon.samplers.local.reading import Reading


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
    """The rows in flight: what they have read, their temperatures and streams of chance, all in the same order."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]], rows: Sequence[Row]) -> None:
        device = model.device
        self.rows = list(rows)
        self._temperatures = torch.tensor([row.temperature for row in rows], device=device)
        self._uniforms = Uniforms([row.seed for row in rows], device)
        self._tokens = torch.empty(0)
        self._reading = Reading(model)
        heads = shared_heads(prompts) if self._reading.shares else None
        self._logits = _last(self._reading.read(prompts, heads))
        self._reading.make_room(max(row.longest for row in rows))
        if (spread := [row.prompt for row in rows]) != list(range(len(prompts))):
            index = torch.tensor(spread, device=device)
            self._reading.select(index)
            self._logits = self._logits[index]

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
        self._logits = _last(self._reading.step(self._tokens))

    def _select(self, kept: list[int]) -> None:
        index = torch.tensor(kept, device=self._tokens.device)
        self.rows = [self.rows[i] for i in kept]
        self._reading.select(index)
        self._tokens, self._temperatures = self._tokens[index], self._temperatures[index]
        self._uniforms.select(kept)

    def _note(self, wanted: list[int], tokens: list[int]) -> None:
        logprobs = torch.log_softmax(self._logits[wanted], -1)
        most = max(self.rows[i].top or 0 for i in wanted)
        values, ids = (part.tolist() for part in logprobs.topk(min(most, logprobs.shape[1]), -1))
        own = logprobs.gather(-1, self._tokens[wanted].unsqueeze(-1)).squeeze(-1).tolist()
        for place, i in enumerate(wanted):
            top = zip(ids[place][: self.rows[i].top], values[place], strict=False)
            self.rows[i].chances.append(Chance(tokens[i], own[place], tuple(top)))


def _last(logits: Tensor) -> Tensor:
    """Return the logits of what follows each row, of shape (rows, words)."""
    return logits[:, -1].float()


def _closed_ranks(alive: Sequence[bool]) -> list[int]:
    """Return the indices of the rows that are alive, those from the end in the places of dead ones further up."""
    count = sum(alive)
    late = [i for i in range(count, len(alive)) if alive[i]]
    return [i if alive[i] else late.pop() for i in range(count)]
