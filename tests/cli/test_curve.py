"""`solon curve`: what a run's judgments bought, by label or by agreement, and what they cost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solon.judge import Judge
from solon.report.spending import request_count
from solon.samplers.scripted import ScriptedSampler
from solon.scorers.scripted import ScriptedScorer
from solon.store import Store
from solon.vote import TRUSTS
from tests.cli.conftest import Done
from tests.judge.judging import cases
from tests.judge.test_ending import noisy
from tests.judge.test_tokenprob import BOX

pytest.importorskip("matplotlib")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    scorer = ScriptedScorer(lambda conversation: 0.5)
    judge = Judge(ScriptedSampler(noisy), k=32, meta=scorer)
    with judge, Store(folder / "run.sqlite", judge.identity()) as store:
        judge.batch(cases(24), store)
    return folder


def points(path: Path) -> dict[str, dict[str, Any]]:
    return {point["name"]: point | {"score": point["score"]["mean"]} for point in json.loads(path.read_text("utf-8"))}


def test_without_labels_votes_are_compared_with_all_judgments(
    solon: Callable[..., Done], run: Path, tmp_path: Path
) -> None:
    done = solon("curve", run, "--json", tmp_path / "points.json")
    assert done.code == 0, done.told
    found = points(tmp_path / "points.json")
    ways = ("votes", "majority", "meta, best half", *(f"meta, softly {trust:g}" for trust in TRUSTS))
    rules = ("lossless", "confident", "anytime")
    ended = {name for rule in rules for name in (f"votes, {rule}", f"as many for all as {rule}")}
    assert {f"{way}@{k}" for way in ways for k in (1, 2, 4, 8, 16, 32)} | ended == set(found)
    assert found["votes@32"]["over_all"] == found["votes, lossless"]["over_all"] == {"mean": 0, "low": 0, "high": 0}
    assert found["votes@1"]["over_all"]["mean"] < 0
    ended, alike = found["votes, confident"], found["as many for all as confident"]
    assert ended["over_fixed"]["mean"] == pytest.approx(ended["score"] - alike["score"])
    assert found["votes@1"]["over_fixed"] is None
    assert found["as many for all as lossless"]["judgments"] == round(found["votes, lossless"]["judgments"])
    assert [found[f"{way}@32"]["score"] for way in ways] == [1.0] * len(ways)
    assert found["votes, lossless"]["score"] == 1.0
    assert found["votes, lossless"]["judgments"] < 32
    assert found["meta, softly 0.25@4"]["score"] == found["votes@4"]["score"], "equal weights change nothing"
    assert found["votes@1"]["score"] < found["votes@16"]["score"]
    assert (found["votes@1"]["requests"], found["votes@32"]["requests"]) == (1, 2)
    assert {path.name for path in run.iterdir()} >= {"curve.png", "curve.html"}


def test_with_labels_it_is_accuracy(
    solon: Callable[..., Done], run: Path, file: Callable[..., Path], tmp_path: Path
) -> None:
    rows = [
        {
            "id": one.id,
            "prompt": "Why?",
            "responses": ["a", "b"],
            "ratings": [float(text[0].text.rpartition(" ")[2]) for text in one.responses],  # type: ignore[union-attr]
        }
        for one in cases(20)
    ]
    done = solon("curve", run, "--labels", file(*rows), "--json", tmp_path / "points.json", "--out", tmp_path / "page")
    assert done.code == 0, done.told
    found = points(tmp_path / "points.json")
    assert found["votes@32"]["score"] > found["votes@1"]["score"]
    assert found["votes, lossless"]["score"] == found["votes@32"]["score"]
    assert "accuracy" in (tmp_path / "page" / "curve.html").read_text("utf-8")


def test_a_run_with_log_probabilities_is_read_in_every_way(solon: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    judge = Judge(ScriptedSampler(lambda request, index: BOX), k=4, top_logprobs=2)
    with judge, Store(tmp_path / "run" / "run.sqlite", judge.identity()) as store:
        judge.batch(cases(2), store)
    done = solon("curve", tmp_path / "run", "--json", tmp_path / "points.json")
    assert done.code == 0, done.told
    found = points(tmp_path / "points.json")
    assert {"expected scores@1", "expected scores@4"} <= set(found)
    assert not any(name.startswith("soft") for name in found), "the form pointwise marks no verdicts"


def test_labels_of_other_cases_are_refused(solon: Callable[..., Done], run: Path, file: Callable[..., Path]) -> None:
    labels = file({"id": "x", "prompt": "Why?", "responses": ["a", "b"], "best": 0})
    done = solon("curve", run, "--labels", labels)
    assert done.code == 2
    assert "the ids must be the same" in done.told


def test_every_look_pays_for_the_prompts_again() -> None:
    orders = [(0, 1), (1, 0)] * 4
    assert request_count(orders, [8]) == 2
    assert request_count(orders, [4, 6, 8]) == 6
    assert request_count(orders, [1]) == 1
