"""Judges of the sandbox side by side: how often they are right, and what the world's rules say of their judgments."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from solon.report.curve import curve, earned
from solon.sandbox.judging import Judged
from solon.sandbox.measures import rules
from solon.stats import Interval, Part, auc, combined, paired
from solon.types import Right


def judge_row(name: str, judged: Judged, k: int) -> dict[str, Any]:
    """Return a judge's accuracy at k judgments per case, and what the world's rules say of its judgments."""
    return accuracy_row(name, judged, k) | rules(judged.labeled, judged.verdicts).means()


def accuracy_row(name: str, judged: Judged, k: int) -> dict[str, Any]:
    """Return how often a judge is right at k judgments per case; k = 1 is as it was sampled, greedily for instance.

    Cases of a single response have an `auc` of the mean score in place of accuracies, None where the cases that were
    read are all right or all wrong.
    """
    labels, verdicts = [one.label for one in judged.labeled], judged.verdicts
    row: dict[str, Any] = {"judge": name, "k": k, "cases": len(labels)}
    if all(isinstance(label, Right) for label in labels):
        read = [
            (v.scores[0], label.value)
            for v, label in zip(verdicts, labels, strict=True)
            if v.scores is not None and isinstance(label, Right)
        ]
        both = len({right for _, right in read}) == 2
        row["auc"] = combined([Part(1.0, [[each] for each in read], _area)]) if both else None
        row["unread"] = fmean(len(v.outcomes) - len(v.judgments) for v in verdicts) / k
    else:
        point = curve(verdicts, labels, (k,))[0]
        row |= {"accuracy": point.accuracy, "strict": point.strict, "ties": point.ties, "unread": point.unread}
    return row


def _area(scored: Sequence[tuple[float, bool]]) -> float:
    """Return the AUC of scores; one half where a resample holds responses of one kind alone."""
    found = auc([score for score, _ in scored], [right for _, right in scored])
    return 0.5 if found is None else found


def gain(judged: Judged, other: Judged, k: int) -> Interval:
    """Return the paired difference in accuracy of two judges on the same cases, with its 95 % interval."""
    labels = [one.label for one in judged.labeled]
    values, others = (earned(each.verdicts, labels, k) for each in (judged, other))
    return paired(values, others)
