"""The native protocol: what is answered, in whose order, and how it refuses."""

import asyncio
from typing import Any

import pytest

from solon.judge import Judge
from tests.server.serving import Faulty, judging, serving


async def test_scores_come_in_the_callers_order_with_all_that_stands_behind_them() -> None:
    async with serving(judging(k=4)) as client:
        answer = await client.judge("worth 3", "worth 9", "worth 9", id="mine")
        status, again = await client.get("/v1/judgments/mine")
    assert answer["scores"] == answer["rewards"] == [3.0, 9.0, 9.0]
    assert (answer["id"], answer["best"], answer["valid"], answer["reason"]) == ("mine", [1, 2], [True] * 3, None)
    assert (answer["k_used"], answer["unread"], answer["usage"]["calls"]) == (4, 0, 4)
    assert answer["principles"] == [{"text": "truth", "weight": 100.0}]
    assert [sample["scores"] for sample in answer["samples"]] == [[3.0, 9.0, 9.0]] * 4
    assert {tuple(sorted(sample["order"])) for sample in answer["samples"]} == {(0, 1, 2)}
    assert {sample["finish"] for sample in answer["samples"]} == {"stop"}
    assert (status, again) == (200, answer)


@pytest.mark.parametrize(
    ("kind", "rewards"),
    [("mean", [2, 4, 9]), ("centered", [-3, -1, 4]), ("rank", [0, 0.5, 1]), ("pairwise", [2, 4, 9])],
)
async def test_rewards_are_of_the_kind_that_was_asked_for(kind: str, rewards: list[float]) -> None:
    async with serving() as client:
        answer = await client.judge("worth 2", "worth 4", "worth 9", reward=kind)
    assert answer["rewards"] == rewards


async def test_a_request_chooses_its_number_of_judgments_and_its_principles() -> None:
    async with serving(judging(k=2)) as client:
        more = await client.judge("worth 2", "worth 4", k=6, principles=["be short"])
        greedy = await client.judge("worth 2", "worth 4", k=1)
        too_many, refusal = await client.post("/v1/judge", {"prompt": "x", "responses": ["y"], "k": 65})
    assert (more["k_used"], more["principles"]) == (6, [{"text": "be short", "weight": None}])
    assert greedy["k_used"] == 1
    assert (too_many, refusal["error"]["code"]) == (422, "invalid")


async def test_a_batch_keeps_ids_and_order_and_an_item_fails_alone() -> None:
    items: list[Any] = [{"id": f"n{i}", "prompt": "x", "responses": [f"worth {i % 10 + 1}"]} for i in range(20)]
    items[3], items[7] = {"id": "broken"}, {"prompt": "x", "responses": ["worth 1"], "temprature": 1}
    async with serving() as client:
        status, answer = await client.post("/v1/judge/batch", {"items": items})
    assert status == 200
    assert [item["id"] for item in answer["items"]] == [item.get("id") for item in items]
    assert [i for i, item in enumerate(answer["items"]) if "error" in item] == [3, 7]
    for i, item in enumerate(answer["items"]):
        assert i in (3, 7) or item["scores"] == [i % 10 + 1]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "prompt: Field required"),
        ({"prompt": "x", "responses": []}, "at least 1"),
        ({"prompt": "x", "responses": ["y"] * 10_000}, "10000 responses are given; at most 64"),
        ({"prompt": [], "responses": ["y"]}, "non-empty list"),
        ({"prompt": [{"role": "assistant", "content": "x"}], "responses": ["y"]}, "must be the user's"),
        ({"prompt": "x", "responses": ["y"] * 65, "reward": "pairwise"}, "65 responses are given; at most 64"),
        ({"prompt": "x", "responses": ["y"], "group_id": "g", "group_size": 65}, "group_size is 65; at most 64"),
        ({"prompt": "x", "responses": ["y"], "temprature": 1}, "temprature"),
        ({"prompt": "x", "responses": ["y"], "deadline_s": float("inf")}, "deadline_s"),
        ({"prompt": "x", "responses": ["y"], "principles": [" "]}, "blank"),
    ],
)
async def test_what_cannot_be_judged_is_named(body: dict[str, Any], told: str) -> None:
    async with serving() as client:
        status, answer = await client.post("/v1/judge", body)
    assert status == 422
    assert told in answer["error"]["message"]


async def test_a_hanging_engine_is_answered_for_at_the_deadline() -> None:
    async with serving(Judge(Faulty(hangs=True), k=2)) as client:
        began = asyncio.get_running_loop().time()
        answer = await client.judge("a", "b", deadline_s=0.3)
        took = asyncio.get_running_loop().time() - began
    assert 0.25 < took < 1.0
    assert (answer["scores"], answer["rewards"], answer["valid"]) == ([None] * 2, [None] * 2, [False] * 2)
    assert (answer["reason"], answer["best"]) == ("deadline", [])


@pytest.mark.parametrize("group", [{}, {"group_id": "g", "group_size": 2}])
async def test_requests_in_a_hurry_say_nothing_of_the_engine_and_those_that_waited_do(group: dict[str, Any]) -> None:
    async with serving(Judge(Faulty(hangs=True), k=2), answer_within=0.4, group_wait=0.02) as client:
        hurried = [client.judge("a", deadline_s=0.05, **group) for _ in range(8)]
        answers = await asyncio.gather(*hurried)
        before = await client.get("/ready")
        named = [group and group | {"group_id": f"g{i}"} for i in range(8)]
        within = [1000, 0.38]  # shims ask for a little less than the server would give
        patient = [client.judge(f"a{i}", deadline_s=within[i % 2], **one) for i, one in enumerate(named)]
        await asyncio.gather(*patient)
        after = await client.get("/ready")
    assert {answer["reason"] for answer in answers} == {"deadline"}
    assert (before[0], after[0], after[1]["reason"]) == (200, 503, "nothing could be read of the last 8 cases")


async def test_a_case_that_is_cut_off_after_some_was_read_is_no_fault() -> None:
    class Half(Faulty):
        async def sample(self, requests: Any) -> Any:
            self._hangs = self.calls % 2 == 1
            return await super().sample(requests)

    async with serving(Judge(Half(), k=4), answer_within=0.2) as client:
        for i in range(8):
            assert (await client.judge("worth 2", "worth 8", prompt=f"{i}?"))["k_used"] == 2
        assert (await client.get("/ready"))[0] == 200


async def test_a_dead_engine_gives_no_reward_and_says_nothing_of_it_but_its_kind() -> None:
    async with serving(Judge(Faulty(breaks=True), k=2)) as client:
        answer = await client.judge("a", "b")
        for _ in range(8):
            await client.judge("a")
        ready, told = await client.get("/ready")
        written = client.logged()
    assert (answer["valid"], answer["reason"]) == ([False, False], "failed_call")
    assert (ready, told["ready"]) == (503, False)
    assert "ConnectionError" in written
    assert "SECRET" not in written


async def test_what_was_read_by_the_deadline_votes() -> None:
    class Half(Faulty):
        async def sample(self, requests: Any) -> Any:
            self._hangs = self.calls > 0
            return await super().sample(requests)

    async with serving(Judge(Half(), k=4)) as client:
        answer = await client.judge("worth 2", "worth 8", deadline_s=0.3)
    assert (answer["scores"], answer["k_used"], answer["reason"]) == ([2.0, 8.0], 2, None)
