"""Judgments, verdicts and cases for the tests of reports, in few words."""

from collections.abc import Sequence

from solon.types import Case, Judgment, Message, Order, Principle, Reason, Spans, Unread, Verdict, content
from solon.vote import vote


def judged(*scores: float, **fields: object) -> Judgment:
    """Make a judgment of these scores, with one principle and a critique."""
    made = {
        "scores": scores,
        "principles": (Principle("truth", 60.0),),
        "critique": "fine",
        "text": "",
        "spans": Spans(),
    }
    return Judgment(**(made | fields))  # type: ignore[arg-type]


def unread(reason: Reason = "no_scores") -> Unread:
    """Make a sample that could not be read."""
    return Unread(reason, "no box", "some text")


def voted(*outcomes: Judgment | Unread, orders: Sequence[Order] = (), n: int = 2) -> Verdict:
    """Let outcomes vote."""
    return vote(outcomes, n, orders=orders or [tuple(range(n))] * len(outcomes))


def case(n: int = 2, name: str = "sky") -> Case:
    """Make a case of n responses."""
    responses = tuple(content(f"answer {i}") for i in range(n))
    return Case(name, (Message("user", content("Why is the sky\nblue?")),), responses, tags={"source": "mine"})
