"""What a cascade came to: a line for every verdict that says who judged, the figures, and the facts for a table."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from solon.cascade import Cascade, Staged
from solon.report import summary as judged
from solon.report.lines import verdict_line
from solon.report.spending import prefers
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


def summarize(
    cascade: Cascade, found: Sequence[Case | LabeledCase], staged: Sequence[Staged], usage: Usage, left_out: int
) -> dict[str, Any]:
    """Return the figures of a run; those of the cases that the judge was asked about stand below `judge`."""
    sent = [(one, said.verdict) for one, said in zip(found, staged, strict=True) if said.verdict is not None]
    judge = judged.summarize(cascade.model, [one for one, _ in sent], [v for _, v in sent], usage, 0) if sent else None
    tokens = [said.first.tokens for said in staged if isinstance(said.first, First)]
    failed = [said.first for said in staged if isinstance(said.first, Failure)]
    return {
        "cases": len(staged),
        "left_out": left_out,
        "judged_by_scorer": len(staged) - len(sent),
        "judged_by_judge": len(sent),
        "unscored": len(failed),
        "without_verdict": sum(said.scores is None for said in staged),
        "ties": sum(len(said.tied) > 1 for said in staged),
        "scorer_tokens": None if None in tokens else sum(token or 0 for token in tokens),
        **_accuracy(found, staged),
        "first": {"scorer": cascade.scoring.name, "margin": cascade.margin},
        "judge": judge,
        "notes": [*(judge["notes"] if judge else []), *_unscored(failed)],
    }


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


def _accuracy(found: Sequence[Case | LabeledCase], staged: Sequence[Staged]) -> dict[str, Any]:
    """Return the accuracy over the cases whose label prefers one of several responses, where there are any."""
    pairs = [(one.label, said) for one, said in zip(found, staged, strict=True) if isinstance(one, LabeledCase)]
    told = [(label, said) for label, said in pairs if prefers(label)]
    earned = [0.0 if said.scores is None else credit(said.scores, label) for label, said in told]
    return {"labeled": len(earned), "accuracy": bootstrap(earned)._asdict()} if earned else {}


def _unscored(failed: Sequence[Failure]) -> list[str]:
    if not failed:
        return []
    return [f"Could not be scored, so the judge was asked: {len(failed):,} cases, such as: {failed[0].detail}"]
