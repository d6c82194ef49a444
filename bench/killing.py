"""A run that is killed at random moments and resumed, beside the same run left alone."""

import hashlib
import itertools
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from solon.data import read_cases
from solon.forms import load_form
from solon.types import Case, plain
from tests.local_server import LocalServer, running

ROOT = Path(__file__).parents[1]
SOLON = [sys.executable, "-c", "from solon.cli import main; main()"]
Asked: TypeAlias = tuple[str, int]
"""What the server calls a prompt, and the seed of a sample."""


@dataclass(frozen=True)
class Killed:
    """What became of a run that was killed: `kills` met it at work, `kept` samples of `whole` were there at the last.

    `grew` counts the kills between whose start and blow the run had come to keep more samples.
    `unknown` counts kept samples that the server never made, `twice` those that were kept and asked for again, `again`
    samples made more than once, and `same` tells whether the verdict file is that of a run left alone.
    """

    kills: int
    grew: int
    kept: int
    whole: int
    unknown: int
    twice: int
    again: int
    same: bool


def killed(folder: Path, cases: int, kills: int, seed: int = 7) -> Killed:
    """Judge cases of two and three responses, once in peace and once with so many kills.

    A kill comes some calls and a moment after its run began; so many calls that the run is at work to the last.
    """
    file, rng = folder / "cases.jsonl", random.Random(seed)
    file.write_text("".join(json.dumps(_row(i)) + "\n" for i in range(cases)))
    named = _prompts(file)
    met = grew = unknown = twice = held = 0
    with running(latency=0.02) as server:
        straight, resumed = _command(file, server.url, folder / "left"), _command(file, server.url, folder / "killed")
        finish(straight)
        whole, most = set(server.asked), max(2, server.calls * 4 // (3 * kills))
        server.asked.clear()
        for attempt in range(kills + 1):
            kept, before = _stored(folder / "killed", named, folder / "copy"), server.asked.copy()
            unknown += len(kept - set(before))
            grew, held = grew + (len(kept) > held), len(kept)
            if attempt < kills:
                met += _kill(resumed, server, rng.randrange(most), rng.uniform(0, 0.05))
            else:
                finish(resumed)
            twice += sum(server.asked[pair] > before[pair] for pair in kept)
        again = sum(server.asked.values()) - len(whole)
        same = [(folder / name / "verdicts.jsonl").read_bytes() for name in ("left", "killed")]
        return Killed(
            met, grew, len(kept), len(whole), unknown, twice, again, same[0] == same[1] and set(server.asked) == whole
        )


def finish(command: Sequence[str], **more: Any) -> None:
    """Run a command to its end; `more` is handed on to `subprocess.run`."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr


def _row(i: int) -> dict[str, object]:
    return {"id": f"c{i}", "prompt": f"Ask {i}?", "responses": [f"{i} says {j}" for j in range(2 + i % 2)]}


def _command(file: Path, url: str, out: Path) -> list[str]:
    return [*SOLON, "judge", str(file), "--model", url, "--k", "4", "--concurrency", "8", "--out", str(out)]


def _kill(command: Sequence[str], server: LocalServer, calls: int, pause: float) -> bool:
    """Start a run, kill it so many calls and a moment later, and tell whether it was still at work."""
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    target = server.calls + calls
    while server.calls < target and process.poll() is None:
        time.sleep(0.001)
    time.sleep(pause)
    process.kill()
    return process.wait() == -9


def _prompts(file: Path) -> dict[tuple[str, str], str]:
    """Return by case and order what the server calls their prompt."""
    form, named = load_form("pointwise"), {}
    for case in read_cases(str(file)).cases:
        assert isinstance(case, Case)
        for order in itertools.permutations(range(case.n)):
            prompt = "\n".join(plain(turn.content) for turn in form.render(case, order))
            named[case.id, json.dumps(order)] = hashlib.sha256(prompt.encode()).hexdigest()[:16]
    return named


def _stored(out: Path, named: dict[tuple[str, str], str], copy: Path) -> set[Asked]:
    """Return every sample that a killed run has kept, from a copy of its file."""
    shutil.rmtree(copy, ignore_errors=True)
    if not (out / "run.sqlite").exists():
        return set()
    shutil.copytree(out, copy)
    with closing(sqlite3.connect(copy / "run.sqlite")) as db:
        if not db.execute("SELECT name FROM sqlite_master WHERE name = 'samples'").fetchall():
            return set()
        rows: list[Any] = db.execute("SELECT case_id, shown, seed FROM samples WHERE failure IS NULL").fetchall()
    return {(named[case, order], seed) for case, order, seed in rows}
