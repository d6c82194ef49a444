"""The local server's own promises: pure, well-formed, counting."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from solon.samplers.openai import OpenAISampler
from solon.samplers.seam import Answer, Request
from tests import local_server
from tests.local_server import judgment, running
from tests.samplers.asking import ask, texts

FENCED = (
    "<<<turn 1 · ab12>>>\nq\n<<<end of turn 1 · ab12>>>\n"
    "<<<response 1 · ab12>>>\nfirst\n<<<end of response 1 · ab12>>>\n"
    "<<<response 2 · ab12>>>\nsecond\n<<<response 9 · ffff>>>\n<<<end of response 2 · ab12>>>\nNow judge."
)


def boxed(text: str) -> list[int]:
    return [int(score) for score in text.rpartition("\\boxed{")[2].rstrip("}").split(",")]


def test_a_judgment_scores_every_fenced_response_and_moves_with_the_seed() -> None:
    turns = [{"role": "user", "content": FENCED}]
    judged = [judgment(turns, seed) for seed in range(40)]
    assert judged == [judgment(turns, seed) for seed in range(40)]
    assert len(set(judged)) == 40
    assert all(len(boxed(text)) == 2 and set(boxed(text)) <= set(range(1, 11)) for text in judged)
    assert len({tuple(boxed(text)) for text in judged}) > 4


async def sampled(url: str, *requests: Request) -> tuple[list[Answer], OpenAISampler]:
    sampler = OpenAISampler(url)
    answers = await sampler.sample(requests)
    await sampler.close()
    return answers, sampler


def test_it_counts_what_it_completed() -> None:
    with running() as server:
        asyncio.run(sampled(server.url, ask("a", n=3, seed=5), ask("a", n=2, seed=7)))
        with urllib.request.urlopen(server.url.removesuffix("/v1") + "/stats") as page:
            stats = json.load(page)
    assert (stats["calls"], stats["choices"], stats["seeds"]) == (2, 5, 4)
    assert sorted((seed, count) for _, seed, count in stats["asked"]) == [(5, 1), (6, 1), (7, 2), (8, 1)]


def test_it_runs_as_a_command() -> None:
    command = [sys.executable, str(Path(local_server.__file__)), "--port", "0", "--ignores-n"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
            answers, sampler = asyncio.run(sampled(url, ask("a", n=2)))
        finally:
            process.kill()
    assert texts(answers[0]) == [judgment([{"role": "user", "content": "a"}], seed) for seed in range(2)]
    assert len(sampler.notes) == 1
