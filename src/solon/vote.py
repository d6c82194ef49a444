"""Judgments to a verdict: the vote, and nothing else.

Unread samples never vote, ties stay ties, and the order in which judgments stand changes nothing.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import exp, fsum, isfinite, pow
from typing import Literal, TypeAlias

from solon.stats import top
from solon.types import Judgment, Order, Unread, Verdict

Rule: TypeAlias = Literal["mean", "majority"]
"""`mean` adds up scores (equation 14); `majority` gives each judgment one vote for its best (equation 13)."""

TRUSTS = (1.0, 0.5, 0.25)
"""How far votes that all count softly are tried to follow a meta model."""


def vote(
    outcomes: Sequence[Judgment | Unread],
    n: int,
    *,
    rule: Rule = "mean",
    weights: Sequence[float | None] | None = None,
    keep: int | None = None,
    orders: Sequence[Order] = (),
) -> Verdict:
    """Turn the outcomes of all samples of a case with n responses into its verdict.

    Args:
        outcomes: what every sample asked for came to, in sample order.
        n: the number of responses.
        rule: what a judgment contributes.
        weights: one per outcome (ignored for unread ones), higher is better: with `keep` any real numbers that rank
            the judgments, without it the non-negative weights by which they count. None is a judgment that could not
            be weighed: it has no rank and does not vote, which is not the same as weighing nothing.
        keep: count only that many judgments, the best by weight and equally (top-k_meta); ties go to the earlier one.
        orders: the order that every sample saw, for the position consistency; may be left out.

    Raises:
        ValueError: a judgment does not hold n scores; weights are not one per outcome, finite and, without `keep`, at
            least 0; or `keep` is below 1 or comes without weights.
    """
    if any(isinstance(outcome, Judgment) and len(outcome.scores) != n for outcome in outcomes):
        raise ValueError(f"every judgment of {n} responses must hold {n} scores")
    kept = counted(outcomes, weights, keep)
    marks = [(_marks(outcomes[i], rule), weight) for i, weight in kept]
    sums = tuple(_total([(mark[r], weight) for mark, weight in marks]) for r in range(n)) if marks else None
    tied = top(sums) if sums else ()
    return Verdict(
        outcomes=tuple(outcomes),
        orders=tuple(orders),
        sums=sums,
        total=fsum(weight for _, weight in marks),
        tied=tied,
        agreement=_agreement(outcomes, tied) if n > 1 else None,
        position_consistency=_consistency(outcomes, orders, rule) if n == 2 and orders else None,
        weights=None if weights is None else tuple(weights),
    )


def half(k: int) -> int:
    """Return how many of k judgments a meta model lets vote by default: half, rounded up (arXiv 2504.02495)."""
    return (k + 1) // 2


def chance(logit: float, trust: float = 1.0) -> float:
    """Return what a judgment that a meta model scored counts softly: the probability that its logit stands for.

    That to the power of `trust` counts: at 0 all judgments count alike.
    """
    probability = 1 / (1 + exp(-logit)) if logit > 0 else exp(logit) / (1 + exp(logit))
    return pow(probability, trust)


def counted(
    outcomes: Sequence[Judgment | Unread], weights: Sequence[float | None] | None = None, keep: int | None = None
) -> list[tuple[int, float]]:
    """Return the samples that count in the vote as (sample index, weight), in sample order."""
    read = [i for i, outcome in enumerate(outcomes) if isinstance(outcome, Judgment)]
    if keep is not None and (weights is None or keep < 1):
        raise ValueError("keep must be at least 1 and needs weights, by which the judgments are ranked")
    if weights is None:
        return [(i, 1.0) for i in read]
    if len(weights) != len(outcomes):
        raise ValueError(f"{len(weights)} weights are given for {len(outcomes)} samples; one each is needed")
    given = {i: weight for i in read if (weight := weights[i]) is not None}
    usable = {i: _weight(weight, i, negative=keep is not None) for i, weight in given.items()}
    if keep is None:
        return [(i, weight) for i, weight in usable.items() if weight > 0]
    return [(i, 1.0) for i in sorted(sorted(usable, key=lambda i: (-usable[i], i))[:keep])]


def marks(
    outcomes: Sequence[Judgment | Unread],
    *,
    rule: Rule = "mean",
    weights: Sequence[float | None] | None = None,
    keep: int | None = None,
) -> list[tuple[float, ...]]:
    """Return what every judgment that counts gives to each response, by its weight: what `vote` adds up."""
    kept = counted(outcomes, weights, keep)
    return [tuple(float(mark) * weight for mark in _marks(outcomes[i], rule)) for i, weight in kept]


def repeats(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """Count the samples that say word for word what another one of the same prompt said, and those that could."""
    said = possible = 0
    for verdict in verdicts:
        shown = [(order, o.text) for order, o in zip(verdict.orders, verdict.outcomes, strict=True) if o.text]
        said += len(shown) - len(set(shown))
        possible += len(shown) - len({order for order, _ in shown})
    return said, possible


def _marks(outcome: Judgment | Unread, rule: Rule) -> tuple[float | Fraction, ...]:
    assert isinstance(outcome, Judgment)
    if rule == "mean":
        return outcome.scores
    winners = top(outcome.scores)
    return tuple(Fraction(i in winners, len(winners)) for i in range(len(outcome.scores)))


def _total(marks: Sequence[tuple[float | Fraction, float]]) -> float:
    """Add up marks times weights and round once: thirds make a whole, and equal weights tie where none would."""
    if all(weight == 1.0 and isinstance(mark, float) for mark, weight in marks):
        return fsum(mark for mark, _ in marks)
    return float(sum((Fraction(mark) * Fraction(weight) for mark, weight in marks), Fraction()))


def _weight(weight: float, i: int, *, negative: bool) -> float:
    if not isfinite(weight) or (weight < 0 and not negative):
        kind = "finite" if negative else "finite, non-negative"
        raise ValueError(f"sample {i} was read but its weight is {weight}; a {kind} number is needed")
    return weight


def _agreement(outcomes: Sequence[Judgment | Unread], tied: tuple[int, ...]) -> float | None:
    if len(tied) != 1:
        return None
    read = [outcome for outcome in outcomes if isinstance(outcome, Judgment)]
    return sum(top(judgment.scores) == tied for judgment in read) / len(read)


def _consistency(outcomes: Sequence[Judgment | Unread], orders: Sequence[Order], rule: Rule) -> float | None:
    tops = []
    for order in ((0, 1), (1, 0)):
        seen = [o for o, shown in zip(outcomes, orders, strict=True) if shown == order and isinstance(o, Judgment)]
        if not seen:
            return None
        tops.append(top([_total([(_marks(o, rule)[r], 1.0) for o in seen]) for r in (0, 1)]))
    return float(tops[0] == tops[1])
