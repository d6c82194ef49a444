"""Judges of the sandbox side by side: how often they are right, and what the world's rules say of their judgments."""

from statistics import fmean
from typing import Any

from solon.report.curve import curve, earned
from solon.sandbox.judging import Judged
from solon.sandbox.measures import rules
from solon.stats import Interval, auc, paired
from solon.types import Right


def judge_row(name: str, judged: Judged, k: int) -> dict[str, Any]:
    """Return a judge's accuracy at k judgments per case, and what the world's rules say of its judgments."""
    return accuracy_row(name, judged, k) | rules(judged.labeled, judged.verdicts).means()


def accuracy_row(name: str, judged: Judged, k: int) -> dict[str, Any]:
    """Return how often a judge is right at k judgments per case; k = 1 is as it was sampled, greedily for instance.

    Cases of a single response have an `auc` of the mean score in place of accuracies.
    """
    labels, verdicts = [one.label for one in judged.labeled], judged.verdicts
    row: dict[str, Any] = {"judge": name, "k": k, "cases": len(labels)}
    if all(isinstance(label, Right) for label in labels):
        read = [(v.scores[0], label) for v, label in zip(verdicts, labels, strict=True) if v.scores is not None]
        row["auc"] = auc([score for score, _ in read], [isinstance(label, Right) and label.value for _, label in read])
        row["unread"] = fmean(len(v.outcomes) - len(v.judgments) for v in verdicts) / k
    else:
        point = curve(verdicts, labels, (k,))[0]
        row |= {"accuracy": point.accuracy, "strict": point.strict, "ties": point.ties, "unread": point.unread}
    return row


def gain(judged: Judged, other: Judged, k: int) -> Interval:
    """Return the paired difference in accuracy of two judges on the same cases, with its 95 % interval."""
    labels = [one.label for one in judged.labeled]
    values, others = (earned(each.verdicts, labels, k) for each in (judged, other))
    return paired(values, others)
