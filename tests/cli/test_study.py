"""`solon sandbox study` and `compare` in small: cells are made once, and what they earned can be compared."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solon.report.cells import read_cells
from tests.cli.conftest import Done

pytestmark = pytest.mark.slow


def test_cells_are_made_once_and_hold_what_every_case_earned(solon: Callable[..., Done], tmp_path: Path) -> None:
    command = ("sandbox", "study", "--seeds", 7, "--only", "base", "--only", "rft_failed", "--sizes", "tiny")
    done = solon(*command, "--out", tmp_path)
    assert done.code == 0, done.told
    assert "base, seed 7" in done.out
    cells = read_cells(tmp_path / "cells")
    assert {name: list(seeds) for name, seeds in cells.items()} == {"base": [7], "rft_failed": [7]}
    test, unseen = cells["base"][7]
    assert (test["setting"], unseen["setting"], test["cases"]) == ("test", "unseen", 8)
    assert {k: len(values) for k, values in test["earned"]["votes"].items()} == {"1": 8, "2": 8, "4": 8}
    assert len(test["earned"]["greedy"]) == 8
    assert len(test["kinds"]) == 8
    assert 0.5 < test["rules"]["votes"]["checks true"] <= 1
    assert cells["rft_failed"][7][0]["cost"]["trained"] > 0
    assert cells["rft_failed"][7][0]["seconds"] > 0
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    again = solon(*command, "--out", tmp_path)
    assert again.code == 0
    assert "base, seed 7" not in again.out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()} == made


def test_claims_are_printed_and_written(solon: Callable[..., Done], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = {name: tmp_path / "told" / name for name in ("found.json", "found.md", "found.png")}
    options = (f"--{'markdown' if path.suffix == '.md' else path.suffix[1:]}={path}" for path in files.values())
    command = ("sandbox", "study", "--seeds", 7, "--only", "base", "--sizes", "tiny", "--out", tmp_path)
    done = solon(*command, *options)
    assert done.code == 0, done.told
    assert "voting grows with k" in done.out
    found = json.loads(files["found.json"].read_text("utf-8"))
    assert [(arm["arm"], arm["setting"], arm["seeds"]) for arm in found["arms"]] == [
        ("base", "test", 1),
        ("base", "unseen", 1),
    ]
    assert {claim["verdict"] for claim in found["claims"]} == {"not run"}
    assert found["claims"][0]["missing"] == ["rl on 0 of 3 seeds"]
    assert 0.5 < found["facts"][0]["value"]["mean"] <= 1
    assert "| C1 | voting grows with k | not run | lacks rl on 0 of 3 seeds |" in files["found.md"].read_text("utf-8")
    assert files["found.png"].read_bytes().startswith(b"\x89PNG")


def test_judges_are_compared_on_the_same_cases(solon: Callable[..., Done], tmp_path: Path) -> None:
    from solon.sandbox import checkpoint

    figures = tmp_path / "figures.json"
    done = solon("sandbox", "compare", checkpoint(), checkpoint(), "--count", 6, "--k", 2, "--json", figures)
    assert done.code == 0, done.told
    rows = json.loads(figures.read_text("utf-8"))
    assert [(row["k"], row["cases"]) for row in rows] == [(1, 6), (2, 6), (1, 6), (2, 6)]
    assert "gains" not in rows[0]
    assert {tuple(gain) for gain in rows[2]["gains"].values() if gain} == {(0, 0, 0)}, (
        "a judge gains nothing over itself"
    )
    mean, low, high = rows[0]["checks true"]
    assert 0.5 < low <= mean <= high <= 1


@pytest.mark.parametrize(("flag", "value"), [("--only", "nothing"), ("--sizes", "huge")])
def test_what_is_not_there_is_named(solon: Callable[..., Done], tmp_path: Path, flag: str, value: str) -> None:
    done = solon("sandbox", "study", flag, value, "--out", tmp_path)
    assert done.code == 2
    assert value in done.told
