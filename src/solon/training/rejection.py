"""Rejection (arXiv 2504.02495, section 3.2): which samples are worth learning from, and why the others are not."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from solon.training.samples import SampledCase, Trajectory


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgment to learn from, with its case."""

    sampled: SampledCase
    trajectory: Trajectory


@dataclass(frozen=True, slots=True)
class Rejection:
    """What is kept, how many of each kind that is, and how many samples of each kind went for which reason."""

    kept: tuple[Kept, ...]
    counts: dict[str, int]


def reject(cases: Sequence[SampledCase], use: Collection[str] = ("plain", "hinted")) -> Rejection:
    """Keep the samples that are right by equation 10, and no plain one of a case that is too easy.

    A case is too easy when all its plain samples are right; its hinted sample, if it has one, is rejected only when
    wrong. Counts are named `plain kept`, `plain wrong`, `plain unread`, `plain too easy`, `plain unused`, and alike for
    `hinted`.
    """
    kept, counts = [], Counter[str]()
    for sampled in cases:
        easy = sampled.plain_right == len(sampled.plain)
        for kind, samples in (("plain", sampled.plain), ("hinted", sampled.hinted)):
            for one in samples:
                fate = _fate(one, easy and kind == "plain", kind in use)
                counts[f"{kind} {fate}"] += 1
                if fate == "kept":
                    kept.append(Kept(sampled, one))
    return Rejection(tuple(kept), dict(sorted(counts.items())))


def _fate(one: Trajectory, easy: bool, used: bool) -> str:
    if one.unread is not None:
        return "unread"
    if not one.right:
        return "wrong"
    if easy:
        return "too easy"
    return "kept" if used else "unused"
