"""The synchronous door: from anywhere, closed by anyone, and never left open behind a caller's back."""

import asyncio
import gc
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import solon
from solon.door import Door
from solon.errors import UserError
from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from tests.judge.judging import cases, fair, scripted
from tests.local_server import running

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

PROGRAMS = [
    """
import solon
with solon.Judge(URL, k=2) as judge:
    print(len(judge("Why?", ["a", "b"]).scores))
""",
    """
import solon
judge = solon.Judge(URL, k=2)
print(len(judge("Why?", ["a", "b"]).scores))
judge.close()
""",
    """
import solon
judge = solon.Judge(URL, k=2)
print(len(judge("Why?", ["a", "b"]).scores))
""",
    """
import asyncio, solon
from tests.judge.judging import cases

async def main():
    async with solon.Judge(URL, k=2) as judge:
        print(len((await judge.judge(cases(1)))[0].scores))
asyncio.run(main())
""",
]


async def nothing() -> None:
    """Be the last thing that a door awaits."""


def threads() -> int:
    """Count the open doors, after those that earlier tests forgot are closed."""
    gc.collect()
    return sum(thread.name == "solon" for thread in threading.enumerate())


async def test_it_opens_inside_a_running_loop() -> None:
    with scripted(k=2)[0] as judge:
        assert judge("Why?", ["worth 3", "worth 4"]).scores == (3.0, 4.0)
        assert await judge.judge(cases(2)) == judge.batch(cases(2))


def test_several_threads_share_it() -> None:
    with scripted(k=2)[0] as judge, ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda i: judge(f"Why {i}?", ["worth 3", f"worth {i}"]), range(1, 11)))
    assert [verdict.scores for verdict in verdicts] == [(3.0, float(i)) for i in range(1, 11)]


def test_errors_come_through_as_they_are() -> None:
    def script(*_: Any) -> str:
        raise UserError("the key expired")

    with Judge(ScriptedSampler(script)) as judge, pytest.raises(UserError, match=r"^the key expired$"):
        judge("Why?", ["a"])


def test_the_sampler_is_closed_in_the_loop_that_used_it() -> None:
    loops = []

    class Noted(ScriptedSampler):
        async def sample(self, requests: Any) -> Any:
            loops.append(asyncio.get_running_loop())
            return await super().sample(requests)

        async def close(self) -> None:
            loops.append(asyncio.get_running_loop())

    before = threads()
    with Judge(Noted(fair), k=1) as judge:
        judge("Why?", ["worth 1"])
    assert loops[0] is loops[1]
    assert loops[0].is_closed()
    assert threads() == before
    judge.close()
    assert len(loops) == 3


def test_a_forgotten_judge_is_closed_when_it_is_collected() -> None:
    closed = []

    class Noted(ScriptedSampler):
        async def close(self) -> None:
            closed.append(True)

    before = threads()
    judge = Judge(Noted(fair), k=1)
    judge("Why?", ["worth 1"])
    assert threads() == before + 1
    del judge
    gc.collect()
    assert closed == [True]
    assert threads() == before


def test_an_interrupt_ends_what_runs_behind_the_door() -> None:
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            ended.set()

    door = Door(nothing)
    caller = threading.get_ident()
    threading.Timer(0.1, lambda: signal.pthread_kill(caller, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        door(forever())
    assert ended.is_set()
    door.close()
    door.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_over_http_ends_without_a_word(program: str) -> None:
    with running() as server:
        code = program.replace("URL", repr(server.url))
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")


def test_the_first_example_of_the_readme() -> None:
    with running(models=("Qwen/Qwen3-8B",)) as server:
        judge = solon.Judge(server.url, served_model="Qwen/Qwen3-8B", k=8)
        verdict = judge("Explain entropy to a child.", ["It is a measure of ...", "Entropy is how messy ..."])
        judge.close()
    assert verdict.scores is not None
    assert len(verdict.scores) == 2
    assert verdict.best in (0, 1, None)
    assert [principle.text for principle in verdict.judgments[0].principles] == [
        "accuracy: is it right?",
        "clarity: is it clear?",
    ]
    assert server.calls == 2
