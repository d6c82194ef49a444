"""What judgments buy: how good votes are against what they cost, by every way to vote and to end, from one run.

With labels a point is an accuracy, ties sharing the credit; without, the share of cases whose best is that of all
judgments. Costs are judgments, requests and tokens per case; tokens hold a run's mean per sample and per prompt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from solon.calibrating import Full, best, stopped
from solon.report.curve import KS, earned
from solon.report.recorded import Recorded
from solon.reward import credit, decides
from solon.stats import Interval, bootstrap, paired
from solon.stopping import Prior, Stop, looks
from solon.types import Label, Order, Right, Verdict
from solon.vote import TRUSTS, chance, half, vote


@dataclass(frozen=True, slots=True)
class Bought:
    """One way to vote: its name, what it costs per case, how good it is, and its paired difference to all votes.

    Where votes end early, `over_fixed` is the difference to as many votes of every case. Intervals are 95 % over cases.
    """

    name: str
    judgments: float
    requests: float
    tokens: float
    score: Interval
    over_all: Interval
    over_fixed: Interval | None = None


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
    places = [i for i, case in enumerate(run.cases) if labels is None or prefers(labels.get(case.id))]
    told = None if labels is None else [labels[run.cases[i].id] for i in places]
    ledger = _Ledger(run, [run.verdicts[i] for i in places], told)
    fixed = [point for name, way in _ways(run).items() for point in ledger.fixed(name, way)]
    for name, other in (others or {}).items():
        read = [other.verdicts[i] for i in places]
        fixed += ledger.fixed(name, {"rule": run.form.rule}, read)
    full = run.full()
    return [*fixed, *ledger.ended([full[i] for i in places], prior, delta)]


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
    places = [i for i, case in enumerate(run.cases) if prefers(labels.get(case.id))]
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


def prefers(label: Label | None) -> bool:
    """Tell whether a label prefers one of several responses."""
    return label is not None and decides(label) and not isinstance(label, Right)


def _ways(run: Recorded) -> dict[str, dict[str, Any]]:
    ways: dict[str, dict[str, Any]] = {"votes": {"rule": run.form.rule}}
    if run.form.rule == "mean":
        ways["majority"] = {"rule": "majority"}
    if any(verdict.weights is not None for verdict in run.verdicts):
        ways["meta, best half"] = {"rule": run.form.rule, "keep": half}
        for trust in TRUSTS:
            ways[f"meta, softly {trust:g}"] = {"rule": run.form.rule, "soft": partial(chance, trust=trust)}
    return ways


def _tied(verdict: Verdict, k: int, way: Mapping[str, Any]) -> tuple[int, ...]:
    """Return who shares the top after the first k judgments."""
    weights, keep, soft = None, way.get("keep"), way.get("soft")
    if verdict.weights is not None and (keep or soft):
        weights = [w if w is None or soft is None else soft(w) for w in verdict.weights[:k]]
    n = len(verdict.orders[0])
    return vote(verdict.outcomes[:k], n, rule=way["rule"], weights=weights, keep=keep and keep(k)).tied


@dataclass(frozen=True)
class _Ledger:
    """The cases of a run that count, with their labels; without any, votes are to agree with all votes."""

    run: Recorded
    verdicts: Sequence[Verdict]
    labels: Sequence[Label] | None

    @cached_property
    def all(self) -> list[float]:
        """What all votes come to."""
        return self.scores(self.verdicts, self.run.k, {"rule": self.run.form.rule})

    def scores(self, verdicts: Sequence[Verdict], k: int, way: Mapping[str, Any]) -> list[float]:
        """Return how good k votes of every case are."""
        if self.labels is not None:
            return earned(verdicts, self.labels, k, **way)
        plain = {"rule": way["rule"]} if verdicts is not self.verdicts else way
        pairs = zip(verdicts, self.verdicts, strict=True)
        return [float(_tied(v, k, way) == _tied(full, self.run.k, plain)) for v, full in pairs]

    def fixed(self, name: str, way: Mapping[str, Any], verdicts: Sequence[Verdict] | None = None) -> list[Bought]:
        """Return a point for every number of votes."""
        read = verdicts or self.verdicts
        ks = (*(k for k in KS if k < self.run.k), self.run.k)
        return [self.point(f"{name}@{k}", [(k,)] * len(read), self.scores(read, k, way)) for k in ks]

    def ended(self, votes: Sequence[Full], prior: Prior | None, delta: float) -> list[Bought]:
        """Return a point for every rule to end a vote early, and one for as many votes of every case.

        There is none where the form's scores have no bounds.
        """
        reach, found = self.run.form.reach, []
        rules: tuple[Stop, ...] = () if reach is None else ("lossless", "confident", "anytime")
        for rule in rules:
            used = [stopped(vote, reach or 0.0, rule, prior, delta) for vote in votes]
            seen = [[look for look in looks(rule, self.run.k) if look <= k] for k in used]
            alike, earned = round(fmean(used)), self._prefixes(votes, used)
            same = self._prefixes(votes, [alike] * len(votes))
            found.append(replace(self.point(f"votes, {rule}", seen, earned), over_fixed=paired(earned, same)))
            found.append(self.point(f"as many for all as {rule}", [(alike,)] * len(votes), same))
        return found

    def _prefixes(self, votes: Sequence[Full], used: Sequence[int]) -> list[float]:
        """Return how good the first votes of every case are, so many of each."""
        if self.labels is None:
            return [float(best(vote[:k]) == best(vote)) for vote, k in zip(votes, used, strict=True)]
        return [earned_at(v, k, self.run, label) for v, k, label in zip(self.verdicts, used, self.labels, strict=True)]

    def point(self, name: str, seen: Sequence[Sequence[int]], scores: Sequence[float]) -> Bought:
        """Return a point: `seen` are the looks at every case, up to where its vote ends."""
        usage = self.run.usage
        requests = fmean(request_count(v.orders, each) for v, each in zip(self.verdicts, seen, strict=True))
        judgments = fmean(each[-1] for each in seen)
        tokens = judgments * (usage.completion_tokens + usage.principles_tokens) / max(1, usage.samples)
        tokens += requests * usage.prompt_tokens / max(1, usage.calls)
        return Bought(name, judgments, requests, tokens, bootstrap(scores), paired(scores, self.all))


def earned_at(verdict: Verdict, k: int, run: Recorded, label: Label) -> float:
    """Return what the first k judgments of a case earn by plain votes, ties sharing the credit."""
    scores = vote(verdict.outcomes[:k], len(verdict.orders[0]), rule=run.form.rule).scores
    return 0.0 if scores is None else credit(scores, label)


def request_count(orders: Sequence[Order], looks: Sequence[int]) -> int:
    """Count the requests of a case whose samples see these orders: one per order that has new samples at a look."""
    return sum(len(set(orders[start:end])) for start, end in pairwise((0, *looks)))
