"""What a judge came to on the study's cases, case by case, so that any two judges can be compared later."""

from collections.abc import Sequence
from typing import Any

from solon.report.curve import earned, shape
from solon.reward import correct, decides
from solon.sandbox.judging import Judged
from solon.sandbox.measures import rules
from solon.training.meta import Lesson, measured
from solon.types import Judgment, Label, LabeledCase, Right, Verdict
from solon.vote import chance, half, vote


def arm_row(greedy: Judged, votes: Judged, ks: Sequence[int]) -> dict[str, Any]:
    """Return what every case earned greedily and by votes, by measure and by k; in `rules` what the world's rules say.

    `earned` holds a list over cases per measure: accuracies with ties shared, and strict ones. Where the votes are
    weighed, `meta` are votes of the best half by weight, `meta quarter` and `meta one` of fewer, and `soft` of all, by
    the probability that the weight stands for; `weighed` are those that count as much as their weight itself says.
    """
    labeled = votes.labeled
    row = scored_row(labeled, greedy.verdicts, votes.verdicts, ks)
    row["tokens"] = {"greedy": greedy.tokens, "votes": votes.tokens}
    ways = {"greedy": greedy, "votes": votes}
    row["rules"] = {way: rules(labeled, one.verdicts).means() for way, one in ways.items()}
    return row


def scored_row(
    labeled: Sequence[LabeledCase], greedy: Sequence[Verdict], votes: Sequence[Verdict] = (), ks: Sequence[int] = ()
) -> dict[str, Any]:
    """Return what every case earned by verdicts of any kind; without votes only the first verdicts count."""
    labels = [one.label for one in labeled]
    measures: dict[str, Any] = {
        "greedy": earned(greedy, labels, 1),
        "greedy strict": earned(greedy, labels, 1, strict=True),
    }
    kinds = [str(one.case.tags["kind"]) for one in labeled if decides(one.label)]
    row = {"cases": len(kinds), "kinds": kinds, "earned": measures}
    if votes:
        measures |= _votes(votes, labels, ks)
        shapes = {str(k): shape(votes, labels, k) for k in ks}
        row |= {"ties": {k: ties for k, (ties, _) in shapes.items()}}
        row |= {"distinct": {k: values for k, (_, values) in shapes.items()}}
    return row | {"unread": {"greedy": _unread(greedy), "votes": _unread(votes)}}


def _votes(votes: Sequence[Verdict], labels: Sequence[Label], ks: Sequence[int]) -> dict[str, Any]:
    ways: dict[str, dict[str, Any]] = {"votes": {}, "votes strict": {"strict": True}}
    if all(verdict.weights is not None for verdict in votes):
        ways |= {
            "meta": {"keep": half},
            "meta quarter": {"keep": lambda k: -(-k // 4)},
            "meta one": {"keep": lambda k: 1},
            "soft": {"soft": chance},
        }
    return {name: {str(k): earned(votes, labels, k, **way) for k in ks} for name, way in ways.items()}


def sure_row(votes: Judged, ks: Sequence[int]) -> dict[str, Any]:
    """Return what votes earn that count by their own weights, which are probabilities.

    Raises:
        ValueError: a verdict has no weights; its votes would count alike and pass for weighed ones.
    """
    if any(verdict.weights is None for verdict in votes.verdicts):
        raise ValueError("every verdict needs the weights by which its judgments count")
    labels = [one.label for one in votes.labeled]
    return {"sure": {str(k): earned(votes.verdicts, labels, k, soft=float) for k in ks}}


def weights_row(votes: Judged) -> dict[str, Any]:
    """Return how well the weights of votes tell right judgments from wrong ones, over all and within cases."""
    found = [
        (weight, one.case.id, correct(outcome.scores, one.label))
        for one, verdict in zip(votes.labeled, votes.verdicts, strict=True)
        for outcome, weight in zip(verdict.outcomes, verdict.weights or (), strict=True)
        if isinstance(outcome, Judgment) and weight is not None
    ]
    told = [Lesson(case_id, (), right) for _, case_id, right in found]
    return {"weights": measured([weight for weight, _, _ in found], told)}


def rated_row(greedy: Judged, votes: Judged, ks: Sequence[int]) -> dict[str, Any]:
    """Return the mean scores of single responses, greedily and by votes, with their labels; unread ones are None."""
    labels = [isinstance(one.label, Right) and one.label.value for one in votes.labeled]
    rated = {str(k): [_score(verdict, k) for verdict in votes.verdicts] for k in ks}
    return {
        "cases": len(labels),
        "labels": labels,
        "rated": {"greedy": [_score(verdict, 1) for verdict in greedy.verdicts], "votes": rated},
        "unread": {"greedy": _unread(greedy.verdicts), "votes": _unread(votes.verdicts)},
        "tokens": {"greedy": greedy.tokens, "votes": votes.tokens},
    }


def _score(verdict: Verdict, k: int) -> float | None:
    scores = vote(verdict.outcomes[:k], 1).scores
    return None if scores is None else scores[0]


def _unread(verdicts: Sequence[Verdict]) -> float:
    asked = sum(len(verdict.outcomes) for verdict in verdicts)
    return (asked - sum(len(verdict.judgments) for verdict in verdicts)) / max(1, asked)
