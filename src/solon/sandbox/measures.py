"""What the world's rules say of judgments: whether checks are true, and whether the principles are those that count.

The paper could not measure this: here the ground truth of every principle and of every check is known. Figures are
kept case by case, so that each has an interval over cases and judges of the same cases are compared in pairs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean
from typing import TypeAlias

from solon.reward import best_responses
from solon.sandbox.criteria import Criterion, parse, words
from solon.sandbox.world import implied
from solon.stats import Interval, Part, clustered, clustered_difference, combined, counted_rank_correlation
from solon.types import Case, Judgment, LabeledCase, Order, Right, Verdict, plain

UNION = 8
"""So many samples' principles are united to see what votes can cover."""

CHOSEN, BEST, BEYOND = "longer chosen", "longer best", "longer chosen - best"
"""The figures of length: how often a verdict's best is the longer response, the label's best is, and the difference."""

Named: TypeAlias = Mapping[Criterion | None, float | None]
"""The criteria that a judgment's principles name, with their weights."""

Tally: TypeAlias = Sequence[tuple[tuple[float, float], int]]
"""Pairs of a written and a true weight, each with how often it comes."""


def checks(case: Case, order: Order, text: str) -> Iterator[tuple[Criterion, bool]]:
    """Yield every criterion that a judgment's text checks and whether what it says of it is true."""
    for line in text.split("\n"):
        mark, _, rest = line.partition("] ")
        if not (mark.startswith("[") and mark[1:].isdecimal() and 1 <= int(mark[1:]) <= len(order)):
            continue
        response = plain(case.responses[order[int(mark[1:]) - 1]])
        for check in rest.partition(":")[0].split(", "):
            name, _, verdict = check.rpartition(" ")
            criterion = parse(name)
            if criterion is not None and verdict in ("yes", "no"):
                yield criterion, criterion.met(response) == (verdict == "yes")


def truths(case: Case, verdict: Verdict) -> list[tuple[Criterion, bool]]:
    """Return all checks of a verdict's judgments with their truth."""
    pairs = zip(verdict.outcomes, verdict.orders, strict=True)
    return [found for o, order in pairs if isinstance(o, Judgment) for found in checks(case, order, o.text)]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the world's rules say of verdicts, case by case.

    `values` holds for every figure a list of values per case, empty where the case has none; a figure is the mean of
    all values, so a case with more checks counts more. `weights` holds for every case how often each pair of weights
    comes, of an implied principle as written and as true.

    - `longer chosen`, `longer best`: whether the verdict's best is longer, in words, than the mean of the others, and
      whether the label's best is. Both have the same cases: those where verdict and label have a single best and
      neither is exactly as long as the others' mean.
    - `easy checks true`, `hard checks true`, `checks true`: whether what a judgment says of a criterion is true.
    - `implied`: whether the request implies a written principle.
    - `covered by one`, `covered by eight`: the share of the implied weight that the principles of one judgment, and of
      the first eight together, name; the latter of cases with so many judgments.
    - `distinct sets`: how many different sets of principles the judgments of a case have, where any could be read.
    - `weight correlation`: Spearman's, of written and true weights of implied principles.
    """

    values: Mapping[str, Sequence[Sequence[float]]]
    weights: Sequence[Tally]

    def means(self) -> dict[str, float | None]:
        """Return the figures without intervals; None where no case has a value."""
        flat = {name: list(chain.from_iterable(groups)) for name, groups in self.values.items()}
        found = {name: fmean(values) if values else None for name, values in flat.items()}
        return found | {"weight correlation": counted_rank_correlation(chain.from_iterable(self.weights))}

    def intervals(self) -> dict[str, Interval | None]:
        """Return the figures with 95 % bootstrap intervals over cases, and the difference of the two of length.

        Only cases that have a value are drawn. A draw in which no weight differs counts as a correlation of 0.
        """
        found = {name: clustered(groups) if any(groups) else None for name, groups in self.values.items()}
        beyond = _difference(self.values[CHOSEN], self.values[BEST])
        return {BEYOND: beyond} | found | {"weight correlation": self._correlation()}

    def gains(self, first: "Rules") -> dict[str, Interval | None]:
        """Return how far the figures are above those of another judge, paired by the cases where both have values.

        Left out are the weights' correlation and `longer best`, which is a figure of the cases.
        """
        return {name: _difference(of, first.values[name]) for name, of in self.values.items() if name != BEST}

    def _correlation(self) -> Interval | None:
        weights = [tally for tally in self.weights if tally]
        if counted_rank_correlation(chain.from_iterable(weights)) is None:
            return None
        return combined([Part(1.0, weights, lambda counted: counted_rank_correlation(counted) or 0.0)])


def rules(labeled: Sequence[LabeledCase], verdicts: Sequence[Verdict]) -> Rules:
    """Hold the world's rules against verdicts on sandbox cases, one or more."""
    pairs = list(zip(labeled, verdicts, strict=True))
    named = [[_named(judgment) for judgment in verdict.judgments] for verdict in verdicts]
    found = [
        _lengths(one, verdict) | _truth(one.case, verdict) | _worth(implied(one.case), each)
        for (one, verdict), each in zip(pairs, named, strict=True)
    ]
    weights = [_tally(implied(one.case), each) for one, each in zip(labeled, named, strict=True)]
    return Rules({name: [each[name] for each in found] for name in found[0]}, weights)


def _lengths(one: LabeledCase, verdict: Verdict) -> dict[str, list[float]]:
    rights = () if isinstance(one.label, Right) else best_responses(one.label)
    if verdict.best is None or len(rights) != 1:
        return {CHOSEN: [], BEST: []}
    lengths = [len(words(plain(response))) for response in one.case.responses]
    chosen, best = (lengths[i] * len(lengths) - sum(lengths) for i in (verdict.best, rights[0]))
    known = bool(chosen and best)
    return {CHOSEN: [chosen > 0] if known else [], BEST: [best > 0] if known else []}


def _truth(case: Case, verdict: Verdict) -> dict[str, list[float]]:
    found = truths(case, verdict)
    return {
        "easy checks true": [true for criterion, true in found if not criterion.hard],
        "hard checks true": [true for criterion, true in found if criterion.hard],
        "checks true": [true for _, true in found],
    }


def _worth(weights: Mapping[Criterion, int], named: Sequence[Named]) -> dict[str, list[float]]:
    union = set(chain.from_iterable(named[:UNION]))
    return {
        "implied": [criterion in weights for each in named for criterion in each],
        "covered by one": [_covered(weights, each) for each in named],
        "covered by eight": [_covered(weights, union)] if len(named) >= UNION else [],
        "distinct sets": [len({frozenset(each) for each in named})] if named else [],
    }


def _tally(weights: Mapping[Criterion, int], named: Sequence[Named]) -> Tally:
    """Count how often each pair of a written and a true weight comes."""
    pairs = ((weight, weights.get(criterion)) for each in named for criterion, weight in each.items() if criterion)
    known = ((weight, float(true)) for weight, true in pairs if weight is not None and true is not None)
    return list(Counter(known).items())


def _named(judgment: Judgment) -> Named:
    """Return the criteria that a judgment's principles name, once each, and None for all that name none.

    Given principles are whole texts, whose weight stands behind the name.
    """
    return {parse(p.text) or parse(p.text.rpartition(" ")[0]): p.weight for p in judgment.principles}


def _covered(weights: Mapping[Criterion, int], named: Iterable[Criterion | None]) -> float:
    return sum(weights.get(criterion, 0) for criterion in named if criterion) / sum(weights.values())


def _difference(groups: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> Interval | None:
    both = any(group and other for group, other in zip(groups, others, strict=True))
    return clustered_difference(groups, others) if both else None
