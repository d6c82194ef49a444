"""Limits of what comes in, and what of it must not go out: bodies, slow clients, logs and figures."""

import asyncio
import json
import time

import pytest

from solon.judge import Judge
from tests.server.serving import Client, Faulty, serving

BODY = json.dumps({"prompt": "Why?", "responses": ["worth 3"]}).encode()


async def raw(client: Client, *pieces: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """Send pieces with a pause after each, and return what came back and how long it took until the end."""
    port = int(client.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            return await reader.read(), time.perf_counter() - began
    except ConnectionError:
        return b"", time.perf_counter() - began
    finally:
        writer.close()


def head(length: int, *more: str) -> bytes:
    lines = ["POST /v1/judge HTTP/1.1", "Host: x", f"Content-Length: {length}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_bodies_over_the_limit_are_413_announced_or_not() -> None:
    large = b"x" * 3000
    async with serving(max_body=2048) as client:
        announced, _ = await raw(client, head(3000), large)
        chunked = b"POST /v1/judge HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        unannounced, _ = await raw(client, chunked + b"%x\r\n%s\r\n" % (len(large), large))
        fitting, _ = await raw(client, head(len(BODY), "Connection: close") + BODY)
    assert announced.startswith(b"HTTP/1.1 413")
    assert unannounced.startswith(b"HTTP/1.1 413")
    assert b'"code": "too_large"' in announced
    assert fitting.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("pieces", "pause"),
    [
        ((), 0.0),
        ((b"POST /v1/judge HTTP/1.1\r\n", *[b"X-Slow: 1\r\n"] * 30), 0.05),
        ((head(len(BODY)) + BODY, b"POST /v1/jud"), 0.1),
    ],
    ids=["nothing", "header by header", "a second request"],
)
async def test_headers_must_arrive_in_time(pieces: tuple[bytes, ...], pause: float) -> None:
    async with serving(arrival=0.3) as client:
        seen, took = await raw(client, *pieces, pause=pause)
    assert took < 2.5
    assert b"HTTP/1.1 408" in seen or not seen


async def test_bodies_must_arrive_in_time() -> None:
    async with serving(arrival=0.3) as client:
        seen, took = await raw(client, head(len(BODY)), BODY[:1], BODY[1:2], pause=0.05)
        slow_engine, _ = await raw(client, head(len(BODY), "Connection: close") + BODY)
    assert seen.startswith(b"HTTP/1.1 408")
    assert took < 2.5
    assert slow_engine.startswith(b"HTTP/1.1 200")


async def test_a_judgment_may_take_longer_than_its_request_may_take_to_arrive() -> None:
    async with serving(Judge(Faulty(hangs=True), k=2), arrival=0.2, answer_within=0.8) as client:
        answer = await client.judge("a")
    assert answer["reason"] == "deadline"


async def test_neither_logs_nor_figures_hold_what_was_judged() -> None:
    secret = "xyzzy"
    for texts in (False, True):
        async with serving(Judge(Faulty(every=2), k=4), log_texts=texts) as client:
            await client.judge(f"{secret} worth 3", prompt=f"{secret}?", id=secret, principles=[secret])
            await client.post("/v1/judge", {"prompt": secret, secret: 1})
            await client.get(f"/{secret}?{secret}=1")
            await client.get(f"/v1/judgments/{secret}")
            _, figures = await client.get("/metrics")
            written = client.logged()
        assert secret not in figures
        assert secret not in written
        assert all(json.loads(line)["event"] for line in written.splitlines())
        assert 'solon_samples_total{outcome="read"}' in figures


async def test_unknown_paths_and_methods_have_the_common_form() -> None:
    async with serving() as client:
        assert await client.get("/nothing") == (404, {"error": {"code": "not_found", "message": "Not Found"}})
        status, told = await client.post("/health", {})
    assert (status, told["error"]["code"]) == (405, "not_allowed")
