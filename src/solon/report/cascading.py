"""What a cascade would have come to on a run of full votes, at any margin; and the margin that labels choose.

A run holds every case's votes, so a cascade on it is a matter of counting: a case whose margin is large enough earns
what the scorer earns, any other one what its votes do, and only those cost the judge's tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from solon.errors import UserError
from solon.report.folds import parted
from solon.stats import Interval, bootstrap, paired

STEPS = 100
"""Margins that are tried: those that send every hundredth more of the cases to the judge."""
_BOUND = 1.645


@dataclass(frozen=True, slots=True)
class Trial:
    """A labeled case, judged both ways.

    Attributes:
        margin: of the scorer; None where it has none, which always goes to the judge.
        alone: what the scorer earns, ties sharing the credit; 0 where it could not score the case.
        sent: what the judge earns with the votes of a case that is sent to it.
        plain: what it earns with the votes that a cascade is compared with.
        used: votes of a case that is sent.
        tokens: that these votes generate and read.
        plain_tokens: that the votes compared with generate and read.
        read: tokens that the scorer reads; None where it does not tell.
    """

    margin: float | None
    alone: float
    sent: float
    plain: float
    used: int
    tokens: float
    plain_tokens: float
    read: int | None = None

    def goes(self, margin: float) -> bool:
        """Tell whether the case is sent to the judge at this margin."""
        return self.margin is None or self.margin < margin

    def earns(self, margin: float) -> float:
        """Return what the cascade earns."""
        return self.sent if self.goes(margin) else self.alone

    def costs(self, margin: float) -> float:
        """Return the judge's tokens."""
        return self.tokens if self.goes(margin) else 0.0


class Goal(NamedTuple):
    """What a margin is chosen for: the fewest tokens that reach an accuracy, or the best accuracy within tokens a case.

    Without either, the best accuracy.
    """

    accuracy: float | None = None
    tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a cascade came to on labeled cases: accuracies, paired differences, and costs per case.

    `tokens` are the judge's and `with_read` also the scorer's, as shares of the tokens of plain votes of all cases.
    """

    cases: int
    accuracy: Interval
    alone: Interval
    plain: Interval
    over_plain: Interval
    over_alone: Interval
    share: float
    votes: float
    tokens_per_case: float
    plain_tokens_per_case: float
    tokens: float
    with_read: float | None

    def figures(self) -> dict[str, object]:
        """Return all figures for a file."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: v._asdict() if isinstance(v, Interval) else v for name, v in values.items()}


def measured(trials: Sequence[Trial], margins: Sequence[float]) -> Measured:
    """Count what a cascade comes to, with a margin for every case: one for all, or that of its fold."""
    pairs = list(zip(trials, margins, strict=True))
    earned = [trial.earns(margin) for trial, margin in pairs]
    alone, plain = [trial.alone for trial in trials], [trial.plain for trial in trials]
    spent = fmean(trial.costs(margin) for trial, margin in pairs)
    whole = fmean(trial.plain_tokens for trial in trials)
    read = [trial.read for trial in trials if trial.read is not None]
    return Measured(
        cases=len(trials),
        accuracy=bootstrap(earned),
        alone=bootstrap(alone),
        plain=bootstrap(plain),
        over_plain=paired(earned, plain),
        over_alone=paired(earned, alone),
        share=fmean(trial.goes(margin) for trial, margin in pairs),
        votes=fmean(trial.used * trial.goes(margin) for trial, margin in pairs),
        tokens_per_case=spent,
        plain_tokens_per_case=whole,
        tokens=spent / whole if whole else 0.0,
        with_read=(spent + fmean(read)) / whole if whole and len(read) == len(trials) else None,
    )


def chosen(trials: Sequence[Trial], goal: Goal) -> float:
    """Return the margin that reaches the goal on labeled cases.

    A budget counts as kept where the upper 95 % bound of the mean tokens is within it, so that it is kept on further
    cases of the kind, too.

    Raises:
        UserError: no margin reaches it; what can be reached is named.
    """
    tried = [_tried(trials, margin) for margin in candidates(trials)]
    if goal.accuracy is not None:
        able = [one for one in tried if one.accuracy >= goal.accuracy]
        if not able:
            most = max(one.accuracy for one in tried)
            raise UserError(
                f"no margin reaches an accuracy of {100 * goal.accuracy:.1f} % on these cases; the most is "
                f"{100 * most:.1f} %"
            )
        return min(able, key=lambda one: (one.tokens, one.margin)).margin
    able = [one for one in tried if one.bound <= (inf if goal.tokens is None else goal.tokens)]
    if not able:
        least = min(one.bound for one in tried)
        raise UserError(f"no margin keeps to {goal.tokens:,.0f} tokens a case; the least is {least:,.0f}")
    return min(able, key=lambda one: (-one.accuracy, one.tokens)).margin


def held_out(trials: Sequence[Trial], goal: Goal, folds: int, seed: int) -> list[float]:
    """Return for every case the margin that the cases of the other folds choose.

    Raises:
        UserError: there are fewer cases than folds, or no margin reaches the goal on some of them.
    """
    parts = parted(len(trials), folds, seed)
    margins = {
        part: chosen([trial for trial, at in zip(trials, parts, strict=True) if at != part] or trials, goal)
        for part in sorted(set(parts))
    }
    return [margins[part] for part in parts]


def candidates(trials: Sequence[Trial]) -> list[float]:
    """Return the margins to try, from one that sends no case with a margin to one that sends all.

    Raises:
        UserError: the scorer could score none of these cases.
    """
    known = sorted(trial.margin for trial in trials if trial.margin is not None)
    if not known:
        raise UserError(
            "the scorer has no margin on any of these cases: are there several responses, and does it work?"
        )
    cuts = sorted({round(step / STEPS * len(known)) for step in range(STEPS + 1)})
    between = [(low + high) / 2 for low, high in pairwise([0.0, *known, known[-1] + 1.0])]
    return [float(f"{between[cut]:.6g}") if cut else 0.0 for cut in cuts]


class _Tried(NamedTuple):
    margin: float
    accuracy: float
    tokens: float
    bound: float


def _tried(trials: Sequence[Trial], margin: float) -> _Tried:
    costs = [trial.costs(margin) for trial in trials]
    mean = fmean(costs)
    spread = stdev(costs) / sqrt(len(costs)) if len(costs) > 1 else 0.0
    return _Tried(margin, fmean(trial.earns(margin) for trial in trials), mean, mean + _BOUND * spread)
