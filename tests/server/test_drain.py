"""The command in a process of its own: it starts, and on SIGTERM answers what is under way and ends."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.local_server import running
from tests.server.serving import free_port

pytestmark = pytest.mark.slow


@asynccontextmanager
async def process(*arguments: object) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `solon serve` until the end of the block, at the latest."""
    port = free_port()
    command = [sys.executable, "-m", "solon.cli", "serve", "--port", str(port), *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as one:  # noqa: ASYNC220 - its end is awaited in a thread
        url = f"http://127.0.0.1:{port}"
        try:
            async with asyncio.timeout(60):
                while not await answers(url):  # noqa: ASYNC110 - another process tells in no other way
                    await asyncio.sleep(0.05)
            yield url, one
        finally:
            one.kill()


async def answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/ready") as seen:
            return seen.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def judge(session: aiohttp.ClientSession, url: str, i: int) -> dict[str, Any]:
    body = {"id": f"n{i}", "prompt": f"Question {i}?", "responses": [f"one {i}", f"two {i}"]}
    async with session.post(f"{url}/v1/judge", json=body) as seen:
        return {"status": seen.status} | json.loads(await seen.read())


async def under_way(session: aiohttp.ClientSession, url: str, count: int) -> None:
    """Wait until so many requests have come in: the system may still hold connections that nobody has accepted."""
    told: dict[str, Any] = {"open": 0}
    while told["open"] < count:
        async with session.get(f"{url}/ready") as seen:
            told = json.loads(await seen.read())


async def end(one: subprocess.Popen[bytes]) -> tuple[float, bytes]:
    began = time.perf_counter()
    one.send_signal(signal.SIGTERM)
    _, written = await asyncio.to_thread(one.communicate)
    return time.perf_counter() - began, written


async def test_sigterm_under_load_answers_everything_and_nothing_is_asked_twice_after_a_restart(tmp_path: Path) -> None:
    with running(latency=2.0) as model:
        options = ("--model", model.url, "--k", 4, "--out", tmp_path, "--in-flight", 20, "--drain", 30)
        async with process(*options) as (url, one), aiohttp.ClientSession() as session:
            asked = [asyncio.create_task(judge(session, url, i)) for i in range(60)]
            await under_way(session, url, 60)
            took, written = await end(one)
            first = await asyncio.gather(*asked)
        assert one.returncode == 0
        assert took < 30
        assert all(answer["status"] == 200 and answer["valid"] == [True, True] for answer in first)
        assert b"Question" not in written
        before = model.calls
        async with process(*options) as (url, one), aiohttp.ClientSession() as session:
            again = await asyncio.gather(*(judge(session, url, i) for i in range(60)))
            async with session.get(f"{url}/v1/judgments/n7") as seen:
                assert json.loads(await seen.read())["scores"] == again[7]["scores"]
            await end(one)
        assert [answer["scores"] for answer in again] == [answer["scores"] for answer in first]
        assert model.calls == before
        assert set(model.asked.values()) == {1}


async def test_what_cannot_be_judged_by_the_end_of_the_drain_is_answered_without_a_reward(tmp_path: Path) -> None:
    with running(latency=30) as model:
        options = ("--model", model.url, "--k", 2, "--drain", 2, "--group-wait", 40)
        async with process(*options) as (url, one), aiohttp.ClientSession() as session:
            asked = [asyncio.create_task(judge(session, url, i)) for i in range(8)]
            sample = {"prompt": "Question?", "response": "an answer"}
            waiting = asyncio.create_task(session.post(f"{url}/slime?form=object&group_size=8", json=sample))
            await under_way(session, url, 9)
            took, _ = await end(one)
            told = await asyncio.gather(*asked)
            member = await (await waiting).json()
    assert took < 15, "not as long as the model takes"
    assert {(answer["status"], answer["reason"]) for answer in told} == {(200, "shutting_down")}
    assert (member["score"], member["solon_valid"]) == (5.5, 0.0)
