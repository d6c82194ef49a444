"""Is this vote decided? Stopping rules that look at the judgments so far and at what is still to come.

`lossless`: no other response can catch up, whatever the remaining judgments say; the best is provably that of the full
vote. `confident`: a prediction that the remaining judgments will not change the full vote's best; how sure it must be
is calibrated on full votes of other cases. `anytime`: a test, valid at any time, that the leader's mean margin is above
0 (testing by betting, Waudby-Smith and Ramdas, arXiv 2010.09686); it asks a harder question than the vote does, and is
here to be compared with.

A vote without a single leader, or of a single response, whose score is what is wanted, is never decided early.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import erfc, fsum, sqrt
from typing import Literal, TypeAlias

from solon.stats import top

Stop: TypeAlias = Literal["never", "lossless", "confident", "anytime"]

LOOKS = (4, 6, 8, 12, 16, 24)
"""After so many judgments of a case its vote is looked at; every look costs a further call per order."""
LATE = (7 / 8, 15 / 16)
"""Shares of k after which a lossless rule looks too: where scores can differ by much, only the last ones are moot."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Tally:
    """A vote under way.

    Attributes:
        marks: what every counted judgment gives to each response, by its weight if it has one; shape (judgments, n).
        left: judgments that may still count.
        reach: the most by which one judgment can favor one response over another.
    """

    marks: Sequence[Sequence[float]]
    left: int
    reach: float


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of margins before a case is judged, in units of the reach; `calibrated` finds it.

    A margin is what a judgment gives to the leader over another response.

    Attributes:
        strength: the prior mean of a case's margin, 0, counts as so many judgments.
        variance: of single margins within a case.
        certainty: this variance counts as so many judgments.
        threshold: a vote is decided when the chance that it is overturned is at most this.
    """

    strength: float = 4.0
    variance: float = 0.1
    certainty: float = 4.0
    threshold: float = 0.01


def looks(stop: Stop, k: int) -> list[int]:
    """Return after how many judgments of a case a rule looks at its vote; the last look is at all k."""
    if stop == "never":
        return [k]
    late = [round(share * k) for share in LATE] if stop == "lossless" else []
    return [*sorted({look for look in (*LOOKS, *late) if look < k}), k]


def decided(tally: Tally, stop: Stop, prior: Prior | None = None, delta: float = 0.02) -> bool:
    """Tell whether no further judgment is needed.

    Args:
        tally: the vote so far.
        stop: the rule.
        prior: for `confident`; the default one is a guess that suits scores from 1 to 10.
        delta: for `anytime`, the chance of a leader whose mean margin is not above 0.
    """
    if stop == "never" or not tally.marks or len(tally.marks[0]) < 2:
        return False
    leader = top([fsum(column) for column in zip(*tally.marks, strict=True)])
    if len(leader) != 1:
        return False
    margins = [_margins(tally, leader[0], other) for other in range(len(tally.marks[0])) if other != leader[0]]
    if stop == "lossless":
        return all(_out_of_reach(found, tally) for found in margins)
    if stop == "confident":
        known = prior or Prior()
        return fsum(overturned(found, tally.left, tally.reach, known) for found in margins) <= known.threshold
    pairs = len(margins) * (len(margins) + 1)  # any response might have come to lead over any other
    return all(_wealth(found, tally.reach) >= pairs / delta for found in margins)


def overturned(margins: Sequence[float], left: int, reach: float, prior: Prior) -> float:
    """Return the predicted chance that the sum of margins, now above 0, is at most 0 after `left` more judgments.

    The margins of a case are taken as normal with an unknown mean, which has a normal prior around 0, and a variance
    that is the mean of the prior's and the seen one's, by their counts; so is what is still to come.
    """
    if left <= 0:
        return 0.0
    seen, mean = len(margins), fsum(margins) / len(margins)
    pull = prior.strength + seen
    around = fsum((margin - mean) ** 2 for margin in margins) + mean**2 * prior.strength * seen / pull
    variance = (prior.certainty * prior.variance * reach**2 + around) / (prior.certainty + seen)
    expected = mean * seen / pull
    deviation = sqrt(variance * (left + left**2 / pull))
    gap = mean * seen + left * expected
    return 0.5 * erfc(gap / deviation / sqrt(2)) if deviation else float(gap <= 0)


def _margins(tally: Tally, leader: int, other: int) -> list[float]:
    return [marks[leader] - marks[other] for marks in tally.marks]


def _out_of_reach(margins: Sequence[float], tally: Tally) -> bool:
    """Compare exactly, and leave room for the rounding of the full vote's own sums."""
    gap = sum(map(Fraction, margins), Fraction()) - tally.left * Fraction(tally.reach)
    return gap > _ROUNDING * (len(margins) + tally.left) * max(1.0, tally.reach)


def _wealth(margins: Sequence[float], reach: float) -> float:
    """Bet on margins above 0, each stake a function of the margins before, and return what 1 has become.

    If the mean margin is at most 0 the wealth ever reaches 1 / delta with a chance of at most delta (Ville).
    """
    wealth, total, squares = 1.0, 0.0, 0.25
    for count, margin in enumerate((margin / reach for margin in margins), 1):
        mean = total / count
        wealth *= 1 + min(0.75, max(0.0, mean / (squares / count + mean**2))) * margin
        total, squares = total + margin, squares + (margin - mean) ** 2
    return wealth
