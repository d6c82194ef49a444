"""A scalar model as `solon train scalar` leaves it, on every kind of benchmark: scores, baselines, files."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from solon.stats import combined
from tests.benchmarks.synthetic import MAKE
from tests.cli.conftest import Done, solon

pytest.importorskip("matplotlib")
torch = pytest.importorskip("torch")
__all__ = ["solon"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small BERT with a head, and what `solon train scalar` says of its checkpoints."""
    from transformers import BertConfig, BertForSequenceClassification

    from solon.checkpoint import Checkpoint
    from tests.training.scalars import bert

    folder = bert(tmp_path_factory.mktemp("scalar"))
    config = BertConfig.from_pretrained(folder)
    config.num_labels = 1
    with torch.random.fork_rng():
        torch.manual_seed(1)
        BertForSequenceClassification(config).save_pretrained(folder)
    Checkpoint("scalar", "", None).save(folder)
    return folder


def run(solon: Callable[..., Done], name: str, data: Path, model: Path, out: Path, *more: object) -> dict[str, Any]:
    done = solon("bench", name, "--data", data, "--partial", "--model", model, "--out", out, *more)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads((out / "bench.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", ["own", "judgebench", "llmbar", "rewardbench", "realmistake", "rm-bench"])
def test_a_scalar_model_has_the_score_of_its_scores(
    name: str, checkpoint: Path, solon: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("figures", "bias"):
        monkeypatch.setattr(f"solon.benchmarks.{place}.combined", partial(combined, resamples=20))
    (tmp_path / "data").mkdir()
    data = MAKE[name](tmp_path / "data", 0)
    found = run(solon, name, data, checkpoint, tmp_path / "run", "--probe", "pleas")
    (point,) = found["points"]
    assert (point["name"], point["k"], point["unread"], point["without"]) == ("score", 1, 0, 0)
    assert point["consistency"] in (1, None)
    kept = json.loads((tmp_path / "run/greedy/scores.json").read_text("utf-8"))
    assert len(kept["ids"]) == found["items"]
    assert all(isinstance(score, float) for scores in kept["scores"] for score in scores)
    if name == "judgebench":
        labels = [json.loads(line)["label"] for line in data.read_text("utf-8").splitlines()]
        right = [(a > b) == (label == "A>B") and a != b for (a, b), label in zip(kept["scores"], labels, strict=True)]
        assert point["official"]["mean"] == pytest.approx(sum(right) / len(right))
        (outputs,) = (tmp_path / "run/results/greedy/outputs").iterdir()
        line = json.loads(outputs.read_text("utf-8").splitlines()[0])
        assert [one["judgment"]["scores"] for one in line["judgments"]] == [kept["scores"][0], kept["scores"][0][::-1]]
    if name == "rewardbench":
        (scores,) = (tmp_path / "run/results/greedy/eval-set-scores").rglob("*.json")
        assert json.loads(scores.read_text("utf-8"))["model_type"] == "Seq. Classifier"
    assert {"the longer response", "chance"} == found["baselines"].keys()


def test_runs_of_scalar_models_are_compared(checkpoint: Path, solon: Callable[..., Done], tmp_path: Path) -> None:
    data = MAKE["judgebench"](tmp_path / "data", 0)
    for name in ("a", "b"):
        run(solon, "judgebench", data, checkpoint, tmp_path / name)
    done = solon("compare", tmp_path / "a", tmp_path / "b", "--json", tmp_path / "both.json")
    assert done.code == 0, done.err
    (apart,) = json.loads((tmp_path / "both.json").read_text("utf-8"))["differences"]
    assert (apart["official"]["mean"], apart["at"]) == (0, "greedy")


def test_what_is_too_long_is_read_without_its_end(checkpoint: Path, solon: Callable[..., Done], tmp_path: Path) -> None:
    rows = [{"id": "long", "prompt": "why ?", "responses": ["yes " * 500, "no " * 500], "best": 0}]
    data = tmp_path / "long.jsonl"
    data.write_text(json.dumps(rows[0]) + "\n", "utf-8")
    found = run(solon, "own", data, checkpoint, tmp_path / "run")
    assert found["points"][0]["without"] == 0


def test_what_only_a_judge_can_be_told_is_refused(checkpoint: Path, solon: Callable[..., Done], tmp_path: Path) -> None:
    data = MAKE["judgebench"](tmp_path / "data", 0)
    command = ("bench", "judgebench", "--data", data, "--partial", "--out", tmp_path / "run", "--model", checkpoint)
    done = solon(*command, "--k", 8, "--temperature", 1)
    assert (done.code, "k, temperature: a scalar model" in done.told) == (2, True), done.told


def test_a_judge_does_not_take_up_the_folder_of_a_scalar_model(
    checkpoint: Path, solon: Callable[..., Done], tmp_path: Path
) -> None:
    data, scalar, judge = MAKE["judgebench"](tmp_path / "data", 0), tmp_path / "scalar", tmp_path / "judge"
    command = ("bench", "judgebench", "--data", data, "--partial", "--k", 1, "--max-tokens", 8, "--model", "sandbox")
    run(solon, "judgebench", data, checkpoint, scalar)
    assert "is of a scalar model's run" in solon(*command, "--out", scalar).told
    assert solon(*command, "--out", judge).code == 0
    done = solon("bench", "judgebench", "--data", data, "--partial", "--model", checkpoint, "--out", judge)
    assert (done.code, "is of a judge's run" in done.told) == (2, True)


def test_a_moved_scalar_model_is_compared_by_what_its_run_says(
    checkpoint: Path, solon: Callable[..., Done], tmp_path: Path
) -> None:
    data, moved = MAKE["judgebench"](tmp_path / "data", 0), tmp_path / "moved"
    shutil.copytree(checkpoint, moved)
    run(solon, "judgebench", data, moved, tmp_path / "a")
    run(solon, "judgebench", data, checkpoint, tmp_path / "b")
    shutil.rmtree(moved)
    done = solon("compare", tmp_path / "a", tmp_path / "b", "--json", tmp_path / "both.json")
    assert done.code == 0, done.told
    assert json.loads((tmp_path / "both.json").read_text("utf-8"))["differences"][0]["at"] == "greedy"
