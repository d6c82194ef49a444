"""Judges of the sandbox side by side: how often they are right, and what the world's rules say of their judgments."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from solon.report.curve import curve, earned
from solon.sandbox.judging import Judged
from solon.sandbox.measures import principled, truths
from solon.stats import Interval, auc, paired
from solon.types import Right, plain


def judge_row(name: str, judged: Judged, k: int) -> dict[str, Any]:
    """Return the figures of one judge at k judgments per case; k = 1 is as it was sampled, greedily for instance.

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
    return row | rules(judged)


def rules(judged: Judged) -> dict[str, float | None]:
    """Return what the world's rules say of judgments: how true the checks are, and what the principles are worth.

    `longer` is the share of verdicts whose best is longer than the mean of the others, by the words' count.
    """
    cases = [one.case for one in judged.labeled]
    checked = [found for pair in zip(cases, judged.verdicts, strict=True) for found in truths(*pair)]
    row: dict[str, float | None] = {"longer": _longer(judged)}
    for kind, hard in (("easy", False), ("hard", True)):
        row[f"{kind} checks true"] = _share([true for criterion, true in checked if criterion.hard == hard])
    return row | {"checks true": _share([true for _, true in checked])} | principled(cases, judged.verdicts)


def gain(judged: Judged, other: Judged, k: int) -> Interval:
    """Return the paired difference in accuracy of two judges on the same cases, with its 95 % interval."""
    labels = [one.label for one in judged.labeled]
    values, others = (earned(each.verdicts, labels, k) for each in (judged, other))
    return paired(values, others)


def _longer(judged: Judged) -> float | None:
    chosen = []
    for one, verdict in zip(judged.labeled, judged.verdicts, strict=True):
        if verdict.best is not None and one.case.n > 1:
            lengths = [len(plain(response).split()) for response in one.case.responses]
            rest = [length for i, length in enumerate(lengths) if i != verdict.best]
            chosen.append(lengths[verdict.best] > fmean(rest))
    return _share(chosen)


def _share(found: Sequence[bool]) -> float | None:
    return fmean(found) if found else None
