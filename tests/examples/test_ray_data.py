"""Bulk judging with Ray Data over a scripted sampler: every line comes out once, with the verdict of judging alone."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from solon import Judge
from solon.data import read_cases
from solon.samplers.scripted import ScriptedSampler
from solon.types import LabeledCase

pytest.importorskip("ray", reason="Ray Data is not installed: pip install 'solon[ray]'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
BOX = "Principles:\n- truth (weight: 100%)\n\nAnalysis:\nfine\n\nScores:\n\\boxed{{{}}}"
SCRIPT = {"Ask unread?": "no box", "Ask three?": BOX.format("2, 9, 4"), "Ask": [BOX.format("3, 8"), BOX.format("9, 1")]}


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # Ray's workers would give way to all else on a busy machine
    monkeypatch.syspath_prepend(ROOT / "examples")
    import ray

    module = importlib.import_module("ray_data")
    ray.cloudpickle.register_pickle_by_value(module)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    yield module
    ray.shutdown()


def test_the_example_is_short() -> None:
    assert len((ROOT / "examples" / "ray_data.py").read_text("utf-8").splitlines()) <= 60


def test_every_line_comes_out_with_its_own_verdict(example: ModuleType, tmp_path: Path) -> None:
    import ray.data

    rows: list[dict[str, Any]] = [
        {"id": f"c{i}", "prompt": f"Ask c{i}?", "responses": ["one", "two"]} for i in range(40)
    ]
    rows[7] = {"id": "unread", "prompt": "Ask unread?", "responses": ["one", "two"]}
    rows[8] = {"id": "three", "prompt": "Ask three?", "responses": ["one", "two", "three"], "ratings": [1, 3, 2]}
    lines = [json.dumps(row) for row in rows]
    (tmp_path / "good.jsonl").write_text("\n".join(lines), "utf-8")
    (tmp_path / "cases.jsonl").write_text("\n".join([*lines, '{"id": "bad", "prompt": "?"}', "no JSON"]), "utf-8")
    options = {"model": ScriptedSampler(SCRIPT), "k": 2, "seed": 3}
    found = (
        ray.data.read_text(str(tmp_path / "cases.jsonl"))
        .map_batches(
            example.Judging,
            fn_constructor_args=[options],
            batch_size=8,
            compute=ray.data.ActorPoolStrategy(size=1),
        )
        .take_all()
    )
    faults = sorted(row["fault"] for row in found if row["fault"])
    assert len(faults) == 2
    assert faults[0].startswith("'responses' is") or faults[1].startswith("'responses' is")
    by_id = {row["id"]: row for row in found if not row["fault"]}
    cases = [one.case if isinstance(one, LabeledCase) else one for one in read_cases(tmp_path / "good.jsonl").cases]
    with Judge(ScriptedSampler(SCRIPT), k=2, seed=3) as judge:
        verdicts = judge.batch(cases)
    assert len(found) == 42
    assert by_id.keys() == {case.id for case in cases}
    for case, verdict in zip(cases, verdicts, strict=True):
        row = by_id[case.id]
        assert row["best"] == verdict.best
        assert (None if row["scores"] is None else tuple(row["scores"])) == verdict.scores
        assert (row["read"], row["unread"]) == (len(verdict.judgments), sum(verdict.unread.values()))
    assert by_id["unread"]["scores"] is None
