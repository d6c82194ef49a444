"""Prompts that begin alike: orders of a case share what stands before its responses, cases the words of the form.

A head is computed once for all prompts of its group, and only their tails one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORTH = 0.9
"""Heads are shared where at most this part of the tokens is left to compute, padding included."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of some prompts: their token ids, and for every prompt the place of its head among them."""

    ids: tuple[tuple[int, ...], ...]
    of: tuple[int, ...]

    def tail(self, place: int, prompt: Sequence[int]) -> Sequence[int]:
        """Return what follows the head of the prompt in this place; it is never empty."""
        return prompt[len(self.ids[self.of[place]]) :]


def shared_heads(prompts: Sequence[Sequence[int]]) -> Heads | None:
    """Group prompts by how they begin, so that the fewest tokens are computed; None where sharing saves too little.

    Prompts are padded to one length, heads among heads and tails among tails, so one long tail can cost more than a
    head saves. Sorted prompts are parted where neighbors have less in common than some length; all lengths are tried.
    """
    ranked = sorted(range(len(prompts)), key=lambda place: tuple(prompts[place]))
    common = [_common(prompts[a], prompts[b]) for a, b in pairwise(ranked)]
    tried = [_parted(prompts, ranked, common, least) for least in sorted(set(common)) if least]
    best = min(tried, key=lambda heads: _cost(heads, prompts), default=None)
    whole = len(prompts) * max(map(len, prompts))
    return best if best is not None and _cost(best, prompts) <= _WORTH * whole else None


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two prompts begin with alike, less than either has."""
    least = min(len(one), len(other)) - 1
    return next((i for i in range(least) if one[i] != other[i]), least)


def _parted(prompts: Sequence[Sequence[int]], ranked: Sequence[int], common: Sequence[int], least: int) -> Heads:
    groups: list[list[int]] = []
    lengths: list[int] = []
    for place, alike in zip(ranked, [0, *common], strict=True):
        if groups and alike >= least:
            groups[-1].append(place)
            lengths[-1] = min(lengths[-1], alike)
        else:
            groups.append([place])
            lengths.append(len(prompts[place]) - 1)
    longest = max(length for members, length in zip(groups, lengths, strict=True) if len(members) > 1)
    of = {place: group for group, members in enumerate(groups) for place in members}
    cut = [min(length, longest) for length in lengths]
    ids = tuple(tuple(prompts[members[0]][:end]) for members, end in zip(groups, cut, strict=True))
    return Heads(ids, tuple(of[place] for place in range(len(prompts))))


def _cost(heads: Heads, prompts: Sequence[Sequence[int]]) -> int:
    tails = max(len(heads.tail(place, prompt)) for place, prompt in enumerate(prompts))
    return len(heads.ids) * max(map(len, heads.ids)) + len(prompts) * tails
