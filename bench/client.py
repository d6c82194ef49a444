"""How fast judging over HTTP is, 64 calls in flight, when the server costs nothing.

The HTTP sampler stands beside a raw client that makes the same requests; the judge renders, samples, keeps every sample
in a run file, reads and votes (two responses, so k = 8 is two requests of four samples).

python bench/client.py [--rounds 5] [--json FILE]
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from mock_server import mock_server
from report import Figure, figure, options, show

from solon.judge import Judge
from solon.samplers.openai import OpenAISampler
from solon.samplers.seam import Request, Sampled
from solon.samplers.wire import body_of
from solon.store import Store
from solon.types import Case, Message, content

IN_FLIGHT = 64
CASES = 3000
PROMPT = "Compare the two responses to the question of the user, by principles of your own, and score both. " * 30


def asked(case: int, k: int) -> Request:
    """Return the request for k samples of a case."""
    message = Message("user", content(f"Case {case}. {PROMPT}"))
    return Request((message,), n=k, temperature=0.5 if k > 1 else 0.0, max_tokens=2048, seed=case)


async def in_flight(one: Callable[[int], Awaitable[int]]) -> float:
    """Run one case after the other in 64 lanes and return the samples per second."""
    cases = iter(range(CASES))
    samples = 0

    async def lane() -> None:
        nonlocal samples
        for case in cases:
            got = await one(case)
            samples += got

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
    return samples / (time.perf_counter() - started)


async def with_sampler(url: str, k: int) -> float:
    """Measure the sampler, its answers read and counted."""
    sampler = OpenAISampler(url, concurrency=IN_FLIGHT)

    async def one(case: int) -> int:
        answer = (await sampler.sample([asked(case, k)]))[0]
        return sum(isinstance(sample, Sampled) for sample in answer.samples)

    try:
        return await in_flight(one)
    finally:
        await sampler.close()


async def with_raw_client(url: str, k: int) -> float:
    """Measure a bare client that posts the same bodies and parses the answers."""
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(case: int) -> int:
            async with session.post(
                f"{url}/chat/completions", data=body_of(asked(case, k), k, case, "mock", {})
            ) as seen:
                return len(json.loads(await seen.read())["choices"])

        return await in_flight(one)


async def with_judge(url: str, k: int) -> float:
    """Measure the whole way from cases to verdicts, with a run file."""
    responses = (content(PROMPT[:1500]), content(PROMPT[:1500]))
    cases = [Case(str(i), (Message("user", content(f"Case {i}")),), responses) for i in range(CASES)]
    with tempfile.TemporaryDirectory() as folder:
        async with Judge(url, k=k, concurrency=IN_FLIGHT) as judge:
            with Store(Path(folder) / "run.sqlite", judge.identity()) as store:
                started = time.perf_counter()
                verdicts = await judge.judge(cases, store)
                return sum(len(verdict.judgments) for verdict in verdicts) / (time.perf_counter() - started)


def main() -> None:
    """Measure all in turn, round by round."""
    given = options(__doc__ or "", rounds=5)
    rates: dict[tuple[str, int], list[float]] = {}
    with mock_server() as url:
        for _ in range(given.rounds):
            for k in (1, 8):
                rates.setdefault(("sampler", k), []).append(asyncio.run(with_sampler(url, k)))
                rates.setdefault(("raw client", k), []).append(asyncio.run(with_raw_client(url, k)))
                rates.setdefault(("judge", k), []).append(asyncio.run(with_judge(url, k)))
    figures: list[Figure] = []
    for (client, k), values in rates.items():
        target = {1: 600.0, 8: 3000.0}[k] if client != "raw client" else None
        figures.append(figure(f"{client}, k = {k}: {'judgments' if k == 1 else 'samples'}/s", values, target))
    show(f"{CASES} requests, {IN_FLIGHT} in flight, zero-latency server", figures, given.json)


if __name__ == "__main__":
    main()
