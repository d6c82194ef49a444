"""RewardBench 1 and 2: our scores are those of the package's own code, to the last digit, on the files that we write.

`golden/rewardbench.json` holds what `official_rewardbench.py` said of these files (rewardbench 0.1.4). With
SOLON_REWARDBENCH_PYTHON, a Python that has the package, it is asked again, and SOLON_UPDATE_GOLDEN=1 keeps the answers.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from solon.benchmarks import benchmark_of
from solon.benchmarks.benchmark import Mode
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.loading import load
from solon.benchmarks.reading import Source
from solon.benchmarks.results import write_results
from solon.benchmarks.running import run
from solon.samplers.scripted import ScriptedSampler
from tests.benchmarks.making import by, values
from tests.benchmarks.synthetic import MAKE, noisy

GOLDEN = Path(__file__).parent / "golden" / "rewardbench.json"
OFFICIAL = Path(__file__).parent / "official_rewardbench.py"
PYTHON = os.environ.get("SOLON_REWARDBENCH_PYTHON")
NAMES = {"rewardbench": "1", "rewardbench2": "2"}


@pytest.fixture(params=[(name, seed) for name in NAMES for seed in range(3)], ids=str)
def written(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, int, Path, dict[str, Any]]:
    """Judge a made-up benchmark three times a case and write its result files; return the scores and the summary."""
    name, seed = request.param
    monkeypatch.setattr("solon.judge.open_sampler", lambda config: ScriptedSampler(noisy))
    benchmark = benchmark_of(name)
    mode: Mode = "list"
    config = BenchConfig(model="org/judge", k="3", skip_greedy=True, out=tmp_path, partial=True)
    items = load(benchmark, Source(MAKE[name](tmp_path / "data", seed)), partial=True)
    write_results(benchmark, run(benchmark, items, mode, config), config)
    summary = json.loads((tmp_path / "results/votes/eval-set/org/judge.json").read_text("utf-8"))
    return name, seed, tmp_path / "results/votes/eval-set-scores/org/judge.json", summary


def test_the_package_scores_our_files_as_we_do(written: tuple[str, int, Path, dict[str, Any]]) -> None:
    name, seed, scores, summary = written
    told = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    if PYTHON:
        done = subprocess.run([PYTHON, OFFICIAL, NAMES[name], scores], capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        if os.environ.get("SOLON_UPDATE_GOLDEN"):
            told[f"{name}-{seed}"] = answer
            GOLDEN.parent.mkdir(exist_ok=True)
            GOLDEN.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")
        assert answer == told[f"{name}-{seed}"]
    official = told[f"{name}-{seed}"]
    ours = {key: value for key, value in summary.items() if isinstance(value, float)}
    assert len(ours) == {"rewardbench": 23, "rewardbench2": 6}[name]
    assert ours == {key: official[key] for key in ours}
    assert (summary["model"], summary["model_type"], summary["chat_template"]) == (
        "org/judge",
        "Generative",
        "pointwise",
    )


@pytest.mark.parametrize("seed", range(3))
def test_sections_are_those_of_the_package(seed: int, tmp_path: Path) -> None:
    """A judge that is right as often as the golden one in every subset has its sections."""
    won = json.loads(GOLDEN.read_text("utf-8"))[f"rewardbench-{seed}"]
    items = load(benchmark_of("rewardbench"), Source(MAKE["rewardbench"](tmp_path, seed)), partial=True)
    by_subset = {subset: [one.case.id for one in items if one.subset == subset] for subset in won}
    right = {name for subset, ids in by_subset.items() for name in ids[: round(won[subset] * len(ids))]}
    found = values("rewardbench", by(lambda case: (2, 1) if case.id in right else (1, 2), items, "list"))
    sections = ("Chat", "Chat Hard", "Safety", "Reasoning")
    assert {name: found[name] for name in sections} == {name: won[name] for name in sections}
    assert found["score"] == pytest.approx(sum(won[name] for name in sections) / 4, abs=1e-15)


def test_the_files_have_the_columns_of_the_package(written: tuple[str, int, Path, dict[str, Any]]) -> None:
    name, _, scores, _ = written
    found = json.loads(scores.read_text("utf-8"))
    own = {
        "rewardbench": {"scores_chosen", "scores_rejected", "text_chosen", "text_rejected"},
        "rewardbench2": {"scores", "num_correct", "text"},
    }
    assert found.keys() == {"id", "subset", "results", "model", "model_type", "chat_template"} | own[name]
    assert len({len(column) for column in found.values() if isinstance(column, list)}) == 1


def test_math_prm_weighs_as_much_as_code(tmp_path: Path) -> None:
    items = load(benchmark_of("rewardbench"), Source(MAKE["rewardbench"](tmp_path, 0)), partial=True)
    found = values("rewardbench", by(lambda case: (2, 1) if "math-prm" in case.id else (1, 2), items, "list"))
    assert (found["Reasoning"], found["math-prm"], found["hep-go"], found["score"]) == (0.5, 1.0, 0.0, 0.125)


def test_ties_and_unread_judgments_count_as_the_rule_says(tmp_path: Path) -> None:
    items = load(benchmark_of("rewardbench"), Source(MAKE["rewardbench"](tmp_path, 0)), partial=True)
    tied, silent = by(lambda case: (5, 5), items, "list"), by(lambda case: None, items, "list")
    assert [values("rewardbench", tied, ties)["score"] for ties in ("official", "random")] == [0, 0.5]
    assert [values("rewardbench", silent, ties)["score"] for ties in ("official", "random")] == [0.5, 0.5]


def test_the_top_of_four_is_shared_and_ties_want_right_answers_alike(tmp_path: Path) -> None:
    items = load(benchmark_of("rewardbench2"), Source(MAKE["rewardbench2"](tmp_path, 0)), partial=True)
    right = {one.case.id: int(one.row["num_correct"]) for one in items}  # type: ignore[call-overload]
    shared = by(lambda case: (7, 7, 1, 1) if case.n == 4 else (1,) * case.n, items, "list")
    assert values("rewardbench2", shared)["Math"] == 0.5
    ideal = by(lambda case: [9.0 if i < right[case.id] else 1.0 for i in range(case.n)], items, "list")
    found = values("rewardbench2", ideal)
    assert found["Math"] == 1
    assert found["Ties"] == 1, "without a spread there is no ratio"
    spread = by(lambda case: [9.0 + 0.1 * i if i < right[case.id] else 1.0 for i in range(case.n)], items, "list")
    assert 1 < values("rewardbench2", spread)["Ties"] <= 1.01
