"""The served scorer against a local `/classify`: order, fields, faults, and errors that name the cure."""

import json
from typing import Any

import pytest

from solon.errors import UserError
from solon.samplers.seam import Failure
from solon.scorers.classify import ClassifyScorer
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation
from solon.types import Image, Message, Text
from tests.scorers.conversing import talk
from tests.scorers.serving import classifying


async def scored(url: str, *talks: Conversation, **options: Any) -> list[float | Failure]:
    scorer = ClassifyScorer(url, **options)
    try:
        return await scorer.score(talks)
    finally:
        await scorer.close()


async def test_scores_come_in_the_order_asked() -> None:
    with classifying(score=lambda text: -len(text) / 8) as server:
        assert await scored(server.url, *[talk("x" * i) for i in range(30)]) == [-i / 8 for i in range(30)]
    assert len(server.bodies) == 30


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/classify"])
async def test_what_is_sent_is_what_vllm_takes(ending: str) -> None:
    with classifying(models=("rm-1b",)) as server:
        root = server.url.removesuffix("/v1")
        assert await scored(root + ending, talk("fine")) == [4.0]
    (body,) = server.bodies
    assert body == {
        "model": "rm-1b",
        "messages": [
            {"role": "user", "content": "judge the responses"},
            {"role": "assistant", "content": "fine"},
        ],
        "use_activation": False,
    }


async def test_the_model_is_left_out_where_it_is_not_known() -> None:
    with classifying(models=("a", "b")) as server:
        await scored(server.url, talk("x"))
        await scored(server.url, talk("x"), served_model="b")
    assert [body.get("model") for body in server.bodies] == [None, "b"]


async def test_faults_of_the_moment_are_tried_again() -> None:
    with classifying(statuses=[503, 429, 200], texts=["{", '{"data": []}']) as server:
        assert await scored(server.url, talk("abc")) == [3.0]
    assert len(server.bodies) == 5


async def test_what_fails_for_good_is_a_failure_in_its_place() -> None:
    with classifying(too_long=5) as server:
        short, long, other = await scored(server.url, talk("ab"), talk("abcdefg"), talk("abc"))
    assert (short, other) == (2.0, 3.0)
    assert long == Failure("HTTP 400: too long for this model")
    with classifying(statuses=[200, 500, 500]) as server:
        assert await scored(server.url, talk("ab")) == [2.0]
        assert await scored(server.url, talk("ab"), retries=1) == [Failure("HTTP 500: not now, after 2 tries")]
    with classifying(texts=[json.dumps({"data": [{"probs": [float("nan")]}]})]) as server:
        (score,) = await scored(server.url, talk("ab"), retries=0)
    assert isinstance(score, Failure)
    assert "the answer holds no score" in score.detail


async def test_an_image_is_sent_as_a_part() -> None:
    shown = (Message("user", (Text("see"), Image("https://x/a.png"))), *talk("fine")[1:])
    with classifying() as server:
        assert await scored(server.url, shown) == [4.0]
    assert server.bodies[0]["messages"][0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
    ]


async def test_what_is_wrong_with_the_whole_run_stops_it() -> None:
    with pytest.raises(UserError, match=r"cannot reach a scorer at http://127\.0\.0\.1:9 .*is it running\?"):
        await scored("http://127.0.0.1:9/v1", talk("x"))
    with classifying(api_key="secret") as server:
        assert await scored(server.url, talk("x"), api_key="secret") == [1.0]
        with pytest.raises(UserError, match=r"refuses the API key .*--meta-api-key-env"):
            await scored(server.url, talk("x"), api_key="guess")
        with pytest.raises(UserError, match="refuses a call without an API key"):
            await scored(server.url, talk("x"))
    with (
        classifying(statuses=[404]) as server,
        pytest.raises(UserError, match=r"/classify is not found .*vllm serve MODEL --runner pooling"),
    ):
        await scored(server.url, talk("x"))
    with (
        classifying(labels=2) as server,
        pytest.raises(UserError, match="answers with 2 labels and one number is needed"),
    ):
        await scored(server.url, talk("x"))
    with pytest.raises(UserError, match="is not the address of a server"):
        ClassifyScorer("http://")


def test_a_url_opens_it() -> None:
    assert isinstance(open_scorer("http://localhost:8001"), ClassifyScorer)
