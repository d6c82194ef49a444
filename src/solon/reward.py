"""Scores against a label: who was right, and what reinforcement learning gets for it."""

from collections.abc import Sequence

from solon.stats import top
from solon.types import Judgment, Label, Ratings, Right, Unread


def best_responses(label: Label) -> tuple[int, ...]:
    """Return the responses that share the top of the ground truth; more than one is a tie in the label.

    Raises:
        ValueError: the label is of a single response, which is right or wrong but not best.
    """
    if isinstance(label, Right):
        raise ValueError("a 0/1 label has no best response: it is of a single one")
    return top(label.values) if isinstance(label, Ratings) else (label.index,)


def decides(label: Label) -> bool:
    """Tell whether the label prefers any response at all: equal ratings and a lone rating do not."""
    return not isinstance(label, Ratings) or len(top(label.values)) < len(label.values)


def correct(scores: Sequence[float], label: Label) -> bool:
    """Tell whether scores are right by equation 10 of arXiv 2504.02495.

    With two or more responses the best must score strictly above all others (of several that share the top of the
    label, any one may); a tie at the top is wrong. With one response the score must equal its 0/1 label.
    """
    if isinstance(label, Right):
        return scores[0] == float(label.value)
    winners = top(scores)
    return len(winners) == 1 and winners[0] in best_responses(label)


def credit(scores: Sequence[float], label: Label) -> float:
    """Return the chance of being right when a tie at the top is broken at random (section 5 of arXiv 2504.02495)."""
    if isinstance(label, Right):
        return float(correct(scores, label))
    winners, right = top(scores), best_responses(label)
    return sum(winner in right for winner in winners) / len(winners)


def outcome_reward(outcome: Judgment | Unread, label: Label) -> float:
    """Return the rule-based reward of equation 11: 1 if correct, else -1. For a policy in training unread is -1 too."""
    return 1.0 if isinstance(outcome, Judgment) and correct(outcome.scores, label) else -1.0
