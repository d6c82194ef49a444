"""Every protocol against engines that work, fail, hang and die: in time, in its own form, and never a silent 0."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from solon.errors import UserError
from solon.judge import Judge
from solon.server.app import create_app
from solon.server.settings import Settings
from tests.judge.judging import boxed, fair, shown
from tests.server.serving import Client, Faulty, judging, serving

PROMPT = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"


def said(text: str) -> dict[str, Any]:
    return {"output": [{"type": "reasoning"}, {"type": "message", "content": [{"type": "output_text", "text": text}]}]}


def verify(text: str) -> dict[str, Any]:
    return {"responses_create_params": {"input": "Why?"}, "response": said(text), "kept": [1]}


def chat(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": text}]}


ASKED: dict[str, Callable[[str], dict[str, Any]]] = {
    "/v1/judge": lambda text: {"prompt": "Why?", "responses": [text], "deadline_s": 0.4},
    "/v1/judge/batch": lambda text: {"items": [{"prompt": "Why?", "responses": [text], "deadline_s": 0.4}]},
    "/get_reward?deadline_s=0.4": lambda text: {"query": [PROMPT + text], "prompts": [PROMPT], "labels": [None]},
    "/slime?deadline_s=0.4": lambda text: {"prompt": "Why?", "response": text, "label": None},
    "/slime?form=object&deadline_s=0.4": lambda text: {"prompt": "Why?", "response": text, "label": "42"},
    "/verify?deadline_s=0.4": verify,
    "/compare?deadline_s=0.4": lambda text: {
        "conversation_history": [{"role": "user", "content": "Why?"}],
        "response_objs": [said(text), said(text)],
    },
    "/classify?deadline_s=0.4": lambda text: {"model": "m", "input": PROMPT + text, "use_activation": False},
    "/v1/embeddings?deadline_s=0.4": lambda text: {"model": "m", "input": [PROMPT + text]},
}
REWARDED: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "/v1/judge": lambda told: (told["rewards"][0], told["valid"][0]),
    "/v1/judge/batch": lambda told: (told["items"][0]["rewards"][0], told["items"][0]["valid"][0]),
    "/get_reward": lambda told: (told["rewards"][0], told["extra_logs"]["solon_valid"][0]),
    "/slime": lambda told: (told, None) if isinstance(told, float) else (told["score"], told["solon_valid"]),
    "/verify": lambda told: (told["reward"], not told["mask_sample"]),
    "/compare": lambda told: (told["rewards"][0], not told["mask_sample"][0]),
    "/classify": lambda told: (told["data"][-1]["probs"][-1], told["data"][-1]["solon_valid"]),
    "/v1/embeddings": lambda told: (told["data"][-1]["embedding"][-1], told["data"][-1]["solon_valid"]),
}


def shape(value: Any) -> Any:
    """Return the keys of an answer, all the way down; lists by their first entry."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


async def ask(client: Client, path: str, text: str = "worth 7", patience: float = 0.4) -> tuple[Any, Any, Any]:
    body = json.loads(json.dumps(ASKED[path](text)).replace("0.4", str(patience)))
    status, told = await client.post(path.replace("0.4", str(patience)), body)
    assert status == 200, told
    return told, *REWARDED[path.partition("?")[0]](told)


@pytest.mark.parametrize("engine", [{"hangs": True}, {"breaks": True}, {"every": 1}], ids=str)
async def test_a_reward_and_no_reward_have_the_form_of_the_protocol(engine: dict[str, Any]) -> None:
    async with serving() as client:
        good = dict(zip(ASKED, await asyncio.gather(*(ask(client, path) for path in ASKED)), strict=True))
    began = time.perf_counter()
    async with serving(Judge(Faulty(**engine), k=2)) as client:
        bad = dict(zip(ASKED, await asyncio.gather(*(ask(client, path) for path in ASKED)), strict=True))
    assert time.perf_counter() - began < 5
    for path, (told, reward, valid) in bad.items():
        assert (good[path][1], good[path][2] in (1.0, True, None)) == (7.0, True)
        assert (reward, valid in (0.0, False, None)) == (None if path.startswith("/v1/judge") else 5.5, True), path
        assert not isinstance(told, dict) or told.keys() == good[path][0].keys()
        if path.startswith(("/get_reward", "/slime")):
            assert shape(told) == shape(good[path][0])
            assert all(isinstance(value, float) for value in numbers(told))


def numbers(told: Any) -> list[Any]:
    if isinstance(told, dict):
        return [one for inner in told.values() for one in numbers(inner)]
    return [one for inner in told for one in numbers(inner)] if isinstance(told, list) else [told]


async def test_a_missing_reward_is_the_mean_of_its_group_where_others_have_one() -> None:
    def script(request: Any, index: int) -> str:
        return "no box" if "lost" in str(request.messages) else fair(request, index)

    async with serving(judging(script), group_max=2) as client:
        group = [{"prompt": "Why?", "response": text} for text in ("worth 9", "worth 7", "lost")]
        told = await asyncio.gather(*(client.post("/slime?form=object&group_size=3", one) for one in group))
    assert [one["score"] for _, one in told] == [9.0, 7.0, 8.0]
    assert [one["solon_valid"] for _, one in told] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("reward", ["mean", "pairwise"])
async def test_no_group_is_larger_than_responses_may_be_many(reward: str) -> None:
    judge, text = judging(), PROMPT + "worth 3"
    async with serving(judge, max_responses=4, reward=reward) as client:
        many = [await client.post(path, {"input": [text] * 5}) for path in ("/classify", "/v1/embeddings")]
        paths = [path.partition("?")[0] for path in ASKED if path.startswith(("/get", "/sl", "/ver", "/cl", "/v1/e"))]
        sizes = [await client.post(f"{path}?group_size=5", ASKED[f"{path}?deadline_s=0.4"]("a")) for path in paths]
        held = await client.post("/get_reward", {"query": [text] * 5, "prompts": [PROMPT] * 5})
        history = [{"role": "user", "content": "Why?"}]
        compared = await client.post("/compare", {"conversation_history": history, "response_objs": [said("a")] * 5})
        assert not judge.sampler.asked  # type: ignore[attr-defined]
        _, allowed = await client.post("/classify", {"input": [text] * 4})
        logged = client.logged()
    told = "5 responses are given; at most 4 are allowed"
    assert [(status, answer["error"]["message"]) for status, answer in many] == [(422, told)] * 2
    told_of_size = "group_size is 5; at most 4 are allowed"
    assert [(status, answer["error"]["message"]) for status, answer in sizes] == [(422, told_of_size)] * 6
    assert (held[0], held[1]["rewards"], held[1]["extra_logs"]["solon_valid"]) == (200, [5.5] * 5, [0.0] * 5)
    assert (compared[0], compared[1]["rewards"], compared[1]["mask_sample"]) == (200, [5.5] * 5, [True] * 5)
    assert logged.count(told) == 2
    assert [one["solon_valid"] for one in allowed["data"]] == [1.0] * 4
    with pytest.raises(UserError, match="group_size is 5, and at most 4"):
        create_app(judge, Settings(group_size=5, max_responses=4))


async def test_a_fifth_of_all_calls_may_fail() -> None:
    async with serving(Judge(Faulty(every=5), k=4)) as client:
        asked = [(path, i % 10 + 1) for path in ASKED for i in range(10)]
        found = await asyncio.gather(*(ask(client, path, f"worth {worth}", 20) for path, worth in asked))
    right = [reward == worth for (_, worth), (_, reward, _) in zip(asked, found, strict=True)]
    substituted = [reward in (5.5, None) and not valid for _, reward, valid in found]
    assert all(one != other for one, other in zip(right, substituted, strict=True))
    assert 0.7 * len(asked) < sum(right) < len(asked)


async def test_every_protocol_counts_its_responses_alike() -> None:
    def script(request: Any, index: int) -> str:
        return "no box" if "lost" in str(request.messages) else fair(request, index)

    async with serving(judging(script)) as client:
        for text in ("worth 7", "lost"):
            await asyncio.gather(*(ask(client, path, text, 20) for path in ASKED))
            await client.post("/v1/chat/completions", chat(text))
        _, figures = await client.get("/metrics")
    asked = {"native": 2, "openrlhf": 1, "slime": 2, "nemo_gym": 3, "classify": 1, "embeddings": 1, "chat": 1}
    lines = figures.splitlines()
    for protocol, count in asked.items():
        for outcome in ("valid", "unread"):
            line = f'solon_responses_total{{outcome="{outcome}",protocol="{protocol}"}} {count}.0'
            assert line in lines or line.replace(".0", "") in lines, line


async def test_rollouts_of_one_prompt_gather_by_prompt_and_label() -> None:
    judge = judging()
    async with serving(judge, group_size=4, group_wait=20, reward="centered") as client:
        asked = [("a", i) for i in range(4)] + [("b", i) for i in range(4)]
        told = await asyncio.gather(
            *(
                client.post(
                    "/get_reward", {"query": [PROMPT + f"worth {i + 1}"], "prompts": [PROMPT], "labels": [label]}
                )
                for label, i in asked
            )
        )
    assert [one["rewards"] for _, one in told] == [[i - 1.5] for _ in "ab" for i in range(4)]
    assert len(judge.sampler.asked) == 4  # type: ignore[attr-defined]


async def test_a_rollout_that_is_named_is_one_member_however_often_it_is_sent() -> None:
    judge = judging()
    async with serving(judge, group_wait=20) as client:
        sent = [verify("worth 3") | {"task_index": 7, "rollout_index": i} for i in (0, 0, 1, 1, 2)]
        told = await asyncio.gather(*(client.post("/verify?group_size=3", one) for one in sent))
        ids = [{"prompt": "Who?", "group_id": "g", "group_size": 2, "id": f"id-{i}"} for i in (2, 2, 5)]
        answers = await asyncio.gather(*(client.judge("worth 4", **one) for one in ids))  # type: ignore[arg-type]
    assert [answer["reward"] for _, answer in told] == [3.0] * 5
    assert [(answer["group"]["size"], answer["group"]["place"]) for answer in answers] == [(2, 0), (2, 0), (2, 1)]
    assert {len(shown(request)) for request in judge.sampler.asked} == {3, 2}  # type: ignore[attr-defined]
    assert len(judge.sampler.asked) == 2 * 2  # type: ignore[attr-defined]


async def test_what_the_judge_sees_of_a_rollout_is_its_answer() -> None:
    judge = judging()
    async with serving(judge) as client:
        query = PROMPT + "<think>\nworth 2\n</think>\nworth 8<|im_end|>\n"
        _, told = await client.post("/get_reward", {"query": [query], "prompts": [PROMPT]})
    assert told["rewards"] == [8.0]
    shown = str(judge.sampler.asked[0].messages)  # type: ignore[attr-defined]
    assert "Be brief." in shown
    assert "im_start" not in shown
    assert "think>" not in shown


async def test_a_full_queue_turns_away_who_comes_again_and_holds_who_does_not() -> None:
    async with serving(Judge(Faulty(hangs=True), k=2), in_flight=1, queue=1) as client:
        first = [asyncio.create_task(client.judge("a", deadline_s=1.5)) for _ in range(2)]
        await asyncio.sleep(0.1)
        for path in ("/v1/judge", "/v1/judge/batch", "/slime", "/classify", "/v1/embeddings"):
            body = ASKED[next(name for name in ASKED if name.startswith(path))]("x")
            async with client.session.post(client.url + path, json=body) as seen:
                assert (seen.status, int(seen.headers["Retry-After"]) > 0) == (503, True), path
        began = time.perf_counter()
        _, reward, valid = await ask(client, "/get_reward?deadline_s=0.4")
        assert (reward, valid) == (5.5, 0.0)
        assert 0.35 < time.perf_counter() - began < 1.2
        await asyncio.gather(*first)


async def test_chats_are_answered_with_the_judgment_as_text_and_never_without_one() -> None:
    async with serving(judging()) as client:
        _, one = await client.post("/v1/chat/completions", chat("worth 6"))
        pair = [("user", "Why?"), ("response_1", "worth 2"), ("response_2", "worth 9"), ("principle", "be short")]
        asked = {"messages": [{"role": role, "content": text} for role, text in pair]}
        _, two = await client.post("/v1/chat/completions", asked)
        async with client.session.post(
            client.url + "/v1/chat/completions", json=chat("worth 6") | {"stream": True}
        ) as seen:
            streamed = await seen.text()
    assert one["choices"][0]["message"]["content"].endswith("\\boxed{6}")
    assert two["choices"][0]["message"]["content"] == '{"score_1": 1.4444, "score_2": 4.5556, "ranking": 6.0}'
    assert streamed.endswith("data: [DONE]\n\n")
    async with serving(Judge(Faulty(breaks=True), k=2)) as client:
        status, told = await client.post("/v1/chat/completions", chat("worth 6"))
    assert (status, told["error"]["code"]) == (503, "failed_call")


async def test_comparisons_tell_ties_and_leads() -> None:
    async with serving(judging()) as client:
        body = {"conversation_history": [{"role": "user", "content": "Why?"}], "principle": "be short"}
        _, told = await client.post("/compare", body | {"response_objs": [said(f"worth {i}") for i in (4, 4, 5, 10)]})
        _, kept = await client.post("/verify", verify("worth 4"))
    assert told["rewards"] == [4.0, 4.0, 5.0, 10.0]
    assert [one["ranking"] for one in told["comparison_results"]] == [3.5, 4.0, 6.0, 4.0, 6.0, 6.0]
    assert (kept["kept"], kept["reward"], kept["_ng_failure_class"]) == ([1], 4.0, None)


async def test_pairs_of_two_are_counted_by_orders_also_where_one_is_short_of_votes() -> None:
    def script(request: Any, index: int) -> str:
        first = str(request.messages).index("AAA") < str(request.messages).index("BBB")
        return "no box" if first and index else boxed([2, 8])  # the second place is liked

    async with serving(judging(script, k=4)) as client:
        told = await client.judge("AAA", "BBB", reward="pairwise")
        _, figures = await client.get("/metrics")
    assert (told["rewards"], told["unread"]) == ([5.0, 5.0], 1)
    assert 'solon_samples_total{outcome="no_scores"} 1' in figures


async def test_what_a_trainer_sends_is_shown_without_the_marks_of_its_template() -> None:
    judge = judging()
    prompt = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    async with serving(judge) as client:
        assert (await client.post("/slime", {"prompt": prompt, "response": "worth 7<|im_end|>"}))[1] == 7.0
    shown = "".join(str(request.messages) for request in judge.sampler.asked)  # type: ignore[attr-defined]
    assert ("im_start" in shown, "im_end" in shown, "Why?" in shown) == (False, False, True)


ASKS = {"role": "user", "content": "?"}


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/v1/chat/completions", [{"role": "response_1", "content": "a"}] * 2),
        ("/v1/chat/completions", [{"role": f"response_{'1' * 5000}", "content": "a"}]),
        ("/classify", [{"role": "assistant", "content": [{"type": "text", "text": "a"}]}]),
    ],
)
async def test_messages_that_would_be_misread_are_refused(path: str, rest: list[dict[str, Any]]) -> None:
    async with serving() as client:
        status, told = await client.post(path, {"model": "m", "messages": [ASKS, *rest]})
    assert (status, told["error"]["code"]) == (422, "invalid")
