"""A benchmark from end to end over a real server: killed, resumed, and made again without a call."""

import gzip
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.making import real
from tests.samplers.serving import transformers_serve

pytestmark = pytest.mark.slow
pytest.importorskip("fastapi")
pytest.importorskip("matplotlib")
PAIRS = 12
K = 4
SOME = 400_000
"""Bytes of a run file's log: more than the cases, less than the cases and all votes."""


def kept(out: Path) -> int:
    """Count the samples that a run which has ended kept."""
    found = 0
    for path in out.rglob("run.sqlite"):
        with closing(sqlite3.connect(path)) as store:
            found += int(store.execute("select count(*) from samples").fetchone()[0])
    return found


def written(out: Path) -> int:
    """Return how many bytes the votes of a run have written so far; its file is locked."""
    log = out / "votes" / "run.sqlite-wal"
    return log.stat().st_size if log.exists() else 0


def finish(command: list[str], out: Path) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((out / "bench.json").read_text("utf-8"))
    return found


def test_judgebench_over_transformers_serve_is_killed_resumed_and_never_asked_again(tmp_path: Path) -> None:
    from tests.benchmarks import chance

    (file,) = real("official/judgebench").glob("dataset=*")
    data, out = tmp_path / "dataset=some.jsonl", tmp_path / "run"
    data.write_bytes(b"".join(gzip.decompress(file.read_bytes()).splitlines(keepends=True)[:PAIRS]))
    told = ["--data", str(data), "--partial", "--k", str(K), "--max-tokens", "64", "--out", str(out)]
    model = tmp_path / "model"
    with transformers_serve(chance.save(model), seconds=600) as url:
        command = [sys.executable, "-m", "solon.cli", "bench", "judgebench", *told, "--model", url]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while written(out) < SOME and process.poll() is None:
                time.sleep(0.02)
            process.kill()
        before = kept(out)
        assert PAIRS * 2 < before < PAIRS * 2 * (1 + K), "the kill should meet the votes at work"
        resumed = finish(command, out)
    again = finish(command, out) | {"notes": resumed["notes"]}
    assert again == resumed, "the server is gone, so that no call can have been made"
    assert {name: one["samples"] for name, one in resumed["usage"].items()} == {
        "greedy": PAIRS * 2,
        "votes": PAIRS * 2 * K,
    }
    greedy, *votes = resumed["points"]
    assert [(one["k"], one["judgments"]) for one in votes] == [(1, 2), (2, 4), (4, 8)]
    assert 0 < votes[-1]["unread"] < 0.6, "some judgments can be read and some cannot"
    assert greedy["unread"] == 0
    assert greedy["consistency"] == 0, "the greedy judgment is always for the first place"
    assert "the interval contains chance" in resumed["verdict"]
    page = (out / "report.html").read_text("utf-8")
    assert "the interval contains chance" in page
    assert (out / "curve.png").stat().st_size > 10_000
