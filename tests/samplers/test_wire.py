"""Bodies and answers of chat completions, as different servers write them."""

import json
from typing import Any

import pytest

from solon.samplers.seam import Failure, Sampled, TokenLogprob
from solon.samplers.wire import SEEDS, MalformedError, body_of, message_of, models_of, read_reply
from tests.samplers.asking import ask

REQUEST = ask("q")


def answer(*choices: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"choices": list(choices), **fields}).encode()


def choice(content: str | None, index: int = 0, finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    return {"index": index, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}


def test_choices_are_sorted_and_tokens_split_evenly() -> None:
    body = answer(choice("c", 2), choice("a", 0), choice("b", 1), usage={"prompt_tokens": 40, "completion_tokens": 11})
    reply = read_reply(body, REQUEST)
    assert reply.samples == (Sampled("a", tokens=4), Sampled("b", tokens=4), Sampled("c", tokens=3))
    assert reply.prompt_tokens == 40


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), ("max_tokens", "length"), ("tool_calls", "stop"), (None, "stop")],
)
def test_finish_reasons(reason: str | None, finish: str) -> None:
    assert read_reply(answer(choice("a", finish=reason)), REQUEST).samples == (Sampled("a", finish),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "sample"),
    [
        ({"content": "a", "reasoning": "why"}, Sampled("a", reasoning="why")),
        ({"content": None, "reasoning_content": "why"}, Sampled("", reasoning="why")),
        ({"content": "<think>why</think>a"}, Sampled("a", reasoning="why")),
        ({"content": "a", "refusal": None}, Sampled("a")),
        ({"content": None, "refusal": "I will not"}, Failure("refused by the server: I will not", "refused")),
    ],
)
def test_reasoning_and_refusals(message: dict[str, Any], sample: Sampled | Failure) -> None:
    assert read_reply(answer({"message": message, "finish_reason": "stop"}), REQUEST).samples == (sample,)


def test_a_filtered_choice_is_refused_and_its_neighbor_kept() -> None:
    samples = read_reply(answer(choice("half", 0, "content_filter"), choice("a", 1)), REQUEST).samples
    assert samples == (Failure("refused by the server: content filter", "refused"), Sampled("a"))


def test_logprobs_are_read_with_the_bytes_of_split_characters() -> None:
    top = [{"token": "x", "logprob": -1, "bytes": [120]}]
    content = [
        {"token": "\ufffd", "logprob": -0.25, "bytes": [0xC3], "top_logprobs": top},
        {"token": "\ufffd", "logprob": -0.5, "bytes": [0xA9], "top_logprobs": []},
    ]
    sample = read_reply(answer(choice("é") | {"logprobs": {"content": content}}), REQUEST).samples[0]
    assert sample == Sampled("é", tokens=2, logprobs=(TokenLogprob("", -0.25, (("x", -1.0),)), TokenLogprob("é", -0.5)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b'{"choices": [{"index": 0, "mess',
        b'{"choices": []}',
        b'{"choices": null}',
        b'{"choices": [{"index": 0}]}',
        b"[]",
        b'{"error": {"message": "upstream is busy"}}',
    ],
)
def test_an_answer_without_choices_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        read_reply(body, REQUEST)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "too long", "type": "x"}}', "too long"),
        (b'{"error": "no model"}', "no model"),
        (b'{"detail": [{"msg": "bad"}]}', "[{'msg': 'bad'}]"),
        (b'{"detail": "Unexpected fields"}', "Unexpected fields"),
        (b"  Internal\nServer Error ", "Internal Server Error"),
        (b'{"code": 3}', '{"code": 3}'),
        (b"", "(an empty body)"),
        (b"x" * 1000, "x" * 300 + "..."),
    ],
)
def test_error_messages_are_found_in_any_shape(body: bytes, message: str) -> None:
    assert message_of(body) == message


def test_model_lists() -> None:
    assert models_of(b'{"data": [{"id": "a"}, {"id": "b"}]}') == ["a", "b"]
    assert models_of(b"Internal Server Error") == models_of(b"[]") == models_of(b'{"data": [1]}') == []


def test_seeds_fit_31_bits_and_lone_surrogates_do_not_break_a_body() -> None:
    body = json.loads(body_of(ask("a\ud800b"), 1, 2**62 + 5, None, {}))
    assert 0 <= body["seed"] < SEEDS
    assert body["messages"] == [{"role": "user", "content": "a?b"}]
