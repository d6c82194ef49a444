"""What a label says about pairs of responses: which is better, and which two are alike.

Bradley-Terry learning needs no single best, so a case whose top is tied still teaches by its strictly ordered pairs.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from solon.order import stable_hash
from solon.types import Best, Case, Image, Label, LabeledCase, Ratings

Pair: TypeAlias = tuple[int, int]
"""Two responses by the case's own indices, the better one first."""


@dataclass(frozen=True, slots=True)
class PairedCase:
    """A case with the pairs of its responses that are learned from or measured on."""

    case: Case
    pairs: tuple[Pair, ...]

    @property
    def members(self) -> list[int]:
        """The indices of the responses that stand in a pair."""
        return sorted({i for pair in self.pairs for i in pair})

    @property
    def source(self) -> str:
        """The data that the case is of, by its tag `source`."""
        return str(self.case.tags.get("source", "unnamed"))


@dataclass(frozen=True, slots=True)
class Pairing:
    """The cases that have pairs, and how many others there were, by reason."""

    cases: tuple[PairedCase, ...]
    skipped: dict[str, int]

    @property
    def count(self) -> int:
        """The number of pairs."""
        return sum(len(one.pairs) for one in self.cases)


def ordered(label: Label, n: int) -> list[Pair]:
    """Return all strictly ordered pairs of n responses; a best one is above all others, of which nothing is known."""
    match label:
        case Ratings(values):
            return [(i, j) for i in range(n) for j in range(n) if values[i] > values[j]]
        case Best(index):
            return [(index, other) for other in range(n) if other != index]
        case _:
            return []


def tied(label: Label) -> list[Pair]:
    """Return the pairs that are rated alike; a label that only names a best response has none."""
    if not isinstance(label, Ratings):
        return []
    return [(i, j) for i, j in combinations(range(len(label.values)), 2) if label.values[i] == label.values[j]]


def pairs_of(one: LabeledCase, limit: int, seed: int, ties: bool = False) -> tuple[Pair, ...]:
    """Return at most `limit` pairs of a case, drawn by a hash of the seed and the case's id where there are more.

    With `ties`, tied pairs are drawn along with ordered ones, and every pair is entered twice: an ordered one as it is,
    a tied one in both directions. The mean of -log sigmoid(r_i - r_j) over both is cross-entropy with target 0.5, and
    a tied pair weighs as much as an ordered one.
    """
    alike = tied(one.label) if ties else []
    drawn = [*ordered(one.label, one.case.n), *alike]
    if len(drawn) > limit:
        drawn = sorted(random.Random(stable_hash("pairs", seed, one.case.id)).sample(drawn, limit))
    if not ties:
        return tuple(drawn)
    reverse = set(alike)
    return tuple(entry for i, j in drawn for entry in ((i, j), (j, i) if (i, j) in reverse else (i, j)))


def pairings(cases: Sequence[LabeledCase], limit: int, seed: int, ties: bool = False) -> Pairing:
    """Draw the pairs of every case, and count the cases that have none."""
    found = [(one, () if _shows_images(one.case) else pairs_of(one, limit, seed, ties)) for one in cases]
    skipped = Counter(_fault(one) for one, pairs in found if not pairs)
    return Pairing(tuple(PairedCase(one.case, pairs) for one, pairs in found if pairs), dict(skipped))


def split_of(case: Case) -> str | None:
    """Return the split that a case's data put it in, by `meta.split`; None where nothing is said."""
    meta = case.tags.get("meta")
    split = meta.get("split") if isinstance(meta, dict) else None
    return split if isinstance(split, str) else None


def _shows_images(case: Case) -> bool:
    contents = [*(turn.content for turn in case.prompt), *case.responses]
    return any(isinstance(part, Image) for parts in contents for part in parts)


def _fault(one: LabeledCase) -> str:
    if _shows_images(one.case):
        return "with an image"
    return "of a single response" if one.case.n == 1 else "with equal ratings"
