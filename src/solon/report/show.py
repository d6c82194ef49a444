"""One case for a person to read: what every sample saw, wrote and scored, and how the sums grew."""

from collections.abc import Iterable, Sequence

from solon.types import Case, Content, Judgment, Principle, Text, Unread, Verdict
from solon.vote import counted


def show(case: Case, verdict: Verdict, weights: Sequence[float | None] | None = None, keep: int | None = None) -> str:
    """Lay out a case and all its samples as plain text.

    Args:
        case: the case.
        verdict: its verdict, with the orders that its samples saw.
        weights: the meta logit of every sample, if they were weighed, None for one that could not be; `keep` voted.
        keep: how many judgments voted, as in `vote`.
    """
    voted = dict(counted(verdict.outcomes, weights, keep))
    sums = [0.0] * case.n
    lines = [f"case {case.id}", *_texts(case)]
    for i, (outcome, order) in enumerate(zip(verdict.outcomes, verdict.orders, strict=True)):
        meta = _meta(weights, i, i in voted) if isinstance(outcome, Judgment) else ""
        lines += ["", f"sample {i + 1}   shown {_numbers(place + 1 for place in order)}{meta}"]
        if isinstance(outcome, Unread):
            lines += [
                f"  unread ({outcome.reason}): {outcome.detail}",
                f"  text        {_one_line(outcome.text) or '-'}",
            ]
            continue
        if i in voted:
            sums = [total + voted[i] * score for total, score in zip(sums, outcome.scores, strict=True)]
        lines += [*_judgment(outcome, order), f"  sums        {_numbers(sums)}"]
    return "\n".join([*lines, "", _closing(verdict)])


def _texts(case: Case) -> list[str]:
    turns = [f"  {turn.role}: {_said(turn.content)}" for turn in case.prompt]
    return turns + [f"  [{i}] {_said(parts)}" for i, parts in enumerate(case.responses, 1)]


def _said(parts: Content) -> str:
    return _one_line("".join(part.text if isinstance(part, Text) else " (an image) " for part in parts))


def _judgment(judgment: Judgment, order: Sequence[int]) -> list[str]:
    shown = [judgment.scores[index] for index in order]
    return [
        *_left_out(judgment),
        f"  principles  {'; '.join(map(_principle, judgment.principles)) or '-'}   mode {judgment.principles_mode}",
        f"  critique    {_one_line(judgment.critique) or '-'}",
        f"  box         {_box(judgment) or _numbers(shown)}   scores {_numbers(judgment.scores)}",
    ]


def _left_out(judgment: Judgment) -> list[str]:
    said = [f"{left:,} characters of [{i}]" for i, left in enumerate(judgment.left_out, 1) if left]
    return [f"  not shown   {', '.join(said)}"] if said else []


def _box(judgment: Judgment) -> str:
    span = judgment.spans.scores
    return "" if span is None else _one_line(judgment.text[slice(*span)])


def _principle(principle: Principle) -> str:
    return principle.text if principle.weight is None else f"{principle.text} ({principle.weight:g})"


def _meta(weights: Sequence[float | None] | None, i: int, voted: bool) -> str:
    if weights is None:
        return ""
    if (weight := weights[i]) is None:
        return "   meta unknown, dropped"
    return f"   meta {weight:+.2f} {'kept' if voted else 'dropped'}"


def _closing(verdict: Verdict) -> str:
    if verdict.scores is None:
        done = "weighed" if verdict.judgments else "read"
        return f"no verdict: none of the samples could be {done}"
    best = (
        f"best [{verdict.best + 1}]" if verdict.best is not None else f"tie of {_numbers(i + 1 for i in verdict.tied)}"
    )
    return f"verdict     {_numbers(round(score, 2) for score in verdict.scores)}   {best}"


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _one_line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 400 else flat[:397] + "..."
