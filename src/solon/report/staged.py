"""What a cascade came to: a line for every verdict that says who judged, the figures, and the facts for a table."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from solon.cascade import Cascade, Staged
from solon.report import summary as judged
from solon.report.lines import verdict_line
from solon.report.spending import prefers
from solon.report.summary import Earned, Summary
from solon.report.tables import percent
from solon.reward import credit
from solon.samplers.seam import Failure
from solon.stats import Interval, bootstrap
from solon.store import Usage
from solon.types import Case, First, LabeledCase, PrinciplesMode
from solon.vote import vote


def staged_line(case: Case, staged: Staged, mode: PrinciplesMode) -> str:
    """Write what a cascade says of a case as one line of JSON: a verdict's line, who judged, and what came first.

    Where the scorer judged, `scores` is null and the judge was asked nothing: its numbers, of another unit, stand in
    `first` alone, with their margin. `first` is null where it could not score the case.
    """
    verdict = staged.verdict or vote([], case.n)
    line = json.loads(verdict_line(case, verdict, mode))
    first = staged.first if isinstance(staged.first, First) else None
    own: dict[str, object] = {"best": staged.best, "tied": staged.tied, "judged_by": staged.judged_by}
    own["first"] = first and {"scores": first.scores, "margin": first.margin}
    return json.dumps(line | own, ensure_ascii=False)


class StagedSummary:
    """The figures of a cascade's run, counted case by case in any order.

    Those of the cases that the judge was asked about stand below `judge`, which is None where it was asked about none.
    """

    def __init__(self, cascade: Cascade) -> None:
        self._first = {"scorer": cascade.scoring.name, "margin": cascade.margin}
        self._judge = Summary(cascade.model)
        self._counts: Counter[str] = Counter()
        self._tokens: int | None = 0
        self._failed: tuple[int, str] | None = None
        self._earned = Earned()

    def add(self, place: int, found: Case | LabeledCase, staged: Staged) -> None:
        """Count what is said of the case at a place."""
        self._counts.update(
            cases=1, judge=staged.verdict is not None, none=staged.scores is None, ties=len(staged.tied) > 1
        )
        if staged.verdict is not None:
            self._judge.add(place, found, staged.verdict)
        if isinstance(staged.first, Failure):
            self._counts["unscored"] += 1
            self._failed = min(self._failed or (place + 1, ""), (place, staged.first.detail))
        elif self._tokens is not None:
            self._tokens = None if staged.first.tokens is None else self._tokens + staged.first.tokens
        asked = staged.verdict is None or staged.verdict.outcomes  # a spent budget leaves cases out
        if asked and isinstance(found, LabeledCase) and prefers(found.label):
            self._earned.add(place, 0.0 if staged.scores is None else credit(staged.scores, found.label))

    def figures(self, usage: Usage, left_out: int) -> dict[str, Any]:
        """Return the figures of a run over a file in which `left_out` further lines could not be judged."""
        counts, earned = self._counts, self._earned.values
        judge = self._judge.figures(usage, 0) if counts["judge"] else None
        return {
            "cases": counts["cases"],
            "left_out": left_out,
            "judged_by_scorer": counts["cases"] - counts["judge"],
            "judged_by_judge": counts["judge"],
            "unscored": counts["unscored"],
            "without_verdict": counts["none"],
            "ties": counts["ties"],
            "scorer_tokens": self._tokens,
            **({"labeled": len(earned), "accuracy": bootstrap(earned)._asdict()} if earned else {}),
            "first": self._first,
            "judge": judge,
            "notes": [*(judge["notes"] if judge else []), *self._unscored()],
        }

    def _unscored(self) -> list[str]:
        if self._failed is None:
            return []
        told = f"{self._counts['unscored']:,} cases, such as: {self._failed[1]}"
        return [f"Could not be scored, so the judge was asked: {told}"]


def facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """Tell a summary's figures to a person."""
    left_out = f" ({summary['left_out']} could not be)" if summary["left_out"] else ""
    told = {
        "cases judged": f"{summary['cases']:,}{left_out}",
        "by the scorer": f"{summary['judged_by_scorer']:,}",
        "by the judge": f"{summary['judged_by_judge']:,}",
        "without a verdict": f"{summary['without_verdict']:,}",
        "ties": f"{summary['ties']:,}",
    }
    if summary["scorer_tokens"] is not None:
        told["tokens that the scorer read"] = f"{summary['scorer_tokens']:,}"
    if "accuracy" in summary:
        interval = percent(Interval(**summary["accuracy"]))
        told[f"accuracy on {summary['labeled']:,} labeled, ties share"] = f"{interval} %"
    below = judged.facts(summary["judge"]) if summary["judge"] else {}
    return told | {f"judge: {name}": value for name, value in below.items()}
