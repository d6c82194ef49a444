"""What the demo's page shows, of this run and of the study, and what it says of the meta model."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from solon.report import page
from solon.report.judges import accuracy_row
from solon.report.miniature import STUDIED, WEIGHED, Judges, Ranking, Trained, write
from solon.sandbox.judging import Judged
from solon.types import Best, Case, Label, LabeledCase, Message, Right, Verdict, content
from tests.report.making import judged, unread, voted

KS = {"base": (1, 2, 4, 8), "rft": (1, 2, 4, 8), "rl": (1, 2, 4, 8, 16, 32)}


@pytest.mark.parametrize(
    ("auc", "within", "told"),
    [
        (
            0.74273,
            0.6928,
            "with an AUC of 0.743 over all 444 held-out judgments, and of 0.693 within a case (57 with both",
        ),
        (None, None, "with an AUC of - over all 444 held-out judgments, and of - within a case (57 with both kinds)"),
    ],
)
def test_how_a_meta_model_ranks_is_read_from_the_report_of_its_training(
    auc: float | None, within: float | None, told: str, tmp_path: Path
) -> None:
    report = {"judgments": 8539, "held out judgments": 444, "held out right": 176, "held out auc": auc}
    report |= {"held out auc within cases": within, "held out cases with both": 57}
    (tmp_path / "report.json").write_text(json.dumps(report), "utf-8")
    ranking = Ranking.of(tmp_path / "checkpoint")
    assert ranking == Ranking(444, auc, 57, within)
    assert told in ranking.told


def verdicts(k: int, right: int) -> list[Verdict]:
    """Let k weighed judgments vote on ten cases: the first eight are right in so many cases, all others in all."""
    few = [judged(9, 1) if place < right else judged(1, 9) for place in range(10)]
    found = [voted(*[judgment] * min(k, 8), *[judged(9, 1)] * (k - 8)) for judgment in few]
    return [replace(verdict, weights=(0.5,) * k) for verdict in found]


def labeled(label: Label, count: int = 10, n: int = 2) -> tuple[LabeledCase, ...]:
    asked, responses = (Message("user", content("Write a toast.")),), (content("Cheers."), content("To you."))
    return tuple(LabeledCase(Case(f"c{i}", asked, responses[:n], tags={"kind": "toast"}), label) for i in range(count))


def of(found: list[Verdict]) -> Judged:
    return Judged(labeled(Best(0)), tuple(found), 40.0)


@pytest.fixture
def judges() -> Judges:
    """Return judges that are right in 4, 5 and 6 of ten cases by the first eight votes, and rl in all by the others."""
    rights = {"base": 4, "rft": 5, "rl": 6}
    trained = {name: Trained(of(verdicts(1, 3)), of(verdicts(ks[-1], rights[name])), ks) for name, ks in KS.items()}
    ones = labeled(Right(True), 2, 1) + labeled(Right(False), 2, 1)
    single = Judged(ones, tuple(voted(judged(score), n=1) for score in (9, 7, 8, 2)), 40.0)
    sizes = {1: {"base": single, "rl": single}}
    return Judges(trained, WEIGHED["half"], Ranking(4, 0.5, 2, 0.5), of(verdicts(1, 5)), sizes)


def test_no_line_of_this_run_looks_like_one_of_the_study(
    judges: Judges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    kept, keep = [], page._keep

    def keeping(figure: Any, path: Path) -> None:
        kept.extend(figure.axes[0].lines)
        keep(figure, path)

    monkeypatch.setattr(page, "_keep", keeping)
    write(judges, {}, tmp_path)
    looks = {line.get_label(): (line.get_color(), line.get_linestyle(), line.get_marker()) for line in kept}
    scalar = "scalar model (Bradley-Terry)"
    assert {scalar, f"study, 3 seeds: {scalar}", "after reinforcement (RL)"} < looks.keys()
    assert {name for name, (_, _, marker) in looks.items() if marker == "^"} == {
        name for name in looks if name.startswith("study")
    }
    assert len(set(looks.values())) == len(looks)
    mine, theirs = looks[scalar], looks[f"study, 3 seeds: {scalar}"]
    assert all(one != other for one, other in zip(mine, theirs, strict=True))
    assert "triangles" in STUDIED


def test_kinds_are_told_at_one_number_of_votes_which_the_heading_names(judges: Judges, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write(judges, {}, tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<h2>By kind of request, 8 votes</h2>" in page
    cells = re.search(r"<td>toast</td><td>(\S+) .*?</td><td>(\S+) .*?</td><td>(\S+) ", page)
    assert cells is not None
    assert cells.groups() == ("40.0", "50.0", "90.0"), "of the four blocks of eight that rl has, three are all right"
    assert "AUC 0.750 [0." in page


def test_an_auc_has_an_interval_over_the_cases_that_were_read(judges: Judges) -> None:
    single = judges.sizes[1]["rl"]
    area = accuracy_row("rl", single, 1)["auc"]
    assert area.mean == 0.75
    assert area.low < 0.75 < area.high <= 1.0
    assert accuracy_row("rl", single, 1)["auc"] == area
    lost = Judged(single.labeled, (*single.verdicts[:2], voted(unread(), n=1), voted(unread(), n=1)), 40.0)
    assert accuracy_row("rl", lost, 1)["auc"] is None
