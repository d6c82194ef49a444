"""What judgments buy: how good votes are against what they cost, by every way to vote and to end, from one run.

With labels a point is an accuracy, ties sharing the credit; without, the share of cases whose best is that of all
judgments. Costs are judgments, requests and tokens per case; tokens hold a run's mean per sample and per prompt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from solon.calibrating import best, stopped
from solon.report.curve import KS, earned
from solon.report.recorded import Recorded
from solon.reward import credit, decides
from solon.stats import Interval, bootstrap
from solon.stopping import Prior, Stop, looks
from solon.types import Label, Order, Right, Verdict
from solon.vote import chance, half, vote


@dataclass(frozen=True, slots=True)
class Bought:
    """One way to vote: its name, what it costs per case, and how good it is, with a 95 % interval over cases."""

    name: str
    judgments: float
    requests: float
    tokens: float
    score: Interval


def bought(
    run: Recorded,
    labels: Mapping[str, Label] | None = None,
    prior: Prior | None = None,
    delta: float = 0.02,
    others: Mapping[str, Recorded] | None = None,
) -> list[Bought]:
    """Return a point for every way to vote at every k, and one for every rule to end a vote early.

    Args:
        run: the run, with all its samples.
        labels: of its cases, by id; None compares with the vote of all judgments. Cases without one are left out.
        prior: for the confident rule.
        delta: for the anytime-valid rule.
        others: the same run read with other scores, whose votes are compared with the same full vote.
    """
    places = [i for i, case in enumerate(run.cases) if labels is None or _tells(labels.get(case.id))]
    verdicts = [run.verdicts[i] for i in places]
    told = None if labels is None else [labels[run.cases[i].id] for i in places]
    fixed = [point for name, way in _ways(run).items() for point in _fixed(run, name, verdicts, told, way)]
    for name, other in (others or {}).items():
        read = [other.verdicts[i] for i in places]
        fixed += _fixed(other, name, read, told, {"rule": run.form.rule}, verdicts)
    full = run.full()
    return [*fixed, *_ended(run, [full[i] for i in places], verdicts, told, prior, delta)]


def earned_by_way(
    run: Recorded, labels: Mapping[str, Label], k: int, others: Mapping[str, Recorded] | None = None
) -> dict[str, list[float]]:
    """Return what every labeled case earns at k, by way to vote: for choosing one on cases that nothing is measured on.

    Args:
        run: the run, with all its samples.
        labels: of its cases, by id; cases without one, or with one that prefers nothing, are left out.
        k: the number of votes.
        others: the same run read with other scores.
    """
    places = [i for i, case in enumerate(run.cases) if _tells(labels.get(case.id))]
    told = [labels[run.cases[i].id] for i in places]
    found = {name: earned([run.verdicts[i] for i in places], told, k, **way) for name, way in _ways(run).items()}
    for name, other in (others or {}).items():
        found[name] = earned([other.verdicts[i] for i in places], told, k, rule=run.form.rule)
    return found


def draw_bought(points: Sequence[Bought], path: Path, measure: str) -> None:
    """Draw all points over judgments (log scale): a line for each way to vote, a mark for each rule to end one."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.8), dpi=150, layout="constrained")
    for name in dict.fromkeys(point.name.partition("@")[0] for point in points):
        line = [point for point in points if point.name.partition("@")[0] == name]
        means, low, high = ([100 * value for value in part] for part in zip(*(p.score for p in line), strict=True))
        spent = [point.judgments for point in line]
        if len(line) > 1:
            axes.plot(spent, means, "o-", label=name)
            axes.fill_between(spent, low, high, alpha=0.12, linewidth=0)
        else:
            error = [[means[0] - low[0]], [high[0] - means[0]]]
            axes.errorbar(spent, means, yerr=error, fmt="D", capsize=3, label=name)
    axes.set_xscale("log", base=2)
    axes.set(xlabel="judgments per case", ylabel=f"{measure}, percent")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    figure.savefig(path)
    plt.close(figure)


def _tells(label: Label | None) -> bool:
    return label is not None and decides(label) and not isinstance(label, Right)


def _ways(run: Recorded) -> dict[str, dict[str, Any]]:
    ways: dict[str, dict[str, Any]] = {"votes": {"rule": run.form.rule}}
    if run.form.rule == "mean":
        ways["majority"] = {"rule": "majority"}
    if any(verdict.weights is not None for verdict in run.verdicts):
        ways["meta, best half"] = {"rule": run.form.rule, "keep": half}
        ways["meta, all softly"] = {"rule": run.form.rule, "soft": chance}
    return ways


def _fixed(
    run: Recorded,
    name: str,
    verdicts: Sequence[Verdict],
    labels: Sequence[Label] | None,
    way: Mapping[str, Any],
    against: Sequence[Verdict] | None = None,
) -> list[Bought]:
    """Return a point per number of votes; without labels they are to agree with all votes, or those of `against`."""
    found = []
    for k in (*(k for k in KS if k < run.k), run.k):
        if labels is not None:
            scores = earned(verdicts, labels, k, **way)
        else:
            pairs = zip(verdicts, against or verdicts, strict=True)
            scores = [float(_tied(v, k, way) == _tied(full, run.k, way)) for v, full in pairs]
        found.append(_point(run, f"{name}@{k}", [(k,)] * len(verdicts), verdicts, scores))
    return found


def _tied(verdict: Verdict, k: int, way: Mapping[str, Any]) -> tuple[int, ...]:
    """Return who shares the top after the first k judgments."""
    weights, keep, soft = None, way.get("keep"), way.get("soft")
    if verdict.weights is not None and (keep or soft):
        weights = [w if w is None or soft is None else soft(w) for w in verdict.weights[:k]]
    n = len(verdict.orders[0])
    return vote(verdict.outcomes[:k], n, rule=way["rule"], weights=weights, keep=keep and keep(k)).tied


def _ended(
    run: Recorded,
    votes: Sequence[Sequence[Sequence[float]]],
    verdicts: Sequence[Verdict],
    labels: Sequence[Label] | None,
    prior: Prior | None,
    delta: float,
) -> list[Bought]:
    """Return a point for every rule to end a vote early; none where the form's scores have no bounds."""
    reach, rules, found = run.form.reach, ("lossless", "confident", "anytime"), []
    for rule in rules if reach is not None else ():
        stop: Stop = rule  # type: ignore[assignment]
        used = [stopped(vote, reach or 0.0, stop, prior, delta) for vote in votes]
        if labels is None:
            scores = [float(best(vote[:k]) == best(vote)) for vote, k in zip(votes, used, strict=True)]
        else:
            scores = [_credit(v, k, run, label) for v, k, label in zip(verdicts, used, labels, strict=True)]
        seen = [[look for look in looks(stop, run.k) if look <= k] for k in used]
        found.append(_point(run, f"votes, {rule}", seen, verdicts, scores))
    return found


def _credit(verdict: Verdict, k: int, run: Recorded, label: Label) -> float:
    scores = vote(verdict.outcomes[:k], len(verdict.orders[0]), rule=run.form.rule).scores
    return 0.0 if scores is None else credit(scores, label)


def _point(
    run: Recorded, name: str, looks: Sequence[Sequence[int]], verdicts: Sequence[Verdict], scores: Sequence[float]
) -> Bought:
    usage = run.usage
    requests = fmean(_requests(verdict.orders, each) for verdict, each in zip(verdicts, looks, strict=True))
    judgments = fmean(each[-1] for each in looks)
    tokens = judgments * usage.completion_tokens / usage.samples + requests * usage.prompt_tokens / max(1, usage.calls)
    return Bought(name, judgments, requests, tokens, bootstrap(scores))


def _requests(orders: Sequence[Order], looks: Sequence[int]) -> int:
    """Count the requests of a case: one for every order that has new samples until a look."""
    return sum(len(set(orders[start:end])) for start, end in pairwise((0, *looks)))
