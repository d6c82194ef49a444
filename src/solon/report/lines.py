"""Verdicts as JSON lines."""

import json

from solon.types import Case, PrinciplesMode, Verdict


def verdict_line(case: Case, verdict: Verdict, mode: PrinciplesMode) -> str:
    """Write a case's verdict as one line of JSON, the same for the same verdict on every machine.

    `unweighed` counts judgments that were read and have no weight; it stands only where judgments were weighed.
    `left_out` has the characters of each response that were not shown; it stands only where a case was trimmed.
    """
    return json.dumps(
        {
            "id": case.id,
            "scores": verdict.scores,
            "best": verdict.best,
            "tied": verdict.tied,
            "asked": len(verdict.outcomes),
            "read": len(verdict.judgments),
            "unread": verdict.unread,
            **({} if verdict.weights is None else {"unweighed": verdict.unweighed}),
            **({"left_out": verdict.left_out} if verdict.left_out else {}),
            "agreement": verdict.agreement,
            "position_consistency": verdict.position_consistency,
            "principles_mode": mode,
            "tags": dict(case.tags),
        },
        ensure_ascii=False,
        default=str,
    )
