"""What tells right judgments from wrong ones: a meta model's weights, and the margins that judgments give themselves.

A vote by mean scores counts a judgment by the margin between its best response and the next one; a meta model can help
such a vote by what it knows beyond that.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from solon.report.recorded import Recorded
from solon.reward import correct, decides
from solon.stats import Interval, Part, auc, bootstrap, combined
from solon.types import Judgment, Label, Right, Verdict

_RESAMPLES = 200


class Known(NamedTuple):
    """A judgment with a strict best: the margin of that best, what the judgment weighs, and whether it is right."""

    margin: float
    weight: float
    right: bool


def knowing(run: Recorded, labels: Mapping[str, Label], k: int) -> dict[str, Interval]:
    """Return AUCs (right over wrong, ties as half) of judgments with a strict best, with 95 % intervals over cases.

    `weight, within a case` is the mean over the cases that have right and wrong ones, and left out where none has both.
    Empty where no such judgment has a weight, or all are right or all wrong.

    Args:
        run: the run, with its weights.
        labels: of its cases, by id; cases without one, or with one that prefers nothing, are left out.
        k: only the first k judgments of every case count.
    """
    told = [(verdict, labels.get(case.id)) for case, verdict in zip(run.cases, run.verdicts, strict=True)]
    known = [_known(verdict, label, k) for verdict, label in told if label is not None and decides(label)]
    groups = [group for group in known if group]
    if len({one.right for group in groups for one in group}) < 2:
        return {}
    measures = {"margin": _by_margin, "weight": _by_weight, "weight, among equal margins": _among_equals}
    across = {name: combined([Part(1.0, groups, of)], resamples=_RESAMPLES) for name, of in measures.items()}
    within = [_by_weight(group) for group in groups if len({one.right for one in group}) == 2]
    return across | ({"weight, within a case": bootstrap(within)} if within else {})


def _known(verdict: Verdict, label: Label, k: int) -> list[Known]:
    if verdict.weights is None or isinstance(label, Right):
        return []
    found = []
    for outcome, weight in zip(verdict.outcomes[:k], verdict.weights[:k], strict=True):
        if isinstance(outcome, Judgment) and weight is not None:
            first, second = sorted(outcome.scores, reverse=True)[:2]
            if first > second:
                found.append(Known(first - second, weight, correct(outcome.scores, label)))
    return found


def _by_margin(known: Sequence[Known]) -> float:
    return _auc([one.margin for one in known], known)


def _by_weight(known: Sequence[Known]) -> float:
    return _auc([one.weight for one in known], known)


def _among_equals(known: Sequence[Known]) -> float:
    """Return the chance that of a right and a wrong judgment with one margin the right one weighs more."""
    alike = defaultdict(list)
    for one in known:
        alike[one.margin].append(one)
    pairs = {margin: (right := sum(one.right for one in of)) * (len(of) - right) for margin, of in alike.items()}
    total = sum(pairs.values())
    return sum(count * _by_weight(alike[margin]) for margin, count in pairs.items() if count) / total if total else 0.5


def _auc(values: Sequence[float], known: Sequence[Known]) -> float:
    found = auc(values, [one.right for one in known])
    return 0.5 if found is None else found
