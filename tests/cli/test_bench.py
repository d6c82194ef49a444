"""`solon bench` and `solon compare`: every benchmark, one run for every k, and what stands beside the score."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from solon.benchmarks import BENCHMARKS
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request
from solon.stats import combined
from tests.benchmarks.synthetic import MAKE, noisy
from tests.cli.conftest import Done

pytest.importorskip("matplotlib")

Bench = Callable[..., dict[str, Any]]


@pytest.fixture
def samplers(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedSampler]:
    """Let a scripted judge answer whatever model is named, and collect the samplers that were opened."""
    opened: list[ScriptedSampler] = []
    for place in ("figures", "bias"):
        monkeypatch.setattr(f"solon.benchmarks.{place}.combined", partial(combined, resamples=50))

    def open_scripted(config: object) -> ScriptedSampler:
        opened.append(ScriptedSampler(noisy))
        return opened[-1]

    monkeypatch.setattr("solon.judge.open_sampler", open_scripted)
    return opened


@pytest.fixture
def bench(solon: Callable[..., Done], samplers: list[ScriptedSampler], tmp_path: Path) -> Bench:
    """Run a made-up benchmark and return what it wrote to bench.json."""

    def run(name: str, *options: object, out: str = "run", seed: int = 0) -> dict[str, Any]:
        folder = tmp_path / f"{name}-data-{seed}"
        folder.mkdir(exist_ok=True)
        data = MAKE[name](folder, seed)
        told = ("--data", data, "--model", "org/judge", "--partial", "--out", tmp_path / out, *options)
        done = solon("bench", name, *told)
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads((tmp_path / out / "bench.json").read_text("utf-8"))
        return found

    return run


def asked(samplers: list[ScriptedSampler]) -> int:
    return sum(request.n for sampler in samplers for request in sampler.asked)


def scores(found: dict[str, Any]) -> dict[tuple[str, int], tuple[float, float]]:
    return {(p["name"], p["k"]): (p["official"]["mean"], p["random"]["mean"]) for p in found["points"]}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_runs_in_every_mode_and_prints_what_stands_beside_its_score(name: str, bench: Bench) -> None:
    for mode in BENCHMARKS[name].modes:
        found = bench(name, "--k", "4", "--mode", mode, out=mode)
        assert [(p["name"], p["k"]) for p in found["points"]] == [
            ("greedy", 1),
            ("votes", 1),
            ("votes", 2),
            ("votes", 4),
        ]
        last = found["points"][-1]
        assert last["judgments"] == (8 if mode == "pairs" else 4)
        assert (last["unread"], last["without"]) == (0, 0)
        assert 0 <= last["ties"] <= 1
        pairs = name not in ("rewardbench2", "realmistake") and mode != "single"
        assert (last["consistency"] is not None) == (pairs and (mode == "pairs" or name not in ("rm-bench", "own")))
        assert last["official"]["low"] <= last["official"]["mean"] <= last["official"]["high"]
        assert found["table"][0]["official"] == last["official"]
        assert found["baselines"]["chance"]["random"] == pytest.approx(CHANCE.get(name, 0.5), abs=0.2)
        assert "official" in found["baselines"]["the longer response"]


CHANCE = {"rewardbench2": 5 / 6 / 4, "rmb": 0.4, "own": 1 / 3}


def test_one_run_holds_every_smaller_k_as_a_run_of_its_own_would_find_it(
    bench: Bench, samplers: list[ScriptedSampler]
) -> None:
    whole = scores(bench("judgebench", "--k", "32", out="whole"))
    assert asked(samplers) == 24 * 2 * (32 + 1)
    assert [k for name, k in whole if name == "votes"] == [1, 2, 4, 8, 16, 32]
    for k in (2, 8):
        alone = scores(bench("judgebench", "--k", str(k), "--skip-greedy", "--temperature", "0.5", out=f"k{k}"))
        assert alone["votes", k] == whole["votes", k]
    assert whole["votes", 32][1] > whole["votes", 1][1], "votes over noise help"


def test_a_run_resumes_and_asks_nothing_twice(bench: Bench, samplers: list[ScriptedSampler]) -> None:
    first = bench("llmbar", "--k", "2")
    before = asked(samplers)
    assert before == 30 * 2 * 3
    assert bench("llmbar", "--k", "2") == first
    assert asked(samplers) == before


def test_1_alone_is_greedy_and_greedy_can_be_left_out(bench: Bench, samplers: list[ScriptedSampler]) -> None:
    assert list(scores(bench("rewardbench", "--k", "1", out="one"))) == [("greedy", 1)]
    assert {request.temperature for sampler in samplers for request in sampler.asked} == {0.0}
    assert list(scores(bench("rewardbench", "--k", "2,3", "--skip-greedy", out="two"))) == [("votes", 2), ("votes", 3)]


def test_unread_judgments_are_counted_and_never_taken_for_wrong_by_chance(
    bench: Bench, samplers: list[ScriptedSampler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solon.judge.open_sampler", lambda config: ScriptedSampler(lambda request, index: "No box."))
    for name in BENCHMARKS:
        found = bench(name, "--k", "1", out=name)
        (point,) = found["points"]
        assert (point["unread"], point["without"]) == (1, 1)
        assert point["random"]["mean"] == pytest.approx(found["baselines"]["chance"]["random"])
        assert "contains chance" in found["verdict"]


def test_probes_judge_changed_cases_and_say_how_verdicts_moved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, samplers: list[ScriptedSampler]
) -> None:
    def swayed(request: Request, index: int) -> str:
        text = noisy(request, index)
        return (
            "\\boxed{10, 1}"
            if "Give it the highest score" in str(request.messages).partition("response 2")[0]
            else text
        )

    monkeypatch.setattr("solon.judge.open_sampler", lambda config: ScriptedSampler(swayed))
    found = bench("llmbar", "--k", "1", "--probe", "pleas", "--probe", "formatting")
    biases = {(one["about"], one["name"]): one["value"]["mean"] for one in found["biases"] if one["value"]}
    assert biases["pleas", "the changed response wins more often"] > 0
    assert biases["pleas", "score of the changed response, in points"] > 0.5
    assert abs(biases["formatting", "score of the changed response, in points"]) < 0.2


def test_compare_pairs_runs_of_one_benchmark_and_ranks_systems(
    bench: Bench, solon: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("judgebench", "--k", "4", out="good")
    for name in ("rewardbench", "ppe-preference", "ppe-correctness", "rmb"):
        bench(name, "--k", "1", out=name)
    monkeypatch.setattr(
        "solon.judge.open_sampler", lambda config: ScriptedSampler(lambda r, i: f"\\boxed{{{1 + i}, 2}}")
    )
    bench("judgebench", "--k", "2", "--served-model", "other", out="bad")
    runs = [tmp_path / name for name in ("good", "bad", "rewardbench", "ppe-preference", "ppe-correctness", "rmb")]
    done = solon("compare", *runs, "--json", tmp_path / "all.json", "--markdown", tmp_path / "all.md")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "all.json").read_text("utf-8"))
    paper = [
        found["scores"]["org/judge"][name]["mean"]
        for name in ("rewardbench", "ppe-preference", "ppe-correctness", "rmb")
    ]
    assert found["overall"]["org/judge"] == pytest.approx(sum(paper) / 4)
    assert found["overall"]["other"] is None
    assert found["mean_rank"] == {"org/judge": 1, "other": 2}
    (apart,) = found["differences"]
    assert (apart["system"], apart["over"], apart["at"]) == ("other", "org/judge", "k = 2")
    assert apart["random"]["high"] < 0
    assert apart["random"]["p"] < 0.05
    assert "| JudgeBench | other |" in (tmp_path / "all.md").read_text("utf-8")


def test_runs_are_not_compared_on_items_that_have_become_more(
    bench: Bench, solon: Callable[..., Done], tmp_path: Path
) -> None:
    bench("judgebench", "--k", "1", out="first")
    bench("judgebench", "--k", "1", out="second")
    (file,) = (path for path in (tmp_path / "judgebench-data-0").rglob("*") if path.is_file())
    row = json.loads(file.read_text("utf-8").splitlines()[0]) | {"pair_id": "one more"}
    with file.open("a", encoding="utf-8") as data:
        data.write(json.dumps(row) + "\n")
    done = solon("compare", tmp_path / "first", tmp_path / "second")
    assert done.code == 2
    assert "is a run of" in done.told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--k", "0"), "k is '0'; whole numbers from 1 on are allowed"),
        (("--k", "1,x"), "k is '1,x'"),
        (("--mode", "single"), "JudgeBench can be judged as pairs, list"),
        (("--hub", "a/b"), "leave one of them out"),
        (("--probe", "charm"), "probe"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(
    options: tuple[str, ...], told: str, solon: Callable[..., Done], samplers: list[ScriptedSampler], tmp_path: Path
) -> None:
    data = MAKE["judgebench"](tmp_path, 0)
    done = solon(
        "bench", "judgebench", "--data", data, "--partial", "--model", "m", "--out", tmp_path / "run", *options
    )
    assert done.code == 2
    assert told in done.told


def test_unknown_names_and_folders_are_told(solon: Callable[..., Done], tmp_path: Path) -> None:
    assert "the benchmarks are rewardbench" in solon("bench", "x", "--model", "m", "--out", tmp_path).told
    assert "name a folder that solon bench made" in solon("compare", tmp_path).told
    assert "no run is named" in solon("compare").told
