"""A scalar model before the judge, over the command line: judge --first, tune cascade and cascade."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solon import cascade
from solon.judge import Judge
from solon.reward import credit
from solon.samplers.scripted import ScriptedSampler
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Conversation
from solon.store import Store
from solon.types import Case, Ratings, plain
from tests.cli.conftest import Done
from tests.cli.rows import row
from tests.cli.test_tune import worth
from tests.judge.judging import cases
from tests.judge.test_ending import noisy
from tests.local_server import running

Solon = Callable[..., Done]


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> ScriptedScorer:
    """Let every name of a scorer stand for one that knows worth, but is blind to differences below 3."""

    def score(conversation: Conversation) -> float:
        return float(int(plain(conversation[-1].content).rpartition(" ")[2]) // 3)

    scripted = ScriptedScorer(score)
    monkeypatch.setattr(cascade, "open_scorer", lambda name, **calling: scripted)
    return scripted


def labeled(count: int) -> list[dict[str, Any]]:
    """Return cases whose responses are near each other in half of them, and far in the others."""
    found = []
    for i in range(count):
        low, high = (i % 3 + 3, i % 3 + 4) if i % 2 else (1, 9)
        said = [low, high] if i % 4 < 2 else [high, low]
        found.append(row(f"c{i}", ratings=said) | {"responses": [f"{i} worth {one}" for one in said]})
    return found


def test_a_case_that_a_spent_budget_left_out_is_no_wrong_verdict(
    solon: Solon, file: Callable[..., Path], tmp_path: Path, scorer: ScriptedScorer
) -> None:
    options = ["--k", 2, "--first", "scalar", "--margin", 2.0, "--budget-requests", 4, "--out", tmp_path / "run"]
    with running() as server:
        done = solon("judge", file(*labeled(12)), "--model", server.url, *options)
    lines = [json.loads(line) for line in (tmp_path / "run" / "verdicts.jsonl").read_text().splitlines()]
    decided = [line for line in lines if line["judged_by"] == "scorer" or line["asked"]]
    assert 6 < len(decided) < len(lines) == 12, done.err
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["labeled"] == len(decided)


def test_a_file_is_judged_by_both_and_every_line_says_by_whom(
    solon: Solon, file: Callable[..., Path], tmp_path: Path, scorer: ScriptedScorer
) -> None:
    given = file(*labeled(12))
    with running() as server:
        options = ["--model", server.url, "--k", 2, "--first", "scalar", "--margin", 2.0]
        done = solon("judge", given, *options, "--out", tmp_path / "run")
        calls, scored = server.calls, len(scorer.asked)
        again = solon("judge", given, *options, "--out", tmp_path / "run")
        assert (done.code, again.code, server.calls, len(scorer.asked)) == (0, 0, calls, scored), done.err
        printed = solon("judge", given, *options)
        assert "the scorer's verdict: best 1" in solon("judge", given, *options, "--show").out
    lines = [json.loads(line) for line in (tmp_path / "run" / "verdicts.jsonl").read_text("utf-8").splitlines()]
    assert [line["judged_by"] for line in lines] == ["scorer", "judge"] * 6
    assert printed.lines == lines
    far, near = lines[:2]
    assert (far["scores"], far["asked"], far["best"], far["tied"]) == (None, 0, 1, [1])
    assert far["first"] == {"scores": [0.0, 3.0], "margin": 3.0}
    assert (len(near["scores"]), near["asked"], near["first"]["margin"]) == (2, 2, 0.0)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text("utf-8"))
    assert (summary["judged_by_scorer"], summary["judged_by_judge"], summary["judge"]["asked"]) == (6, 6, 12)
    assert summary["first"] == {"scorer": "scalar", "margin": 2.0}
    assert summary["labeled"] == 12
    assert "by the scorer" in done.err


def test_where_the_scorer_is_sure_of_all_no_model_is_asked(
    solon: Solon, file: Callable[..., Path], scorer: ScriptedScorer
) -> None:
    with running() as server:
        done = solon("judge", file(*labeled(4)), "--model", server.url, "--first", "scalar", "--margin", 0)
        assert (done.code, server.calls) == (0, 0)
    assert [line["best"] for line in done.lines] == [1, None, 0, None]


@pytest.mark.parametrize("options", [["--first", "scalar"], ["--margin", "1"]])
def test_a_scorer_needs_a_margin_and_a_margin_a_scorer(
    options: list[str], solon: Solon, file: Callable[..., Path], scorer: ScriptedScorer
) -> None:
    done = solon("judge", file(*labeled(2)), "--model", "http://localhost:9", *options)
    assert done.code == 2
    assert "name both" in done.told


def test_malformed_lines_are_named_and_the_rest_is_judged(
    solon: Solon, file: Callable[..., Path], scorer: ScriptedScorer
) -> None:
    options = ["--model", "http://localhost:9", "--first", "scalar", "--margin", 0]
    done = solon("judge", file(labeled(1)[0], {"prompt": "?"}), *options)
    assert (done.code, len(done.lines)) == (2, 1)
    assert "not judged: line 2" in done.err
    assert solon("judge", file(labeled(1)[0], {"prompt": "?"}), *options, "--strict").out == ""


def made(folder: Path, given: list[Case]) -> Path:
    folder.mkdir()
    with Judge(ScriptedSampler(noisy), k=8) as judge, Store(folder / "run.sqlite", judge.identity()) as store:
        judge.batch(given, store)
    return folder


def labels_file(folder: Path, given: list[Case]) -> Path:
    lines = [row(one.id, ratings=[worth(response) for response in one.responses]) for one in given]
    path = folder / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def test_a_margin_is_chosen_on_one_run_and_measured_on_others(
    solon: Solon, tmp_path: Path, scorer: ScriptedScorer
) -> None:
    given = cases(60)
    runs = [made(tmp_path / "a", given[:40]), made(tmp_path / "b", given[40:])]
    labels, figures = labels_file(tmp_path, given), tmp_path / "new" / "figures.json"
    options = ["--first", "scalar", "--labels", labels, "--k", 4]
    done = solon("tune", "cascade", *runs, *options, "--json", figures)
    assert done.code == 0, done.err
    margin = json.loads(figures.read_text("utf-8"))["margin"]
    assert f"choose: --margin {margin:g}" in done.out
    assert len(scorer.asked) == 120
    done = solon("cascade", *runs, *options, "--margin", margin, "--json", figures)
    assert done.code == 0, done.err
    assert len(scorer.asked) == 120, "scores are kept in the runs"
    assert "cascade over 4 votes of all" in done.out
    assert "cascade over the scorer alone" in done.out
    found = json.loads(figures.read_text("utf-8"))["measured"]
    assert found["cases"] == 60
    assert found["votes"] == pytest.approx(4 * found["share"])
    assert found["with_read"] is None
    more = solon("cascade", *runs, *options, "--margin", margin, "--up-to", 8, "--stop", "lossless", "--json", figures)
    assert more.code == 0, more.err
    assert 4 * found["share"] < json.loads(figures.read_text("utf-8"))["measured"]["votes"] <= 8 * found["share"]


def test_what_a_cascade_measures_is_what_judging_by_it_comes_to(
    solon: Solon, tmp_path: Path, scorer: ScriptedScorer
) -> None:
    given = cases(30)
    run = made(tmp_path / "a", given)
    options = ["--first", "scalar", "--labels", labels_file(tmp_path, given), "--margin", 1.5]
    solon("cascade", run, *options, "--json", tmp_path / "figures.json")
    found = json.loads((tmp_path / "figures.json").read_text("utf-8"))["measured"]
    judge = Judge(ScriptedSampler(noisy), k=8)
    with cascade.Cascade(judge, scorer, 1.5) as both:
        staged = both.batch(given)
    assert found["share"] == sum(one.verdict is not None for one in staged) / 30
    truth = [Ratings(tuple(map(worth, one.responses))) for one in given]
    earned = [credit(one.scores or (), label) for one, label in zip(staged, truth, strict=True)]
    assert found["accuracy"]["mean"] == pytest.approx(sum(earned) / 30)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--accuracy", 0.9, "--tokens", 100], "name one"),
        (["--up-to", 16], "16 votes are to be counted and the run has 8"),
        (["--accuracy", 0.999999], "no margin reaches"),
        (["--folds", 90], "90 folds"),
    ],
)
def test_what_cannot_be_tuned_is_named(
    options: list[object], said: str, solon: Solon, tmp_path: Path, scorer: ScriptedScorer
) -> None:
    given = cases(20)
    run, labels = made(tmp_path / "a", given), labels_file(tmp_path, given)
    done = solon("tune", "cascade", run, "--first", "scalar", "--labels", labels, *options)
    assert done.code == 2
    assert said in done.told
