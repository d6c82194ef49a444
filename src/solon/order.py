"""In which order each sample sees the responses: balanced over places by default, or shuffled as in the paper.

Sample i depends on nothing after it, so the first 8 orders of k = 32 are the orders of k = 8.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar

from solon.types import Order

Orders: TypeAlias = Literal["balanced", "random"]
T = TypeVar("T")


def stable_hash(*parts: object) -> int:
    """Hash the parts' texts to 63 bits, the same in every process and on every machine."""
    blob = "\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(blob).digest()[:8], "big") >> 1


def sample_orders(n: int, k: int, *, seed: int, case_id: str, orders: Orders = "balanced") -> list[Order]:
    """Return the order of each of k samples over n responses.

    Balanced: the rotations of a seeded permutation, then (n > 2) of its reversal, over and over. Every n orders show
    each response once in each place, so place counts of a prefix differ by at most one. Random: an independent
    shuffle per sample (arXiv 2504.02495, section 4).
    """
    if orders == "random":
        return [_shuffled(n, stable_hash(seed, case_id, "order", i)) for i in range(k)]
    base = _shuffled(n, stable_hash(seed, case_id, "order"))
    rotations = [base[i:] + base[:i] for i in range(n)]
    cycle = rotations if n <= 2 else rotations + [order[::-1] for order in rotations]
    return [cycle[i % len(cycle)] for i in range(k)]


def restore(shown: Sequence[T], order: Order) -> tuple[T, ...]:
    """Put values given in the order shown back into the case's own order."""
    restored = list(shown)
    for place, index in enumerate(order):
        restored[index] = shown[place]
    return tuple(restored)


def _shuffled(n: int, seed: int) -> Order:
    indices = list(range(n))
    random.Random(seed).shuffle(indices)
    return tuple(indices)
