"""What a run came to: the figures for a file, and the same as facts for a table."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from solon.judge import Judge
from solon.report.curve import earns
from solon.report.tables import percent
from solon.stats import Interval, bootstrap
from solon.store import Usage
from solon.types import Case, Label, LabeledCase, Right, Unread, Verdict
from solon.vote import repeats

_AGAIN = "Calls failed: the same command with --out asks for them again."
_LATE = "Cases met their deadline: the same command with --out asks for the samples that they lack."
_GO_ON = "The budget was spent before all cases were decided: the same command with --out goes on."
_TRIM = "Cases were too long for the model: with --too-long trim they are judged, responses cut in the middle."
_WEIGH_AGAIN = "Judgments were not weighed: the same command with --out asks for their weights again."


class Mean:
    """A mean of numbers that come one by one, in any order: their sum is exact."""

    def __init__(self) -> None:
        self._sum, self._count = Fraction(), 0

    def add(self, value: float | None) -> None:
        """Count a number; None is none."""
        if value is not None:
            self._sum, self._count = self._sum + Fraction(value), self._count + 1

    @property
    def value(self) -> float | None:
        """The mean, None of no numbers."""
        return float(self._sum) / self._count if self._count else None


class Earned:
    """What cases earned, which comes in any order and is read in that of their places, since intervals depend on it."""

    def __init__(self) -> None:
        self._places, self._values = array("q"), array("d")

    def add(self, place: int, value: float) -> None:
        """Keep what the case at a place earned."""
        self._places.append(place)
        self._values.append(value)

    @property
    def values(self) -> list[float]:
        """What was earned, in the order of places."""
        return [value for _, value in sorted(zip(self._places, self._values, strict=True))]


class Summary:
    """The figures of a run, counted verdict by verdict in any order.

    Accuracies are over the cases whose label prefers something, as in `curve`; without any they are left out.
    """

    def __init__(self, model: Judge) -> None:
        self._model = model
        self._counts: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self._examples: dict[str, tuple[int, str]] = {}
        self._agreement, self._consistency, self._mass = Mean(), Mean(), Mean()
        self._shared, self._strict = Earned(), Earned()

    def add(self, place: int, found: Case | LabeledCase, verdict: Verdict) -> None:
        """Count the verdict on the case at a place."""
        said, possible = repeats([verdict])
        unread = [outcome for outcome in verdict.outcomes if isinstance(outcome, Unread)]
        late = any(outcome.reason == "deadline" for outcome in unread)
        self._counts.update(
            cases=1,
            unfinished=not late and not self._model.ending.decided(verdict.outcomes, verdict.weights),
            deadline=late,
            without_verdict=verdict.scores is None,
            ties=len(verdict.tied) > 1,
            asked=len(verdict.outcomes),
            read=len(verdict.judgments),
            ended_early=len(verdict.outcomes) < self._model.config.k,
            trimmed=any(verdict.left_out),
            unweighed=verdict.unweighed,
            repeated=said,
            repeatable=possible,
        )
        self._unread.update(outcome.reason for outcome in unread)
        for outcome in reversed(unread):
            first, _ = self._examples.get(outcome.reason, (place, ""))
            if place <= first:
                self._examples[outcome.reason] = place, outcome.detail
        self._agreement.add(verdict.agreement)
        self._consistency.add(verdict.position_consistency)
        for judgment in verdict.judgments:
            self._mass.add(judgment.mass)
        if isinstance(found, LabeledCase) and verdict.outcomes and _comparable(self._model, found.label):
            for kept, value in zip((self._shared, self._strict), earns(verdict, found.label) or (), strict=False):
                kept.add(place, value)

    def figures(self, usage: Usage, left_out: int) -> dict[str, Any]:
        """Return the figures of a run over a file in which `left_out` further lines could not be judged."""
        counts, keep = self._counts, self._model.keep
        asked, read = counts["asked"], counts["read"]
        return {
            "cases": counts["cases"],
            "left_out": left_out,
            **({"unfinished": counts["unfinished"]} if counts["unfinished"] else {}),
            **({"deadline": counts["deadline"]} if counts["deadline"] else {}),
            "without_verdict": counts["without_verdict"],
            "ties": counts["ties"],
            "asked": asked,
            **self._ended(),
            **({} if self._mass.value is None else {"expected_mass": self._mass.value}),
            "read": read,
            "unread": dict(sorted(self._unread.items())),
            "unread_examples": {reason: detail for reason, (_, detail) in sorted(self._examples.items())},
            "unread_share": 1 - read / asked if asked else 0.0,
            **({"trimmed": counts["trimmed"]} if counts["trimmed"] else {}),
            **({} if keep is None else {"unweighed": counts["unweighed"]}),
            "agreement": self._agreement.value,
            "position_consistency": self._consistency.value,
            "repeated_texts": counts["repeated"],
            **self._accuracy(),
            "usage": asdict(usage),
            "notes": self._notes(),
            "config": self._model.identity() | self._model.ending.facts(),
        }

    def _accuracy(self) -> dict[str, Any]:
        shared, strict = self._shared.values, self._strict.values
        if not shared:
            return {}
        accuracy, strictly = bootstrap(shared)._asdict(), bootstrap(strict)._asdict()
        return {"labeled": len(shared), "accuracy": accuracy, "strict_accuracy": strictly}

    def _ended(self) -> dict[str, Any]:
        """Tell how many votes ended before k, and how many judgments that left a case, where votes may end early."""
        if self._model.config.stop == "never":
            return {}
        used = self._counts["asked"] / self._counts["cases"]
        return {"ended_early": self._counts["ended_early"], "judgments_per_case": used}

    def _notes(self) -> list[str]:
        counts = self._counts
        later = {
            _AGAIN: self._unread["failed_call"],
            _LATE: counts["deadline"],
            _WEIGH_AGAIN: counts["unweighed"],
            _GO_ON: counts["unfinished"],
            _TRIM: self._unread["too_long"] and self._model.config.too_long == "unread",
        }
        said = self._model.noted(counts["repeated"], counts["repeatable"], counts["unweighed"])
        return said + [note for note, due in later.items() if due]


def summarize(
    model: Judge, found: Sequence[Case | LabeledCase], verdicts: Sequence[Verdict], usage: Usage, left_out: int
) -> dict[str, Any]:
    """Return the figures of a run over `found`, of a file in which `left_out` further lines could not be judged."""
    summary = Summary(model)
    for place, (one, verdict) in enumerate(zip(found, verdicts, strict=True)):
        summary.add(place, one, verdict)
    return summary.figures(usage, left_out)


def facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """Tell a summary's figures to a person."""
    left_out = f" ({summary['left_out']} could not be)" if summary["left_out"] else ""
    told = {
        "cases judged": f"{summary['cases']:,}{left_out}",
        **({"not decided, budget spent": f"{summary['unfinished']:,}"} if "unfinished" in summary else {}),
        **({"cut off at the deadline": f"{summary['deadline']:,}"} if "deadline" in summary else {}),
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


def _comparable(model: Judge, label: Label) -> bool:
    """Tell whether scores and label speak alike: 0 or 1 is what forms of a single response answer."""
    return not isinstance(label, Right) or model.form.responses == range(1, 2)


def _told(interval: Mapping[str, float]) -> str:
    return percent(Interval(**interval)) + " %"
