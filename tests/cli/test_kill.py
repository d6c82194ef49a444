"""A run that is killed and resumed, and the same run under other circumstances: the verdict file is the same."""

import hashlib
import itertools
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from solon.data import read_cases
from solon.forms import load_form
from solon.types import Case, plain
from tests.cli.rows import row
from tests.local_server import LocalServer, running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KILLS = 20
Asked: TypeAlias = tuple[str, int]
"""What the server calls a prompt, and the seed of a sample."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of 300 cases with two and three responses."""
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row(f"c{i}", 2 + i % 2)) + "\n" for i in range(300)))
    return path


def command(file: Path, url: str, out: Path, concurrency: int = 8) -> list[str]:
    options = ["--model", url, "--k", "4", "--concurrency", str(concurrency), "--out", str(out)]
    return [sys.executable, "-c", "from solon.cli import main; main()", "judge", str(file), *options]


def finish(command: list[str], **environment: str) -> None:
    """Run a command to its end."""
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def kill(command: list[str], server: LocalServer, rng: random.Random) -> bool:
    """Start a run, kill it some calls and a moment later, and tell whether it was still at work."""
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    target, pause = server.calls + rng.randrange(30), rng.uniform(0, 0.05)
    while server.calls < target and process.poll() is None:
        time.sleep(0.001)
    time.sleep(pause)
    process.kill()
    return process.wait() == -9


def prompts(file: Path) -> dict[tuple[str, str], str]:
    """Return by case and order what the server calls their prompt."""
    form, named = load_form("pointwise"), {}
    for case in read_cases(file).cases:
        assert isinstance(case, Case)
        for order in itertools.permutations(range(case.n)):
            prompt = "\n".join(plain(turn.content) for turn in form.render(case, order))
            named[case.id, json.dumps(order)] = hashlib.sha256(prompt.encode()).hexdigest()[:16]
    return named


def stored(out: Path, named: dict[tuple[str, str], str], copies: Path) -> set[Asked]:
    """Return every sample that a killed run has kept, from a copy of its file."""
    shutil.rmtree(copies, ignore_errors=True)
    if not (out / "run.sqlite").exists():
        return set()
    shutil.copytree(out, copies)
    with closing(sqlite3.connect(copies / "run.sqlite")) as db:
        if not db.execute("SELECT name FROM sqlite_master WHERE name = 'samples'").fetchall():
            return set()
        rows: list[Any] = db.execute("SELECT case_id, shown, seed FROM samples WHERE failure IS NULL").fetchall()
    return {(named[case, order], seed) for case, order, seed in rows}


def test_a_run_killed_twenty_times_asks_for_nothing_twice(file: Path, tmp_path: Path) -> None:
    rng, named, kills = random.Random(7), prompts(file), 0
    with running(latency=0.02) as server:
        finish(command(file, server.url, tmp_path / "straight"))
        whole = set(server.asked)
        server.asked.clear()
        resumed = command(file, server.url, tmp_path / "killed")
        for attempt in range(KILLS + 1):
            kept, before = stored(tmp_path / "killed", named, tmp_path / "copy"), server.asked.copy()
            assert kept <= set(before)
            if attempt < KILLS:
                kills += kill(resumed, server, rng)
            else:
                finish(resumed)
            assert {pair: server.asked[pair] for pair in kept} == {pair: before[pair] for pair in kept}
    assert kills == KILLS
    assert 300 < len(kept) < 1200, "most kills should meet a run that is at work"
    assert len(whole) == 1200
    assert set(server.asked) == whole
    straight = (tmp_path / "straight" / "verdicts.jsonl").read_bytes()
    assert (tmp_path / "killed" / "verdicts.jsonl").read_bytes() == straight


def test_hash_seeds_and_concurrency_change_nothing(file: Path, tmp_path: Path) -> None:
    written = set()
    with running() as server:
        for seed, concurrency in (("0", 1), ("1", 8), ("2", 64)):
            out = tmp_path / seed
            finish(command(file, server.url, out, concurrency), PYTHONHASHSEED=seed)
            written.add((out / "verdicts.jsonl").read_bytes())
    assert len(written) == 1
