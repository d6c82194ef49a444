"""What a run came to: the figures for a file, and the same as facts for a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from solon.judge import Judge
from solon.report.curve import accuracies
from solon.report.tables import percent
from solon.reward import decides
from solon.stats import Interval
from solon.store import Usage
from solon.types import Case, Label, LabeledCase, Right, Unread, Verdict
from solon.vote import repeats

_AGAIN = "Calls failed: the same command with --out asks for them again."
_GO_ON = "The budget was spent before all cases were decided: the same command with --out goes on."
_TRIM = "Cases were too long for the model: with --too-long trim they are judged, responses cut in the middle."
_WEIGH_AGAIN = "Judgments were not weighed: the same command with --out asks for their weights again."


def summarize(
    model: Judge, found: Sequence[Case | LabeledCase], verdicts: Sequence[Verdict], usage: Usage, left_out: int
) -> dict[str, Any]:
    """Return the figures of a run over `found`, of a file in which `left_out` further lines could not be judged.

    Accuracies are over the cases whose label prefers something, as in `curve`; without any they are left out.
    """
    asked, read = sum(len(v.outcomes) for v in verdicts), sum(len(v.judgments) for v in verdicts)
    unread = [outcome for v in verdicts for outcome in v.outcomes if isinstance(outcome, Unread)]
    unweighed = sum(verdict.unweighed for verdict in verdicts)
    unfinished = sum(not model.ending.decided(v.outcomes, v.weights) for v in verdicts)
    reasons = {one.reason for one in unread}
    could_trim = "too_long" in reasons and model.config.too_long == "unread"
    later = {_AGAIN: "failed_call" in reasons, _WEIGH_AGAIN: unweighed, _GO_ON: unfinished, _TRIM: could_trim}
    return {
        "cases": len(verdicts),
        "left_out": left_out,
        **({"unfinished": unfinished} if unfinished else {}),
        "without_verdict": sum(verdict.scores is None for verdict in verdicts),
        "ties": sum(len(verdict.tied) > 1 for verdict in verdicts),
        "asked": asked,
        **_ended(model, verdicts),
        **_mass(verdicts),
        "read": read,
        "unread": dict(sorted(Counter(outcome.reason for outcome in unread).items())),
        "unread_examples": {outcome.reason: outcome.detail for outcome in reversed(unread)},
        "unread_share": 1 - read / asked if asked else 0.0,
        **_trimmed(verdicts),
        **({} if model.keep is None else {"unweighed": unweighed}),
        "agreement": _mean([verdict.agreement for verdict in verdicts]),
        "position_consistency": _mean([verdict.position_consistency for verdict in verdicts]),
        "repeated_texts": repeats(verdicts)[0],
        **_accuracy(model, found, verdicts),
        "usage": asdict(usage),
        "notes": model.notes(verdicts) + [note for note, due in later.items() if due],
        "config": model.identity() | model.ending.facts(),
    }


def facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """Tell a summary's figures to a person."""
    left_out = f" ({summary['left_out']} could not be)" if summary["left_out"] else ""
    told = {
        "cases judged": f"{summary['cases']:,}{left_out}",
        **({"not decided, budget spent": f"{summary['unfinished']:,}"} if "unfinished" in summary else {}),
        "without a verdict": f"{summary['without_verdict']:,}",
        "ties": f"{summary['ties']:,}",
        "samples read": f"{summary['read']:,} of {summary['asked']:,}",
    }
    told |= _unlike(summary)
    for reason, count in summary["unread"].items():
        told[f"unread: {reason}"] = f"{count:,}, such as: {summary['unread_examples'][reason][:200]}"
    if "unweighed" in summary:
        told["judgments weighed"] = f"{summary['read'] - summary['unweighed']:,} of {summary['read']:,}"
    for key in ("agreement", "position_consistency"):
        if summary[key] is not None:
            told[key.replace("_", " ")] = f"{100 * summary[key]:.1f} %"
    if "labeled" in summary:
        told[f"accuracy on {summary['labeled']:,} labeled, ties share"] = _told(summary["accuracy"])
        told[f"accuracy on {summary['labeled']:,} labeled, a tie is wrong"] = _told(summary["strict_accuracy"])
    usage = summary["usage"]
    apart = f", {usage['principles_tokens']:,} of principles" if summary["config"]["principles"] == "query" else ""
    return told | {
        "calls": f"{usage['calls']:,}",
        "tokens": f"{usage['prompt_tokens']:,} of prompts, {usage['completion_tokens']:,} of judgments{apart}",
    }


def _unlike(summary: Mapping[str, Any]) -> dict[str, str]:
    """Tell in what judgments were unlike k different ones of whole cases with boxed scores, where they were."""
    told = {}
    if summary["repeated_texts"]:
        told["samples that repeat another one's text"] = f"{summary['repeated_texts']:,} of {summary['asked']:,}"
    if "ended_early" in summary:
        told["votes ended early"] = (
            f"{summary['ended_early']:,}, judgments per case {summary['judgments_per_case']:.1f}"
        )
    if "expected_mass" in summary:
        told["probability behind expected scores"] = f"{100 * summary['expected_mass']:.1f} %"
    if "trimmed" in summary:
        told["judged with a part not shown"] = (
            f"{summary['trimmed']:,}, too long for the model (left_out in the verdicts)"
        )
    return told


def _accuracy(model: Judge, found: Sequence[Case | LabeledCase], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    labeled = [
        (verdict, one.label)
        for one, verdict in zip(found, verdicts, strict=True)
        if isinstance(one, LabeledCase) and verdict.outcomes and _comparable(model, one.label)
    ]
    of, labels = [verdict for verdict, _ in labeled], [label for _, label in labeled]
    measured = accuracies(of, labels)
    if measured is None:
        return {}
    shared, strict = measured
    return {"labeled": sum(map(decides, labels)), "accuracy": shared._asdict(), "strict_accuracy": strict._asdict()}


def _ended(model: Judge, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Tell how many votes ended before k, and how many judgments that left a case, where votes may end early."""
    if model.config.stop == "never":
        return {}
    used = [len(verdict.outcomes) for verdict in verdicts]
    return {"ended_early": sum(k < model.config.k for k in used), "judgments_per_case": fmean(used)}


def _trimmed(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Count the cases of which a part was not shown, where there are any."""
    trimmed = sum(any(verdict.left_out) for verdict in verdicts)
    return {"trimmed": trimmed} if trimmed else {}


def _mass(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Tell how much probability stands behind scores that are expectations, where they are."""
    found = [judgment.mass for v in verdicts for judgment in v.judgments if judgment.mass is not None]
    return {"expected_mass": fmean(found)} if found else {}


def _comparable(model: Judge, label: Label) -> bool:
    """Tell whether scores and label speak alike: 0 or 1 is what forms of a single response answer."""
    return not isinstance(label, Right) or model.form.responses == range(1, 2)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _told(interval: Mapping[str, float]) -> str:
    return percent(Interval(**interval)) + " %"
