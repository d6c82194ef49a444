"""The HTTP sampler against the local server: order, seeds, top-up, faults, and errors that name the cure."""

import asyncio
import time
from typing import Any

import pytest

from solon.errors import UserError
from solon.samplers.openai import OpenAISampler
from solon.samplers.seam import Answer, Failure, Request
from solon.types import Image, Message, Text
from tests.local_server import FAULTS, judgment, running, text_of
from tests.samplers.asking import ask, texts


def expected(request: Request) -> list[str]:
    messages = [{"role": turn.role, "content": "".join(p.text for p in turn.content)} for turn in request.messages]
    return [judgment(messages, request.seed + i) for i in range(request.n)]


async def sampled(url: str, *requests: Request, **options: Any) -> list[Answer]:
    sampler = OpenAISampler(url, **options)
    try:
        return await sampler.sample(requests)
    finally:
        await sampler.close()


async def test_answers_come_in_the_order_asked_with_n_samples_each() -> None:
    requests = [ask(f"question {i}", n=i % 3 + 1, seed=10 * i) for i in range(20)]
    with running(latency=0.002) as server:
        answers = await sampled(server.url, *requests)
    assert [texts(answer) for answer in answers] == [expected(request) for request in requests]
    assert server.calls == 20
    assert all(answer.calls == 1 and answer.prompt_tokens == 2 and answer.latency > 0 for answer in answers)


async def test_only_standard_fields_are_sent_and_the_only_model_is_found() -> None:
    with running(models=("judge-7b",)) as server:
        await sampled(server.url, ask("a", seed=3, max_tokens=9))
        await sampled(server.url, ask("b", n=2, stop=("END",), top_logprobs=2))
    first, second = server.bodies
    assert first == {
        "model": "judge-7b",
        "messages": [{"role": "user", "content": "a"}],
        "temperature": 0.0,
        "seed": 3,
        "max_tokens": 9,
    }
    assert second == first | {
        "messages": [{"role": "user", "content": "b"}],
        "seed": 0,
        "max_tokens": 4096,
        "n": 2,
        "stop": ["END"],
        "logprobs": True,
        "top_logprobs": 2,
    }


async def test_extra_body_overrides_and_a_null_leaves_a_field_out() -> None:
    extra = {"max_tokens": None, "max_completion_tokens": 7, "temperature": 0.9}
    with running() as server:
        await sampled(server.url, ask("a"), extra_body=extra)
    assert "max_tokens" not in server.bodies[0]
    assert server.bodies[0] | {"max_completion_tokens": 7, "temperature": 0.9} == server.bodies[0]


async def test_a_prefill_is_a_last_assistant_turn_to_be_continued() -> None:
    with running() as server:
        await sampled(server.url, ask("a", prefill="Principles:"))
    body = server.bodies[0]
    assert body["messages"][-1] == {"role": "assistant", "content": "Principles:"}
    assert (body["add_generation_prompt"], body["continue_final_message"]) == (False, True)


@pytest.mark.parametrize("models", [None, ()])
async def test_without_a_model_list_the_field_is_left_out(models: tuple[str, ...] | None) -> None:
    with running(models=models) as server:
        await sampled(server.url, ask("a"))
    assert "model" not in server.bodies[0]


async def test_several_models_ask_for_a_choice_and_a_chosen_one_is_sent() -> None:
    with running(models=("small", "large")) as server:
        with pytest.raises(UserError, match=r"serves several models: small, large; choose one with --served-model"):
            await sampled(server.url, ask("a"))
        await sampled(server.url, ask("a"), served_model="large")
    assert [body["model"] for body in server.bodies] == ["large"]


async def test_a_listed_model_that_the_server_then_refuses_is_left_out() -> None:
    with running(models=("cached",), pinned="./mine") as server:
        answers = await sampled(server.url, *[ask(str(i)) for i in range(4)])
    assert [texts(answer) for answer in answers] == [expected(ask(str(i))) for i in range(4)]


async def test_a_server_that_ignores_n_still_sees_every_seed_and_is_told_of() -> None:
    requests = [ask("one", n=16, seed=100, temperature=0.5), ask("two", n=16, seed=900, temperature=0.5)]
    with running(ignores_n=True) as server:
        sampler = OpenAISampler(server.url)
        answers = await sampler.sample(requests)
        third = await sampler.sample([ask("three", n=5)])
        await sampler.close()
    assert [texts(answer) for answer in answers] == [expected(request) for request in requests]
    assert texts(third[0]) == expected(ask("three", n=5))
    assert server.seeds >= {*range(100, 116), *range(900, 916)}
    assert set(server.asked.values()) == {1}
    assert [answer.calls for answer in (*answers, *third)] == [16, 16, 5]
    assert third[0].prompt_tokens == 5
    assert all("n" not in body for body in server.bodies[-5:])
    assert len(sampler.notes) == 1
    assert "ignores n" in sampler.notes[0]


async def test_n_in_one_request_against_a_server_that_honors_it() -> None:
    requests = [ask(f"order {i}", n=16, seed=16 * i, temperature=0.5) for i in range(2)]
    with running() as server:
        sampler = OpenAISampler(server.url)
        await sampler.sample(requests)
        await sampler.close()
    assert (server.calls, server.choices, len(server.seeds), sampler.notes) == (2, 32, 32, [])


async def test_faults_of_the_moment_cost_nothing_but_time() -> None:
    requests = [ask(f"question {i}", n=2, seed=i) for i in range(40)]
    with running(fault_share=0.5, faults=FAULTS, stall=5.0) as server:
        answers = await sampled(server.url, *requests, timeout=0.3)
    assert [texts(answer) for answer in answers] == [expected(request) for request in requests]
    assert server.calls > 50
    assert max(answer.calls for answer in answers) > 1


@pytest.mark.parametrize("first", [True, False])
async def test_a_server_that_ignores_n_once_by_fault_is_still_asked_for_n(first: bool) -> None:
    requests = [ask(f"question {i}", n=2) for i in range(6)]
    with running(faults=("fewer",)) as server:
        sampler = OpenAISampler(server.url)
        for i, request in enumerate(requests):
            server.fault_share = float(i == (0 if first else 3))
            assert texts((await sampler.sample([request]))[0]) == expected(request)
        await sampler.close()
    assert (server.calls, sampler.notes) == (7, [])


async def test_a_call_that_keeps_failing_is_a_failure_in_its_place() -> None:
    with running(broken=("bad",)) as server:
        answers = await sampled(server.url, ask("good"), ask("bad", n=3), ask("fine"), retries=1)
    assert [len(answer.samples) for answer in answers] == [1, 3, 1]
    assert texts(answers[0])
    assert texts(answers[2])
    assert answers[1].samples == (Failure("HTTP 500: broken prompt, after 2 tries"),) * 3
    assert answers[1].calls == 2


async def test_a_refused_request_is_not_tried_again_and_carries_the_servers_words() -> None:
    with running(too_long=10) as server:
        answers = await sampled(server.url, ask("a much longer prompt than this server takes"), ask("ok"))
    assert answers[0].samples == (Failure("HTTP 400: the prompt is longer than 10 characters", "too_long"),)
    assert answers[0].calls == 1
    assert texts(answers[1])


async def test_retry_after_is_honored() -> None:
    with running(fault_share=1.0, faults=("429",), retry_after="1") as server:
        started = time.perf_counter()
        answers = await sampled(server.url, ask("a"), timeout=0.5)
        elapsed = time.perf_counter() - started
    assert texts(answers[0])
    assert elapsed >= 1.0


async def test_a_wait_of_a_day_is_not_waited_for() -> None:
    with running(fault_share=1.0, faults=("429",), retry_after="86400") as server:
        answers = await sampled(server.url, ask("a"), timeout=5)
    assert answers[0].samples == (Failure("HTTP 429: not now; it asked to wait 86400 s"),)


async def test_no_more_calls_in_flight_than_concurrency() -> None:
    with running(latency=0.01) as server:
        await sampled(server.url, *[ask(str(i)) for i in range(30)], concurrency=4)
    assert server.most_in_flight == 4


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_a_wrong_key_is_found_at_the_start(key: str | None) -> None:
    with running(api_key="right") as server:
        with pytest.raises(UserError, match=r"HTTP 401: Incorrect API key provided.*--api-key-env"):
            await sampled(server.url, *[ask(str(i)) for i in range(9)], api_key=key)
        assert server.calls == 0
        assert texts((await sampled(server.url, ask("a"), api_key="right"))[0])


async def test_a_key_that_stops_working_ends_the_run() -> None:
    with running() as server:
        sampler = OpenAISampler(server.url)
        await sampler.sample([ask("a")])
        server.api_key = "new"
        with pytest.raises(UserError, match="a call without an API key"):
            await sampler.sample([ask("b", n=2), ask("c")])
        await sampler.close()


async def test_an_unreachable_server_is_a_sentence_with_a_cure() -> None:
    with running() as server:
        gone = server.url
    with pytest.raises(UserError, match=r"cannot reach a server at http://127.*is it running\?"):
        await sampled(gone, *[ask(str(i)) for i in range(9)])


async def test_an_address_without_v1_is_told_of() -> None:
    with running() as server, pytest.raises(UserError, match=r"is not found \(HTTP 404.*usually ends in /v1"):
        await sampled(server.url.removesuffix("/v1"), ask("a"))


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://", "models/judge"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="is not the address of a server"):
        OpenAISampler(url)


@pytest.mark.parametrize("option", [{"concurrency": 0}, {"timeout": 0}])
def test_options_out_of_range_are_refused(option: dict[str, int]) -> None:
    with pytest.raises(UserError, match="at least 1 call"):
        OpenAISampler("http://localhost/v1", **option)  # type: ignore[arg-type]


async def test_an_image_goes_to_its_place_or_is_unsupported() -> None:
    shown = Request((Message("user", (Text("see "), Image("https://x/a.png"), Text(" and judge"))),), n=2)
    with running() as server:
        answers = await sampled(server.url, shown)
        refused = await sampled(server.url, shown, ask("plain"), text_only=True)
    assert server.bodies[0]["messages"][0]["content"] == [
        {"type": "text", "text": "see "},
        {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
        {"type": "text", "text": " and judge"},
    ]
    assert text_of(server.bodies[0]["messages"][0]) == "see [https://x/a.png] and judge"
    assert len(texts(answers[0])) == 2
    assert [getattr(sample, "reason", "") for sample in refused[0].samples] == ["unsupported_content"] * 2
    assert texts(refused[1])


async def test_an_echoed_prompt_is_cut_after_its_mark() -> None:
    request = ask("judge this\n<<<end of response 1 · 0a1b>>>", n=2, echo_mark="<<<end of response 1 · 0a1b>>>")
    with running(echoes=True) as server:
        answers = await sampled(server.url, request)
    assert [text.strip() for text in texts(answers[0])] == expected(request)


def test_one_sampler_serves_one_event_loop_after_another() -> None:
    with running() as server:
        sampler = OpenAISampler(server.url)

        async def once() -> list[str]:
            try:
                return texts((await sampler.sample([ask("a")]))[0])
            finally:
                await sampler.close()

        assert asyncio.run(once()) == asyncio.run(once()) == expected(ask("a"))
