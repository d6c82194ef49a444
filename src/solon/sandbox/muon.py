"""Muon in single precision, all matrices of one shape at once.

`torch.optim.Muon` orthogonalizes one matrix after the other in bf16, which a CPU without bf16 units does so slowly that
it took a sixth of the base model's training time. Same update (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_MOMENTUM = 0.95


class Muon:
    """Nesterov momentum, orthogonalized by five Newton-Schulz steps and scaled by sqrt(max(1, rows / columns))."""

    def __init__(self, weights: Iterable[torch.Tensor]) -> None:
        import torch

        self.weights = list(weights)
        self.momenta = [torch.zeros_like(weight) for weight in self.weights]

    def step(self, rate: float) -> None:
        """Move every matrix along its gradient, and forget the gradients."""
        import torch

        shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
        for i, weight in enumerate(self.weights):
            shapes[(weight.shape[0], weight.shape[1])].append(i)
        with torch.no_grad():
            for (rows, columns), members in shapes.items():
                updates = torch.stack([self._nesterov(i) for i in members])
                scale = rate * max(1.0, rows / columns) ** 0.5
                for i, update in zip(members, orthogonalized(updates), strict=True):
                    self.weights[i].sub_(update, alpha=scale)
                    self.weights[i].grad = None

    def _nesterov(self, i: int) -> torch.Tensor:
        gradient = self.weights[i].grad
        assert gradient is not None
        self.momenta[i].lerp_(gradient, 1 - _MOMENTUM)
        return gradient.lerp(self.momenta[i], _MOMENTUM)


def orthogonalized(matrices: torch.Tensor) -> torch.Tensor:
    """Bring a stack of matrices of shape (count, rows, columns) near the closest matrices with orthonormal sides."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(5):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    result: torch.Tensor = x.mT if tall else x
    return result
