"""Accuracy against k, from one set of samples: what more votes buy.

k = 1 is one sample of the vote, not greedy decoding. The K samples of a case are cut into K // k blocks of k
consecutive samples, every block votes, and a case counts by the mean over its blocks; intervals are over cases.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from solon.reward import correct, credit, decides
from solon.stats import Interval, bootstrap
from solon.types import Label, Right, Verdict
from solon.vote import Rule, vote

KS = (1, 2, 4, 8, 16, 32)
"""The numbers of votes that the paper's curves show."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve over cases that have a label.

    `accuracy` shares the credit among tied responses, `strict` counts a tie as wrong (equation 10 of
    arXiv 2504.02495); a verdict without scores earns nothing in both. `ties` is the share of verdicts with several
    responses at the top, `distinct` the mean number of different score values that the verdicts of a block hold,
    `unread` the share of samples that could not be read.
    """

    name: str
    k: int
    cases: int
    accuracy: Interval
    strict: Interval
    ties: float
    distinct: float
    unread: float

    @property
    def title(self) -> str:
        """Name the point: `vote@8`, or `greedy` without a number."""
        return self.name if self.name.endswith("greedy") else f"{self.name}@{self.k}"


def curve(
    verdicts: Sequence[Verdict],
    labels: Sequence[Label],
    ks: Sequence[int],
    *,
    rule: Rule = "mean",
    name: str = "vote",
    keep: Callable[[int], int] | None = None,
    soft: Callable[[float], float] | None = None,
) -> list[Point]:
    """Return a point for every k from verdicts that hold at least max(ks) samples each.

    Cases whose label prefers nothing are left out; where none is left there are no points. A 0/1 label is for judgments
    of 0 or 1, of which the majority counts. With `keep`, which says how many of k judgments vote, the best by the
    verdicts' weights do; with `soft`, which says what a weight counts, all do by that; without either all do alike.
    """
    judged = [(verdict, label) for verdict, label in zip(verdicts, labels, strict=True) if decides(label)]
    return [_point(name, k, [(_blocks(v, k, rule, keep, soft), label) for v, label in judged]) for k in ks if judged]


def earned(
    verdicts: Sequence[Verdict],
    labels: Sequence[Label],
    k: int,
    *,
    rule: Rule = "mean",
    keep: Callable[[int], int] | None = None,
    soft: Callable[[float], float] | None = None,
    strict: bool = False,
) -> list[float]:
    """Return what every case with a deciding label earns at k, as `curve` averages it: for paired tests."""
    judged = [(verdict, label) for verdict, label in zip(verdicts, labels, strict=True) if decides(label)]
    return [
        fmean(_earned(v, label)[strict] for v in _blocks(verdict, k, rule, keep, soft)) for verdict, label in judged
    ]


def earns(verdict: Verdict, label: Label) -> tuple[float, float] | None:
    """Return what a verdict earns as it is, however many samples it has: ties shared, and where a tie is wrong.

    None where the label decides nothing.
    """
    return _earned(verdict, label) if decides(label) else None


def shape(verdicts: Sequence[Verdict], labels: Sequence[Label], k: int) -> tuple[float, float]:
    """Return the share of ties at the top and the number of distinct reward values at k, as `curve` counts them."""
    judged = [_blocks(verdict, k) for verdict, label in zip(verdicts, labels, strict=True) if decides(label)]
    return _ties(judged), _distinct(judged)


def _blocks(
    verdict: Verdict,
    k: int,
    rule: Rule = "mean",
    keep: Callable[[int], int] | None = None,
    soft: Callable[[float], float] | None = None,
) -> list[Verdict]:
    outcomes, n, kept = verdict.outcomes, _responses(verdict), None if keep is None else keep(k)
    weights = verdict.weights if keep is not None or soft is not None else None
    if weights is not None and soft is not None:
        weights = tuple(None if weight is None else soft(weight) for weight in weights)
    blocks = [slice(i, i + k) for i in range(0, len(outcomes) - k + 1, k)]
    return [vote(outcomes[at], n, rule=rule, weights=weights and weights[at], keep=kept) for at in blocks]


def _responses(verdict: Verdict) -> int:
    return len(verdict.orders[0])


def _point(name: str, k: int, judged: Sequence[tuple[Sequence[Verdict], Label]]) -> Point:
    every = [verdict for blocks, _ in judged for verdict in blocks]
    outcomes = sum(len(verdict.outcomes) for verdict in every)
    return Point(
        name=name,
        k=k,
        cases=len(judged),
        accuracy=bootstrap([fmean(_earned(v, label)[0] for v in blocks) for blocks, label in judged]),
        strict=bootstrap([fmean(_earned(v, label)[1] for v in blocks) for blocks, label in judged]),
        ties=_ties([blocks for blocks, _ in judged]),
        distinct=_distinct([blocks for blocks, _ in judged]),
        unread=sum(len(v.outcomes) - len(v.judgments) for v in every) / outcomes,
    )


def _earned(verdict: Verdict, label: Label) -> tuple[float, float]:
    """Return what a verdict earns when tied responses share the credit, and when a tie is wrong."""
    if verdict.scores is None:
        return 0.0, 0.0
    if isinstance(label, Right):
        agreeing = verdict.scores[0] if label.value else 1 - verdict.scores[0]
        return 0.5 if agreeing == 0.5 else float(agreeing > 0.5), float(agreeing > 0.5)
    return credit(verdict.scores, label), float(correct(verdict.scores, label))


def _ties(judged: Sequence[Sequence[Verdict]]) -> float:
    return fmean(len(verdict.tied) > 1 for blocks in judged for verdict in blocks)


def _distinct(judged: Sequence[Sequence[Verdict]]) -> float:
    """Count the different reward values over all cases, per block (more values, finer rewards)."""
    blocks = min(len(verdicts) for verdicts in judged)
    scores = [[verdicts[b].scores or () for verdicts in judged] for b in range(blocks)]
    return fmean(len({round(score, 9) for case in block for score in case}) for block in scores)
