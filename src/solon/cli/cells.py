"""The arms of docs/study.md, each a function from a seed's lab to rows of what its judges came to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from json import loads
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from solon import sandbox
from solon.cli import rivals
from solon.cli.costs import costs
from solon.cli.lab import Lab, Row, until
from solon.cli.stages import Stages
from solon.report.arm import scored_row, sure_row, weights_row
from solon.reward import correct
from solon.sandbox.config import BaseConfig
from solon.sandbox.judging import Judged
from solon.training.semiscalar import spread
from solon.types import Case, Judgment, LabeledCase, Ratings, Verdict
from solon.vote import vote

Cell: TypeAlias = Callable[[Lab], list[Row]]
"""What an arm measures: a row per judge and setting."""


def _main(lab: Lab, name: str, judge: Path, most: dict[str, int], made: Sequence[Path], **options: Any) -> list[Row]:
    count = lab.sizes.main
    rows = []
    for split, k in most.items():
        held = lab.cases(split, count=count)
        row = lab.measured(f"{name}_{split}", judge, held, k=k, made=made, **options)
        rows.append(row | {"setting": split})
    return rows


def _base(lab: Lab) -> list[Row]:
    return _main(lab, "base", lab.base, {"test": lab.sizes.most, "unseen": lab.sizes.few}, ())


def _rft(lab: Lab) -> list[Row]:
    made = [lab.samples().parent, lab.folder / "rft"]
    return _main(lab, "rft", lab.rft(), {"test": lab.sizes.few, "unseen": lab.sizes.few}, made)


def _rl(lab: Lab) -> list[Row]:
    judge, meta, most = lab.rl(), lab.meta(), lab.sizes.most
    made = [lab.samples().parent, lab.folder / "rft", lab.folder / "rl"]
    rows = _main(lab, "rl", judge, {"test": most, "unseen": most}, made, meta=meta)
    held = lab.cases("test", count=lab.sizes.main)
    votes = lab.judged("rl_test_votes", judge, held, most, meta=meta)
    found = spread(votes.verdicts)
    rows[0] |= weights_row(votes) | {"spread": found and found._asdict()}
    chosen = sandbox.cases("dev", lab.sizes.others, seed=lab.seed, n=2)
    return [
        *rows,
        lab.measured("rl_dev", judge, chosen, meta=meta) | {"setting": "dev, to choose the rule of meta votes"},
    ]


def _steps(lab: Lab) -> int:
    """Return the optimizer steps of the main recipe's fine-tuning."""
    return int(loads((lab.rft() / "log.json").read_text("utf-8"))["log"][-1]["step"])


def _fine_tuned(name: str, hint: str = "never", **fields: Any) -> Cell:
    def cell(lab: Lab) -> list[Row]:
        samples = lab.samples() if hint == "never" else lab.stages.sampled(lab.base, name=f"samples_{hint}", hint=hint)
        judge = lab.stages.fine_tuned(samples, name=name, steps=_steps(lab), **fields)
        return [lab.measured(name, judge, lab.cases(), made=[samples.parent, lab.folder / name])]

    return cell


def _cold(lab: Lab) -> list[Row]:
    steps = round(lab.sizes.steps * 4 / 3)
    judge = lab.stages.reinforced(lab.base, lab.samples(), name="rl_cold", steps=steps)
    return [lab.measured("rl_cold", judge, lab.cases(), made=[lab.folder / "rl_cold"])]


def _beta(beta: float) -> Cell:
    def cell(lab: Lab) -> list[Row]:
        name = f"rl_beta_{beta:g}"
        judge = lab.stages.reinforced(lab.rft(), lab.samples(), name=name, beta=beta)
        return _subsets(lab, name, judge)

    return cell


def _subsets(lab: Lab, name: str, judge: Path) -> list[Row]:
    """Measure a judge on two responses, on one and on four."""
    made = [lab.folder / name]
    return [
        lab.measured(f"{name}_{n}", judge, lab.cases(n=n), made=made, k=lab.sizes.few) | {"setting": f"n = {n}"}
        for n in (2, 1, 4)
    ]


def _otherwise(name: str, judged: dict[str, Any], **fields: Any) -> Cell:
    """Return a cell of the whole recipe put in another way; steps and the cases of GRPO are the main recipe's."""

    def cell(lab: Lab) -> list[Row]:
        samples = lab.stages.sampled(lab.base, name=f"samples_{name}", **fields)
        rft = lab.stages.fine_tuned(samples, name=f"rft_{name}", steps=_steps(lab))
        rl = lab.stages.reinforced(rft, lab.samples(), name=f"rl_{name}", **fields)
        made = [samples.parent, lab.folder / f"rft_{name}", lab.folder / f"rl_{name}"]
        row = lab.measured(f"arm_{name}", rl, lab.cases(), made=made, **judged)
        if name == "pairwise":
            votes = lab.judged("rl_pairwise_sure", rl, lab.cases(), lab.sizes.few, sure=True, **judged)
            row["earned"] |= sure_row(votes, until(lab.sizes.few))
        return [row]

    return cell


def _scalar(lab: Lab) -> list[Row]:
    main, folder = lab.sizes.main, lab.stages.scalar()
    held = {"test": lab.cases(count=main), "unseen": lab.cases("unseen", count=main)}
    held |= {f"n = {n}": lab.cases(n=n) for n in (3, 4, 5, 6)}
    own = {"seed": lab.seed, "cost": costs([lab.folder / "scalar"])}
    return [scored_row(cases, rivals.scalar(folder, cases)) | own | {"setting": name} for name, cases in held.items()]


def _pairrm(lab: Lab) -> list[Row]:
    held, folder = lab.cases(count=lab.sizes.main), lab.stages.pairrm()
    row = scored_row(held, rivals.pairrm(folder, held))
    return [row | {"seed": lab.seed, "cost": costs([lab.folder / "pairrm"])}]


def _cloud(lab: Lab) -> list[Row]:
    held, few = lab.cases(), lab.sizes.few
    greedy, votes = (rivals.cloud(lab, held, k) for k in (1, few))
    row, found = scored_row(held, greedy, votes, until(few)), spread(votes)
    cost = costs([lab.folder / "critiques", lab.folder / "cloud"])
    return [row | {"seed": lab.seed, "cost": cost, "spread": found and found._asdict()}]


def _small(lab: Lab) -> list[Row]:
    """Train a small base once for all seeds, then the main recipe on it."""
    config = BaseConfig(out=lab.folder.parent / "small", hidden=80, layers=4, intermediate=200, chunks=lab.sizes.chunks)
    base = sandbox.train_base(config)
    stages = Stages(lab.folder / "small", base, lab.sizes.train, lab.seed, lab.sizes.steps)
    stages.folder.mkdir(parents=True, exist_ok=True)
    samples = stages.sampled(base)
    rft = stages.fine_tuned(samples)
    rl = stages.reinforced(rft, samples)
    made = [samples.parent, stages.folder / "rft", stages.folder / "rl"]
    held = lab.cases(count=lab.sizes.main)
    return [lab.measured("small", rl, held, k=lab.sizes.most, made=made)]


def _judges(lab: Lab) -> dict[str, Path]:
    return {"base": lab.base, "rft": lab.rft(), "rl": lab.rl()}


def _single(lab: Lab) -> list[Row]:
    held = lab.cases(n=1)
    return [
        lab.measured(f"{name}_{form}", judge, held, form=form) | {"setting": f"{name}, {form}"}
        for name, judge in _judges(lab).items()
        for form in ("sandbox", "sandbox-correct")
    ]


def _sizes(lab: Lab) -> list[Row]:
    return [
        lab.measured(f"{name}_of_{n}", judge, lab.cases(n=n)) | {"setting": f"{name}, n = {n}"}
        for n in (3, 4, 5, 6)
        for name, judge in _judges(lab).items()
    ]


def _pleading(lab: Lab) -> list[Row]:
    held = lab.cases("pleading")
    return [lab.measured(f"{name}_pleading", judge, held) | {"setting": name} for name, judge in _judges(lab).items()]


def _orders(lab: Lab) -> list[Row]:
    return [
        lab.measured(f"orders_{orders}", lab.rl(), lab.cases(), orders=orders) | {"setting": orders}
        for orders in ("balanced", "random")
    ]


def _lures(lab: Lab) -> list[Row]:
    rows = []
    for strength in (0.0, 0.35, 0.7):
        held = sandbox.cases("test", lab.sizes.others, seed=lab.seed, n=2, lures=strength)
        rows.append(lab.measured(f"lures_{strength}", lab.rl(), held) | {"setting": f"lures {strength}"})
    return rows


def _pairs(lab: Lab) -> list[Row]:
    """Judge four responses as a list and as all of their pairs, each in two orders without chance."""
    held, rl = lab.cases(n=4), lab.rl()
    listed = lab.judged("pairs_list", rl, held, 2, temperature=0.0)
    split = [_pair(one, pair) for one in held for pair in combinations(range(4), 2)]
    met = lab.judged("pairs_pairs", rl, split, 2, temperature=0.0)
    found = [met.verdicts[i : i + 6] for i in range(0, len(met.verdicts), 6)]
    rows = [
        scored_row(held, [_whole(verdict) for verdict in listed.verdicts]) | {"setting": "list"},
        scored_row(held, [_margins(verdicts) for verdicts in found]) | {"setting": "pairs"},
    ]
    same = fmean(a.best == _margins(b).best for a, b in zip(listed.verdicts, found, strict=True))
    tokens = (2 * listed.tokens, 12 * met.tokens)
    return [row | {"seed": lab.seed, "agree": same, "per case": t} for row, t in zip(rows, tokens, strict=True)]


def _pair(one: LabeledCase, pair: tuple[int, int]) -> LabeledCase:
    assert isinstance(one.label, Ratings)
    case = replace(one.case, id=f"{one.case.id}/{pair}", responses=tuple(one.case.responses[i] for i in pair))
    return LabeledCase(case, Ratings(tuple(one.label.values[i] for i in pair)))


def _whole(verdict: Verdict) -> Verdict:
    """Take the mean of a verdict as one judgment, so that it counts once."""
    if verdict.scores is None:
        return vote(verdict.outcomes[:1], 4, orders=verdict.orders[:1])
    return vote([Judgment(verdict.scores, (), "", "")], 4, orders=verdict.orders[:1])


def _margins(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of all pairs of four: a response's score is the sum of what it is better by.

    A pair that could not be read leaves the case unread: sums over different opponents cannot be compared.
    """
    scores = [0.0] * 4
    for (i, j), verdict in zip(combinations(range(4), 2), verdicts, strict=True):
        if verdict.scores is None:
            return vote(verdict.outcomes[:1], 2)
        margin = verdict.scores[0] - verdict.scores[1]
        scores[i] += margin
        scores[j] -= margin
    return vote([Judgment(tuple(scores), (), "", "")], 4, orders=[(0, 1, 2, 3)])


def _principles(lab: Lab) -> list[Row]:
    """Give base and reinforced judge principles in place of their own."""
    held = lab.cases()
    rows = []
    for name, judge in (("base", lab.base), ("rl", lab.rl())):
        four = lab.judged(f"{name}_four", judge, held, 4)
        for title, principles in _sets(lab, held, four).items():
            given = [replace(o, case=replace(o.case, principles=p)) for o, p in zip(held, principles, strict=True)]
            run = f"{name}_given_{title.replace(' ', '_')}"
            rows.append(lab.measured(run, judge, given, principles="given") | {"setting": f"{name}, {title}"})
        rows.append(lab.measured(f"{name}_none", judge, held, principles="none") | {"setting": f"{name}, none"})
    return rows


def _sets(lab: Lab, held: Sequence[LabeledCase], four: Judged) -> dict[str, list[tuple[str, ...]]]:
    pairs = list(zip(held, four.verdicts, strict=True))
    return {
        "random": [sandbox.random_principles(one.case, lab.seed) for one in held],
        "of another kind": [sandbox.true_principles(other.case) for other in sandbox.of_other_kinds(held)],
        "self": [_written(one.case, verdict.judgments[:1], lab.seed) for one, verdict in pairs],
        "filtered": [_written(one.case, _right_first(one, verdict), lab.seed) for one, verdict in pairs],
        "true": [sandbox.true_principles(one.case) for one in held],
    }


def _right_first(one: LabeledCase, verdict: Verdict) -> list[Judgment]:
    return sorted(verdict.judgments, key=lambda judgment: not correct(judgment.scores, one.label))


def _written(case: Case, judgments: Sequence[Judgment], seed: int) -> tuple[str, ...]:
    """Return the principles of the first judgment as given ones; random ones where none could be read."""
    for judgment in judgments:
        if judgment.principles:
            return tuple(f"{p.text} {p.weight:g}" if p.weight is not None else p.text for p in judgment.principles)
    return sandbox.random_principles(case, seed)


CELLS: dict[str, Cell] = {
    "base": _base,
    "rft": _rft,
    "rl": _rl,
    "small": _small,
    "single": _single,
    "sizes": _sizes,
    "pleading": _pleading,
    "pairs": _pairs,
    "principles": _principles,
    "orders": _orders,
    "lures": _lures,
    "scalar": _scalar,
    "pairrm": _pairrm,
    "cloud": _cloud,
    "rl_cold": _cold,
    "none": _otherwise("none", {"principles": "none"}, principles="none"),
    "pairwise": _otherwise("pairwise", {"form": "sandbox-pairwise"}, form="sandbox-pairwise"),
    "beta_0": _beta(0.0),
    "beta_0.01": _beta(0.01),
    "beta_0.4": _beta(0.4),
    "rft_failed": _fine_tuned("rft_failed", "failed"),
    "rft_all": _fine_tuned("rft_all", "all"),
    "rft_hinted": _fine_tuned("rft_hinted", "all", use=["hinted"]),
    "rft_no_general": _fine_tuned("rft_no_general", instruction_share=0.0),
    "rft_general": _fine_tuned("rft_general", instruction_share=1.0),
}
"""The arms, in the order in which they run; a cell makes what it needs and is not there."""
