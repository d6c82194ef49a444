"""Several servers share the calls, and a server that is down costs nothing but time, as long as patience lasts."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from solon.errors import UserError
from solon.samplers.breaker import Outage
from solon.samplers.openai import OpenAISampler
from solon.samplers.seam import Answer, Failure, Request
from tests.local_server import LocalServer, judgment, running
from tests.samplers.asking import ask, texts

SOON = Outage(first=0.05, longest=0.2, patience=30.0)
PROBE = "/v1/models"
QUESTIONS = [ask(f"question {i}", n=i % 2 + 1, seed=10 * i, temperature=0.5) for i in range(48)]


def expected(requests: list[Request]) -> list[list[str]]:
    """What a single server that nothing happens to says."""
    turns = [[{"role": "user", "content": request.messages[0].content[0].text}] for request in requests]  # type: ignore[union-attr]
    return [[judgment(t, r.seed + i) for i in range(r.n)] for t, r in zip(turns, requests, strict=True)]


def said(answers: list[Answer]) -> list[list[str]]:
    return [texts(answer) for answer in answers]


class Asking:
    """A sampler of these servers, closed in the end."""

    def __init__(self, *servers: LocalServer | str, **options: Any) -> None:
        urls = [server if isinstance(server, str) else server.url for server in servers]
        self.sampler = OpenAISampler(",".join(urls), **({"outage": SOON} | options))

    async def __aenter__(self) -> OpenAISampler:
        return self.sampler

    async def __aexit__(self, *raised: object) -> None:
        await self.sampler.close()


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.005)


async def test_two_servers_share_the_load_evenly_and_concurrency_is_for_both() -> None:
    with running(latency=0.01) as one, running(latency=0.01) as two:
        async with Asking(one, f" {two.url}", concurrency=8) as sampler:
            assert said(await sampler.sample(QUESTIONS)) == expected(QUESTIONS)
    assert one.calls + two.calls == len(QUESTIONS)
    assert abs(one.calls - two.calls) <= 8
    assert one.most_in_flight <= 4 >= two.most_in_flight
    assert sampler.notes == []


async def test_the_less_busy_server_gets_more() -> None:
    with running(latency=0.1) as slow, running(latency=0.002) as quick:
        async with Asking(slow, quick, concurrency=4) as sampler:
            await sampler.sample(QUESTIONS)
    assert quick.calls > 2 * slow.calls > 0


async def test_calls_one_after_the_other_go_in_turn() -> None:
    with running() as one, running() as two:
        async with Asking(one, two) as sampler:
            for question in QUESTIONS[:6]:
                await sampler.sample([question])
    assert (one.calls, two.calls) == (3, 3)


@pytest.mark.parametrize("out", ["reset", "503"])
async def test_one_of_two_dies_and_the_texts_are_those_of_a_single_server(out: str) -> None:
    with running(latency=0.01) as dying, running(latency=0.01) as living:
        async with Asking(dying, living, concurrency=8, retries=1) as sampler:
            asked = asyncio.create_task(sampler.sample(QUESTIONS))
            await until(lambda: dying.calls >= 6)
            dying.out = out
            assert said(await asked) == expected(QUESTIONS)
    assert 6 <= dying.calls < len(QUESTIONS) // 2
    assert living.calls > len(QUESTIONS) // 2


async def test_a_call_that_failed_is_tried_on_the_other_server_first() -> None:
    with running(broken=("question 0",)) as broken, running(latency=0.2) as good:
        async with Asking(broken, good, retries=1) as sampler:
            answers = await sampler.sample([ask("question 0"), ask("x"), ask("y"), ask("z")])
    assert all(texts(answer) for answer in answers)
    assert answers[0].calls == 2


async def test_servers_that_do_not_answer_at_the_start_are_noted_and_left_out_until_they_do() -> None:
    with running() as gone:
        closed = gone.url
    with running(out="reset") as late, running() as there:
        async with Asking(closed, late, there, retries=0) as sampler:
            assert said(await sampler.sample(QUESTIONS)) == expected(QUESTIONS)
            assert [note.partition(" did not")[0] for note in sampler.notes] == [
                f"The server at {closed}",
                f"The server at {late.url}",
            ]
            assert late.calls == 0
            late.out, calls = None, there.calls
            for _ in range(100):
                await sampler.sample(QUESTIONS[:4])
                if late.calls > 20:
                    break
                await asyncio.sleep(0.02)
    assert late.calls > 20
    assert there.calls > calls


async def test_a_server_that_died_comes_back_and_is_used_again() -> None:
    with running(latency=0.01) as one, running(latency=0.01) as two:
        async with Asking(one, two, concurrency=4, outage=Outage(faults=2, first=0.05, longest=0.1)) as sampler:
            await sampler.sample(QUESTIONS[:4])
            one.out = "reset"
            assert said(await sampler.sample(QUESTIONS)) == expected(QUESTIONS)
            one.out, before = None, one.calls
            await asyncio.sleep(0.1)
            assert said(await sampler.sample(QUESTIONS)) == expected(QUESTIONS)
    assert one.calls - before > len(QUESTIONS) // 4


async def test_no_server_at_all_is_a_sentence_that_names_them() -> None:
    with running() as first, running() as second:
        urls = first.url, second.url
    async with Asking(*urls) as sampler:
        with pytest.raises(
            UserError, match=rf"cannot reach a server at {urls[0]} \(.*\) or at {urls[1]} \(.*running\?"
        ):
            await sampler.sample(QUESTIONS)


def test_every_address_must_be_one() -> None:
    for urls in ("http://a/v1,b:8000/v1", "http://a/v1,"):
        with pytest.raises(UserError, match="is not the address of a server"):
            OpenAISampler(urls)


async def test_the_first_server_that_lists_a_model_decides() -> None:
    with running(models=None) as silent, running(models=("judge-7b",)) as listing:
        async with Asking(silent, listing) as sampler:
            await sampler.sample(QUESTIONS[:4])
    assert {body.get("model") for body in silent.bodies + listing.bodies} == {"judge-7b"}


@pytest.mark.parametrize(
    ("first", "second", "chosen", "told"),
    [
        (("small",), ("large",), None, "{0} serves 'small' and {1} serves large"),
        (("small",), ("small", "large"), None, None),
        (("small",), ("small", "large"), "large", "{1} serves 'large' and {0} serves small"),
        (("cached",), ("other",), "./mine", None),
    ],
)
async def test_all_servers_must_serve_the_same_model(
    first: tuple[str, ...], second: tuple[str, ...], chosen: str | None, told: str | None
) -> None:
    with ExitStack() as stack:
        one, two = (stack.enter_context(running(models=models)) for models in (first, second))
        async with Asking(one, two, served_model=chosen) as sampler:
            if told is None:
                assert said(await sampler.sample(QUESTIONS)) == expected(QUESTIONS)
            else:
                with pytest.raises(UserError, match=told.format(one.url, two.url)):
                    await sampler.sample(QUESTIONS)
                assert one.calls + two.calls == 0


async def test_a_server_that_comes_back_with_another_model_ends_the_run() -> None:
    with running(models=("small",)) as server:
        async with Asking(server, concurrency=16) as sampler:
            await sampler.sample(QUESTIONS[:1])
            server.out = "reset"
            asked = asyncio.create_task(sampler.sample(QUESTIONS))
            await until(lambda: PROBE in server.turned_away)
            server.models, server.out = ("large",), None
            with pytest.raises(UserError, match=r"serves 'small' and .* serves large"):
                await asked
    assert {body["model"] for body in server.bodies} == {"small"}


@pytest.mark.parametrize("out", ["reset", "503"])
async def test_the_only_server_goes_away_and_every_sample_still_arrives(out: str) -> None:
    with running(latency=0.02) as server:
        async with Asking(server, concurrency=16, retries=1) as sampler:
            asked = asyncio.create_task(sampler.sample(QUESTIONS))
            await until(lambda: server.calls >= 20)
            server.out = out
            await asyncio.sleep(1.5)
            assert not asked.done()
            server.out = None
            assert said(await asked) == expected(QUESTIONS)
    assert sampler.notes == []


async def test_while_the_only_server_is_down_one_call_at_a_time_finds_out() -> None:
    with running(latency=0.02) as server:
        async with Asking(server, concurrency=16) as sampler:
            await sampler.sample(QUESTIONS[:1])
            server.out = "reset"
            asked = asyncio.create_task(sampler.sample(QUESTIONS))
            await until(lambda: PROBE in server.turned_away and server.turning_away <= 1)
            server.most_turned_away, seen = 0, len(server.turned_away)
            await asyncio.sleep(0.8)
            assert server.most_turned_away == 1
            assert 2 <= len(server.turned_away[seen:]) <= 10
            assert set(server.turned_away[seen:]) == {PROBE}
            server.out = None
            assert said(await asked) == expected(QUESTIONS)


async def test_a_lone_call_outlasts_an_outage_that_its_own_tries_would_not() -> None:
    with running() as server:
        async with Asking(server, outage=Outage(faults=2, first=0.05, longest=0.1), retries=1) as sampler:
            await sampler.sample(QUESTIONS[:1])
            server.out = "reset"
            asked = asyncio.create_task(sampler.sample(QUESTIONS[1:2]))
            await asyncio.sleep(1.0)
            server.out = None
            (answer,) = await asked
    assert [texts(answer)] == expected(QUESTIONS[1:2])
    assert answer.calls == 2


async def test_an_outage_longer_than_patience_ends_in_failures_quickly() -> None:
    with running() as server:
        async with Asking(server, concurrency=8, outage=Outage(first=0.05, longest=0.1, patience=0.4)) as sampler:
            await sampler.sample(QUESTIONS[:1])
            server.out = "503"
            started = time.monotonic()
            answers = await sampler.sample(QUESTIONS)
            assert 0.4 <= time.monotonic() - started < 5.0
            samples = [sample for answer in answers for sample in answer.samples]
            assert all(isinstance(sample, Failure) and sample.reason == "failed_call" for sample in samples)
            assert len(samples) == sum(request.n for request in QUESTIONS)
            assert all(f"the call failed: {server.url} has been down for" in one.detail for one in samples)  # type: ignore[union-attr]
            assert all("s (HTTP 503: down)" in one.detail for one in samples)  # type: ignore[union-attr]
            server.out = None
            await asyncio.sleep(0.1)
            assert said(await sampler.sample(QUESTIONS)) == expected(QUESTIONS), "and it is used again when it is back"


async def test_requests_that_a_server_cannot_digest_do_not_keep_the_others_waiting() -> None:
    poison = tuple(f"poison {i}" for i in range(24))
    with running(broken=poison) as server:
        async with Asking(server, retries=0, outage=Outage(first=60.0)) as sampler:
            answers = await sampler.sample([ask(text) for text in poison] + QUESTIONS)
    assert {answer.samples for answer in answers[:24]} == {(Failure("HTTP 500: broken prompt"),)}
    assert said(answers[24:]) == expected(QUESTIONS)


def test_one_fleet_serves_one_event_loop_after_another() -> None:
    with running() as one, running() as two:
        sampler = OpenAISampler(f"{one.url},{two.url}")

        async def once() -> list[list[str]]:
            try:
                return said(await sampler.sample(QUESTIONS))
            finally:
                await sampler.close()

        assert asyncio.run(once()) == asyncio.run(once()) == expected(QUESTIONS)
