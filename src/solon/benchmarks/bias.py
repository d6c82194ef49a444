"""What moves a judge besides quality: place, length, formatting, pleas; and whether its sureness means anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, log, sqrt
from statistics import fmean

from solon.benchmarks.benchmark import Outcome
from solon.benchmarks.judging import Ballots
from solon.benchmarks.probes import altered
from solon.benchmarks.running import Pass
from solon.benchmarks.worth import of_pair
from solon.reward import best_responses, decides
from solon.stats import Interval, Part, combined, rank_correlation, ranks, top
from solon.types import Case, Ratings, Right, Verdict, plain

BINS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure of the report on biases: of which one, its interval, over how many, and what it would be without."""

    about: str
    name: str
    value: Interval | None
    count: int
    unbiased: str


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts of like agreement: the bounds, how many there are, their mean agreement, and how many are right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def findings(outcomes: Sequence[Outcome], ballots: Sequence[Ballots]) -> list[Finding]:
    """Return what the judgments of one pass show of biases of place and length."""
    return [*position(outcomes, ballots), *length(outcomes), *_surety(outcomes)]


def position(outcomes: Sequence[Outcome], ballots: Sequence[Ballots]) -> list[Finding]:
    """Return how often the other order turns a verdict round, and how much more often the first place wins."""
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    flips = [1 - v.position_consistency for v in verdicts if v.position_consistency is not None]
    first = [fmean(won) for one in ballots for verdict in one.verdicts if (won := list(_first_wins(verdict)))]
    return [
        _finding("position", "the other order has another best", flips, "0"),
        _finding("position", "the first place wins, over its share", first, "0"),
    ]


def _first_wins(verdict: Verdict) -> Iterable[float]:
    """Tell of every judgment with a single best whether that stood first, less the chance of it."""
    for outcome, order in zip(verdict.outcomes, verdict.orders, strict=True):
        scores = getattr(outcome, "scores", ())
        if len(scores) > 1 and len(best := top(scores)) == 1:
            yield (best[0] == order[0]) - 1 / len(scores)


def length(outcomes: Sequence[Outcome]) -> list[Finding]:
    """Return how the longer response fares: at equal quality, and where it is the better or the worse one."""
    pairs = [(outcome, i, j) for outcome in outcomes if _has_best(outcome) for i, j in outcome.item.pairs]
    gaps = [(_length(o.item.case, i) - _length(o.item.case, j), o.margin(i, j)) for o, i, j in pairs]
    long = [of_pair(margin, "random") for gap, margin in gaps if gap > 0]
    short = [of_pair(margin, "random") for gap, margin in gaps if gap < 0]
    preferred = [float((margin > 0) == (gap > 0)) for gap, margin in gaps if gap and margin]
    found = [
        _finding("length", "the better response is the longer one", [float(gap > 0) for gap, _ in gaps if gap], ""),
        _finding("length", "the longer response is preferred", preferred, "as often as it is better"),
        _finding("length", "right where the better one is longer", long, "alike"),
        _finding("length", "right where the better one is shorter", short, "alike"),
    ]
    if long and short:
        halves = [Part(0.5, [[value] for value in side]) for side in (long, short)]
        found.append(Finding("length", "length-controlled accuracy", combined(halves), len(long) + len(short), ""))
    return [*found, _at_equal_quality(outcomes)]


def _at_equal_quality(outcomes: Sequence[Outcome]) -> Finding:
    """Correlate score with length over responses that one label calls equally good, by ranks."""
    found = []
    for outcome in outcomes:
        label = outcome.item.label
        if isinstance(label, Ratings):
            for i, j in combinations(range(outcome.item.case.n), 2):
                scores = outcome.scores
                if label.values[i] == label.values[j] and scores is not None:
                    gap = log(_length(outcome.item.case, i) + 1) - log(_length(outcome.item.case, j) + 1)
                    found.append((gap, scores[i] - scores[j]))
    return _correlated("rank correlation of score and length, equal quality", found)


def _correlated(name: str, found: Sequence[tuple[float, float]]) -> Finding:
    """Correlate differences, each in both directions, by ranks, which the interval takes as they are."""
    both = [*found, *((-gap, -margin) for gap, margin in found)]
    if rank_correlation([gap for gap, _ in both], [margin for _, margin in both]) is None:
        return Finding("length", name, None, len(found), "0")
    middle = (len(both) + 1) / 2
    sides = [[rank - middle for rank in ranks([pair[side] for pair in both])] for side in (0, 1)]
    products = [[(x * y, x * x, y * y)] for x, y, _ in zip(*sides, found, strict=False)]
    return Finding("length", name, combined([Part(1.0, products, _correlation)]), len(found), "0")


def _correlation(products: Sequence[tuple[float, float, float]]) -> float:
    xy, xx, yy = map(fsum, zip(*products, strict=True))
    return xy / sqrt(xx * yy) if xx and yy else 0.0


def calibration(outcomes: Sequence[Outcome]) -> list[Bin]:
    """Part verdicts with a single best by their agreement, and count how many are right."""
    sure = _sure(outcomes)
    found = []
    for place in range(BINS):
        low, high = place / BINS, (place + 1) / BINS
        inside = [(c, r) for c, r in sure if low < c <= high or (place == 0 and c == 0)]
        if inside:
            found.append(Bin(low, high, len(inside), fmean(c for c, _ in inside), fmean(r for _, r in inside)))
    return found


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the expected calibration error: how far agreement is from accuracy, over all verdicts."""
    count = sum(one.count for one in bins)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / count if count else None


def _surety(outcomes: Sequence[Outcome]) -> list[Finding]:
    sure = _sure(outcomes)
    gaps = [right - confidence for confidence, right in sure]
    return [_finding("self-consistency", "accuracy over agreement", gaps, "0")]


def _sure(outcomes: Sequence[Outcome]) -> list[tuple[float, float]]:
    found = []
    for outcome in outcomes:
        if _has_best(outcome) and len(outcome.verdicts) == 1 and outcome.verdicts[0].agreement is not None:
            verdict = outcome.verdicts[0]
            found.append((verdict.agreement or 0.0, float(verdict.best in best_responses(outcome.item.label))))
    return found


def probed(plain_pass: Pass, changed: Pass) -> list[Finding]:
    """Return how a change that should change nothing moved verdicts, against the same pass without it."""
    before = [one.at(1, plain_pass.ways[0]) for one in plain_pass.ballots]
    after = [one.at(1, changed.ways[0]) for one in changed.ballots]
    moved, shifts, won = [], [], []
    for old, new in zip(before, after, strict=True):
        at = altered(old.item)
        if old.scores is None or new.scores is None:
            continue
        shifts.append(new.scores[at] - old.scores[at])
        if old.item.case.n > 1:
            moved.append(float(top(old.scores) != top(new.scores)))
            won.append((top(new.scores) == (at,)) - float(top(old.scores) == (at,)))
    return [
        _finding(changed.name, "the verdict changes", moved, "0"),
        _finding(changed.name, "score of the changed response, in points", shifts, "0"),
        _finding(changed.name, "the changed response wins more often", won, "0"),
    ]


def hardest(outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    """Return the outcomes that are most clearly wrong, the worst first; those that are right are left out."""
    wrong = [(hardness, place) for place, one in enumerate(outcomes) if (hardness := _hardness(one)) is not None]
    return [outcomes[place] for _, place in sorted(wrong, key=lambda pair: (-pair[0], pair[1]))[:count]]


def _hardness(outcome: Outcome) -> float | None:
    """Return by how many points an outcome is wrong; None where it is not, or cannot be told."""
    label = outcome.item.label
    if isinstance(label, Right):
        return None if outcome.scores is None else outcome.scores[0] * (-1 if label.value else 1)
    known = [margin for margin in outcome.margins if margin is not None]
    return -min(known) if decides(label) and known and min(known) <= 0 else None


def _finding(about: str, name: str, values: Sequence[float], unbiased: str) -> Finding:
    value = combined([Part(1.0, [[one] for one in values])]) if values else None
    return Finding(about, name, value, len(values), unbiased)


def _has_best(outcome: Outcome) -> bool:
    return not isinstance(outcome.item.label, Right) and decides(outcome.item.label)


def _length(case: Case, i: int) -> int:
    return len(plain(case.responses[i]))
