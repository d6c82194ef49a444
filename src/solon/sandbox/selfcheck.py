"""The world's own ceilings, measured without any model: simulated annotators against the rules.

One sample, Voting@32, and Voting@32 over the half of the samples that an oracle of truth ranks first: whatever a judge
learns here happens between these figures. With lures never followed (q = 0) errors are independent and a vote removes
them; with lures followed part of the error is shared by all samples of a case, and visible in their text.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from solon.order import stable_hash
from solon.reward import correct, credit
from solon.sandbox.annotator import HABITS, Annotation, Habits, annotate
from solon.sandbox.world import LURES, cases, implied
from solon.types import Case, LabeledCase, plain

ANNOTATORS: dict[str, Habits] = {
    "noisy": HABITS,
    "perfect checks": Habits(easy=0, hard=0),
    "true principles": Habits(true=1),
    "true and perfect": Habits(true=1, easy=0, hard=0),
}
VOTES = 32


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Shares of cases decided rightly, ties sharing the credit; `strict` counts a tie of one sample as wrong."""

    annotator: str
    follow: float
    strict: float
    one: float
    voting: float
    oracle_half: float


def self_check(
    count: int = 1000, *, seed: int = 0, split: str = "dev", follow: Sequence[float] = (0.0, HABITS.follow)
) -> list[Ceiling]:
    """Measure every annotator at every q on `count` two-response cases of a split."""
    drawn = cases(split, count, seed=seed, n=2, lures=LURES)
    rows = []
    for q in follow:
        for name, habits in ANNOTATORS.items():
            kept = Habits(habits.true, habits.generic, habits.easy, habits.hard, q)
            scored = [_case(labeled, kept, seed) for labeled in drawn]
            rows.append(Ceiling(name, q, *(sum(column) / count for column in zip(*scored, strict=True))))
    return rows


def truthfulness(case: Case, annotation: Annotation) -> float:
    """Return how true an annotation is: the mean of its share of true principles and its share of right checks."""
    true = implied(case)
    named = [criterion for criterion, _ in annotation.principles]
    right = [
        criterion.met(plain(response)) == met
        for response, row in zip(case.responses, annotation.checks, strict=True)
        for criterion, met in zip(named, row, strict=True)
    ]
    return sum(criterion in true for criterion in named) / len(named) / 2 + sum(right) / len(right) / 2


def _case(labeled: LabeledCase, habits: Habits, seed: int) -> tuple[float, float, float, float]:
    case, label = labeled.case, labeled.label
    rng = random.Random(stable_hash("self-check", seed, case.id, habits))
    samples = [annotate(case, rng, habits) for _ in range(VOTES)]
    better = sorted(samples, key=lambda sample: -truthfulness(case, sample))[: VOTES // 2]
    return (
        sum(correct(sample.scores, label) for sample in samples) / VOTES,
        sum(credit(sample.scores, label) for sample in samples) / VOTES,
        credit(_sums(samples), label),
        credit(_sums(better), label),
    )


def _sums(samples: Sequence[Annotation]) -> list[float]:
    return [float(sum(column)) for column in zip(*(sample.scores for sample in samples), strict=True)]
