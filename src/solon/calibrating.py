"""Calibrate the confident stopping rule on full votes, labeled or not: it is to agree with them.

The prior's variances are read off the votes (empirical Bayes); the threshold is the loosest one under which the rule,
replayed on these votes, names another best than the full vote in at most delta of the cases, with an upper 95 % bound.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from math import fsum, sqrt
from pathlib import Path
from statistics import fmean, pvariance, variance
from typing import TypeAlias

from solon.errors import UserError
from solon.stats import top
from solon.stopping import Prior, Stop, Tally, decided, looks

THRESHOLDS = tuple(10 ** (-i / 8) for i in range(5, 49))
"""Chances of being overturned that are tried, from 0.24 down to a millionth."""
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class Replay:
    """A rule replayed on full votes: judgments used per case, and the share whose best is another one."""

    used: tuple[int, ...]
    changed: tuple[bool, ...]

    @property
    def mean(self) -> float:
        """The mean number of judgments used."""
        return fmean(self.used)

    @property
    def disagreement(self) -> float:
        """The share of cases whose best is not the full vote's."""
        return fmean(self.changed)


Full: TypeAlias = Sequence[Sequence[float]]
"""A full vote: what every judgment gives to each response, in sample order; an unread one is empty."""


def read_prior(path: Path) -> Prior:
    """Read a prior that `solon tune stop` wrote.

    Raises:
        UserError: the file cannot be read or holds something else.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
        return Prior(**{field.name: float(values[field.name]) for field in fields(Prior)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"'{path}' holds no prior of a stopping rule ({error}): make it with solon tune stop"
        ) from error


def replayed(
    votes: Sequence[Full], reach: float, stop: Stop, prior: Prior | None = None, delta: float = 0.02
) -> Replay:
    """Stop every vote where the rule would have stopped it, and compare its best with the full vote's."""
    used = [stopped(vote, reach, stop, prior, delta) for vote in votes]
    changed = [best(vote[:k]) != best(vote) for vote, k in zip(votes, used, strict=True)]
    return Replay(tuple(used), tuple(changed))


def stopped(vote: Full, reach: float, stop: Stop, prior: Prior | None = None, delta: float = 0.02) -> int:
    """Return after how many judgments a rule stops a full vote."""
    for look in looks(stop, len(vote))[:-1]:
        read = [marks for marks in vote[:look] if marks]
        if decided(Tally(read, len(vote) - look, reach), stop, prior, delta):
            return look
    return len(vote)


def calibrated(votes: Sequence[Full], reach: float, delta: float) -> Prior:
    """Return the prior under which the confident rule disagrees with these full votes in at most delta of the cases.

    Args:
        votes: of all judgments of cases like those to come; not the cases that anything is measured on.
        reach: the most by which a judgment can favor one response over another.
        delta: the share of cases whose best may differ.

    Raises:
        UserError: there are too few votes to tell.
    """
    margins = [pair for vote in votes for pair in _pairs([marks for marks in vote if marks])]
    if len(votes) < _FEWEST or len(margins) < _FEWEST:
        raise UserError(
            f"{len(votes)} full votes of several responses are too few to calibrate on; give {_FEWEST} or more"
        )
    within = fmean(variance(one) for one in margins)
    between = max(pvariance([fmean(one) for one in margins], 0.0) - within / fmean(map(len, margins)), within / 100)
    prior = Prior(within / between, within / reach**2, threshold=0.0)
    for threshold in THRESHOLDS:
        found = replace(prior, threshold=threshold)
        if _bound(replayed(votes, reach, "confident", found)) <= delta:
            return found
    return prior


def _bound(replay: Replay) -> float:
    """Return an upper 95 % bound of the disagreement (Wilson)."""
    n, share, z = len(replay.changed), replay.disagreement, 1.645
    return (share + z**2 / (2 * n) + z * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)


def best(vote: Full) -> tuple[int, ...]:
    """Return the responses that share the top of a vote, none where nothing could be read."""
    read = [marks for marks in vote if marks]
    return top([fsum(column) for column in zip(*read, strict=True)]) if read else ()


def _pairs(read: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the margins of a vote, for every pair of responses, from two judgments on."""
    if len(read) < 2:
        return []
    return [[marks[i] - marks[j] for marks in read] for i, j in combinations(range(len(read[0])), 2)]
