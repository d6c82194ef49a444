"""Drawing the next token: one uniform number per row and step, from a generator that belongs to that row alone.

What a sample draws depends on its seed and on the model's distribution, not on the rows that happen to share its batch.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

_CHUNK = 64


class Uniforms:
    """Streams of uniform numbers in [0, 1), one per row, each fixed by its seed."""

    def __init__(self, seeds: Iterable[int], device: torch.device) -> None:
        self._generators = [torch.Generator().manual_seed(seed % 2**63) for seed in seeds]
        self._device = device
        self._ahead = torch.empty(len(self._generators), 0)

    def next(self) -> Tensor:
        """Return the next number of every stream, of shape (rows,)."""
        if self._ahead.shape[1] == 0:
            drawn = [torch.rand(_CHUNK, generator=generator) for generator in self._generators]
            self._ahead = torch.stack(drawn).to(self._device)
        now, self._ahead = self._ahead[:, 0], self._ahead[:, 1:]
        return now

    def select(self, rows: list[int]) -> None:
        """Make stream i what stream `rows[i]` was."""
        self._generators = [self._generators[row] for row in rows]
        self._ahead = self._ahead[rows]


def draw(logits: Tensor, temperatures: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one token per row by inverting its cumulative distribution; temperature 0 takes the most likely token.

    Args:
        logits: of shape (rows, vocabulary), in float32.
        temperatures: of shape (rows,).
        uniforms: of shape (rows,), in [0, 1).

    Returns:
        Token ids of shape (rows,). A token of probability 0 is never drawn.
    """
    sampled = temperatures > 0
    if not bool(sampled.any()):
        return logits.argmax(-1)
    heat = torch.where(sampled, temperatures, 1.0).unsqueeze(-1)
    mass = torch.softmax(logits / heat, -1).cumsum(-1)
    total = mass[:, -1:]
    aim = torch.minimum(uniforms.unsqueeze(-1) * total, torch.nextafter(total, torch.zeros_like(total)))
    drawn = torch.searchsorted(mass, aim, right=True).squeeze(-1).clamp(max=logits.shape[-1] - 1)
    return drawn if bool(sampled.all()) else torch.where(sampled, drawn, logits.argmax(-1))
