"""A run that is killed and resumed, and the same run under other circumstances: the verdict file is the same."""

import json
import os
from pathlib import Path

import pytest

from bench.killing import SOLON, finish, killed
from tests.cli.rows import row
from tests.local_server import running

pytestmark = pytest.mark.slow

KILLS = 20


def test_a_run_killed_twenty_times_asks_for_nothing_twice(tmp_path: Path) -> None:
    seen = killed(tmp_path, 300, KILLS)
    assert (seen.kills, seen.whole, seen.unknown, seen.twice) == (KILLS, 1200, 0, 0)
    assert seen.kept < 1200
    assert seen.grew > KILLS / 2, "most kills should meet a run that is at work"
    assert seen.same


def test_hash_seeds_and_concurrency_change_nothing(tmp_path: Path) -> None:
    file, written = tmp_path / "cases.jsonl", set()
    file.write_text("".join(json.dumps(row(f"c{i}", 2 + i % 2)) + "\n" for i in range(300)))
    with running() as server:
        for seed, concurrency in (("0", 1), ("1", 8), ("2", 64)):
            out = tmp_path / seed
            options = ["--model", server.url, "--k", "4", "--concurrency", str(concurrency), "--out", str(out)]
            finish([*SOLON, "judge", str(file), *options], env=os.environ | {"PYTHONHASHSEED": seed})
            written.add((out / "verdicts.jsonl").read_bytes())
    assert len(written) == 1
