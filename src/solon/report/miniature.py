"""What the demo shows: the paper's first figure in miniature, tables, and judgments before and after training."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from solon.report.curve import Point, curve, earned
from solon.report.judges import accuracy_row, gain, judge_row
from solon.report.page import Level, Line, draw, heading, picture, points_table, table, text, verbatim, write_page
from solon.report.show import show
from solon.report.studied import Studied, studied
from solon.report.tables import curve_table, percent, ratio, rows_table, signed
from solon.sandbox.judging import Judged
from solon.stats import Interval, bootstrap, paired
from solon.vote import TRUSTS, chance, half, vote

TITLE = "A tiny judge learns to write principles, and grows more accurate with every vote"
COLORS = {"base": "#9a8c7a", "rft": "#b5651d", "rl": "#1f5c99"}
NAMES = {"base": "base", "rft": "after fine-tuning (RFT)", "rl": "after reinforcement (RL)"}
STUDIED = (
    "Lines marked 'study', with triangles at their points or, where they are flat, at both ends, are those of "
    "docs/study.md, on its own cases; no run of the demo makes them."
)
COMPARED = 8
"""Gains between judges are told at one greedy judgment and at so many votes."""
SHOWN = ("judge", "checks true", "implied", "covered by one", "covered by eight", "weight correlation", "distinct sets")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A way to weigh votes by a meta model: what it is called, and the argument of `curve` that does it."""

    name: str
    way: Mapping[str, Any]


WEIGHED = {
    "half": Weighed("the best half votes", {"keep": half}),
    **{
        f"soft {trust:g}": Weighed(
            f"all vote, by the power {trust:g} of the chance to be right", {"soft": partial(chance, trust=trust)}
        )
        for trust in TRUSTS
    },
}
"""The ways that the demo chooses from: that of the paper, and those that drop no judgment."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """How a meta model ranks judgments of cases that it did not learn from: AUCs of its logits, right over wrong.

    `overall` is over all `judgments`, and `within` the mean over the `cases` that have both kinds; either is None where
    there are not both.
    """

    judgments: int
    overall: float | None
    cases: int
    within: float | None

    @classmethod
    def of(cls, checkpoint: Path) -> Self:
        """Read the report that the training left beside a meta model's checkpoint."""
        said = json.loads((checkpoint.parent / "report.json").read_text("utf-8"))
        names = ("judgments", "auc", "cases with both", "auc within cases")
        return cls(*(said[f"held out {name}"] for name in names))

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        overall, within = ("-" if value is None else f"{value:.3f}" for value in (self.overall, self.within))
        return (
            f"the meta model tells right from wrong with an AUC of {overall} over all {self.judgments} held-out "
            f"judgments, and of {within} within a case ({self.cases} with both kinds)"
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """What one judge came to on the held-out cases: greedily, and by votes at growing k."""

    greedy: Judged
    votes: Judged
    ks: tuple[int, ...]

    def points(self, name: str, rule: Weighed) -> list[Point]:
        """Return the greedy point, the votes, and the votes that the meta model weighs."""
        labels = [one.label for one in self.greedy.labeled]
        return [
            *curve(self.greedy.verdicts, labels, (1,), name=f"{name}, greedy"),
            *curve(self.votes.verdicts, labels, self.ks, name=name),
            *curve(self.votes.verdicts, labels, self.ks, name=f"{name}, meta", **rule.way),
        ]


@dataclass(frozen=True, slots=True)
class Judges:
    """All judges of a demo by name (base, rft, rl) and the scalar model, on the same cases.

    `rule` is how the meta model weighs, and `ranking` how well it knows; `sizes` are votes on further cases, by number
    of responses and judge.
    """

    trained: Mapping[str, Trained]
    rule: Weighed
    ranking: Ranking
    scalar: Judged
    sizes: Mapping[int, Mapping[str, Judged]]

    def points(self) -> list[Point]:
        """Return the points of all judges, and that of the scalar model."""
        labels = [one.label for one in self.scalar.labeled]
        alone = curve(self.scalar.verdicts, labels, (1,), name="scalar, greedy")
        return [*(point for name, one in self.trained.items() for point in one.points(name, self.rule)), *alone]

    def gains(self) -> dict[str, Interval]:
        """Return the paired gains in accuracy that the demo tells, by what is compared."""
        base, rft, rl = (self.trained[name] for name in ("base", "rft", "rl"))
        most, labels = rl.ks[-1], [one.label for one in rl.votes.labeled]
        votes = {k: earned(rl.votes.verdicts, labels, k) for k in {1, COMPARED, most}}
        weighed = earned(rl.votes.verdicts, labels, most, **self.rule.way)
        alone = earned(self.scalar.verdicts, labels, 1)
        greedy = earned(rl.greedy.verdicts, labels, 1)
        return {
            "rft over base, greedy": gain(rft.greedy, base.greedy, 1),
            "rl over base, greedy": gain(rl.greedy, base.greedy, 1),
            f"rl over base, {COMPARED} votes": gain(rl.votes, base.votes, COMPARED),
            f"rl, {most} votes over one": paired(votes[most], votes[1]),
            f"rl, {most} votes over greedy": paired(votes[most], greedy),
            f"rl, {most} votes over the scalar model": paired(votes[most], alone),
            f"rl, {most} votes, meta over plain": paired(weighed, votes[most]),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return what the world's rules say of every judge's judgments, greedy and sampled."""
        rows = []
        for name, one in self.trained.items():
            rows.append(judge_row(f"{name}, greedy", one.greedy, 1))
            rows.append(judge_row(f"{name}, sampled", one.votes, one.ks[-1]))
        return rows


def tell(judges: Judges, console: Console) -> dict[str, object]:
    """Print some judgments, the table, the gains and what the rules say; return all figures as plain values."""
    for said in _examples(judges)[:2]:
        console.print(said + "\n", markup=False, highlight=False, soft_wrap=True)
    points, gains, rows = judges.points(), judges.gains(), judges.rows()
    console.print(curve_table(points, f"{TITLE} (n = {points[0].cases}, percent [95 % interval])"))
    console.print(rows_table([{name: row[name] for name in SHOWN} for row in rows], "by the world's rules"))
    sizes = [dict(zip(("responses", *judges.sizes[1], "chance", "cases"), row, strict=True)) for row in _sizes(judges)]
    console.print(rows_table(sizes, f"by number of responses, {COMPARED} votes"))
    for name, interval in gains.items():
        console.print(f"{name}: {signed(interval)} points", markup=False, highlight=False)
    for line in (f"of meta-guided votes {judges.rule.name}: chosen on the dev split", judges.ranking.told):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return {
        "points": [_plain(asdict(point)) for point in points],
        "gains": _plain(gains),
        "rules": [_plain(row) for row in rows],
        "weighed": judges.rule.name,
        "meta": asdict(judges.ranking),
        "sizes": sizes,
        "tokens": {name: {"greedy": t.greedy.tokens, "sampled": t.votes.tokens} for name, t in judges.trained.items()},
    }


def write(judges: Judges, seconds: Mapping[str, float], out: Path) -> None:
    """Write `curve.png` and the page `report.html`."""
    points, study = judges.points(), studied()
    _drawn(judges, points, study, out / "curve.png")
    blocks = [
        picture(out / "curve.png", "accuracy against the number of judgments"),
        text(f"{points[0].cases} held-out cases of two responses; 95 % bootstrap intervals over cases; chance is 50."),
        text(f"Of meta-guided votes {judges.rule.name}: the better way on cases of the dev split."),
        *([text(STUDIED)] if study else []),
        points_table(points),
        heading("Gains, paired by case"),
        table(("", "points"), [[name, signed(interval)] for name, interval in judges.gains().items()]),
        text(f"On cases that it did not learn from, {judges.ranking.told}."),
        heading(f"By kind of request, {COMPARED} votes"),
        table(("kind", *judges.trained, "cases"), _kinds(judges)),
        heading(f"By number of responses, {COMPARED} votes"),
        table(("responses", *judges.sizes[1], "chance", "cases"), _sizes(judges)),
        heading("Judgments before and after"),
        *map(verbatim, _examples(judges)),
        heading("Time"),
        table(("stage", "seconds"), [[name, f"{value:.0f}"] for name, value in seconds.items()]),
    ]
    write_page(out / "report.html", TITLE, blocks)


def _drawn(judges: Judges, points: Sequence[Point], study: Sequence[Studied], path: Path) -> None:
    """Draw the lines of this run, and those of the study for judges that it does not train."""
    lines = []
    for name, one in judges.trained.items():
        greedy, *rest = one.points(name, judges.rule)
        half_way = len(one.ks)
        lines.append(Line(NAMES[name], COLORS[name], rest[:half_way], greedy))
        if name == "rl":
            lines.append(Line(f"{NAMES[name]}, meta-guided", "#2e7d4f", rest[half_way:], marks="s--"))
    flat = [Level("scalar model (Bradley-Terry)", points[-1].accuracy.mean)]
    flat += [one.level for one in study if not one.votes]
    title = "accuracy against votes, on held-out sandbox cases"
    tokens = judges.trained["rl"].votes.tokens
    draw([*lines, *(one.line for one in study if one.votes)], path, title, flat=flat, tokens=tokens)


def _kinds(judges: Judges) -> list[list[str]]:
    """Return a row per kind of request: the accuracy of every judge at the same number of votes."""
    labeled = next(iter(judges.trained.values())).votes.labeled
    kinds = sorted({str(one.case.tags["kind"]) for one in labeled})
    rows = []
    for kind in kinds:
        places = [i for i, one in enumerate(labeled) if one.case.tags["kind"] == kind]
        cells = []
        for one in judges.trained.values():
            values = earned(one.votes.verdicts, [each.label for each in labeled], COMPARED)
            cells.append(percent(bootstrap([values[i] for i in places])))
        rows.append([kind, *cells, str(len(places))])
    return rows


def _sizes(judges: Judges) -> list[list[str]]:
    """Return a row per number of responses: accuracies, and of single ones how well scores tell right from wrong."""
    rows = []
    for n, found in judges.sizes.items():
        told = [accuracy_row(name, one, COMPARED) for name, one in found.items()]
        cells = [_told(row) for row in told]
        chance_of = "0.5" if n == 1 else f"{100 / n:.1f}"
        rows.append([str(n), *cells, chance_of, str(told[0]["cases"])])
    return rows


def _told(row: Mapping[str, Any]) -> str:
    if "accuracy" in row:
        return percent(row["accuracy"])
    return "-" if row["auc"] is None else f"AUC {ratio(row['auc'])}"


def _examples(judges: Judges) -> list[str]:
    """Show the first cases as base and reinforced judge saw them: one greedy judgment, then three votes."""
    base, rl = judges.trained["base"], judges.trained["rl"]
    shown = []
    for i in range(min(3, len(rl.votes.labeled))):
        case, verdict = rl.votes.labeled[i].case, rl.votes.verdicts[i]
        first = vote(verdict.outcomes[:3], case.n, orders=verdict.orders[:3])
        shown.append(f"BEFORE (base, greedy)\n{show(case, base.greedy.verdicts[i])}")
        shown.append(f"AFTER (reinforced, three of its votes)\n{show(case, first)}")
    return shown


def _plain(value: object) -> object:
    """Take intervals as named values, so that a file of figures explains itself."""
    if isinstance(value, Interval):
        return value._asdict()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
