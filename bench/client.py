"""How fast the HTTP sampler is beside a raw client that makes the same requests, 64 in flight, a server that is free.

python bench/client.py [--rounds 5] [--json FILE]
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp
from mock_server import mock_server
from report import Figure, figure, options, show

from solon.samplers.openai import OpenAISampler
from solon.samplers.seam import Request, Sampled
from solon.samplers.wire import body_of
from solon.types import Message, content

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


def main() -> None:
    """Measure both clients in turn, round by round."""
    given = options(__doc__ or "", rounds=5)
    rates: dict[tuple[str, int], list[float]] = {}
    with mock_server() as url:
        for _ in range(given.rounds):
            for k in (1, 8):
                rates.setdefault(("sampler", k), []).append(asyncio.run(with_sampler(url, k)))
                rates.setdefault(("raw client", k), []).append(asyncio.run(with_raw_client(url, k)))
    figures: list[Figure] = []
    for (client, k), values in rates.items():
        target = {1: 600.0, 8: 3000.0}[k] if client == "sampler" else None
        figures.append(figure(f"{client}, k = {k}: {'judgments' if k == 1 else 'samples'}/s", values, target))
    show(f"{CASES} requests, {IN_FLIGHT} in flight, zero-latency server", figures, given.json)


if __name__ == "__main__":
    main()
