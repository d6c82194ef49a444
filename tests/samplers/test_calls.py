"""What a failed call is called: too long a prompt in the words of many servers, an image, or neither."""

import json

import pytest

from solon.samplers.calls import Fault
from solon.samplers.http import Response

TOO_LONG = [
    # vLLM
    (
        400,
        "This model's maximum context length is 4096 tokens. However, you requested 4472 tokens (376 in the messages).",
    ),
    (
        400,
        "You passed 10243 input tokens and requested 6142 output tokens. However, the model's context length is only",
    ),
    (
        400,
        "'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 9.",
    ),
    (400, "The decoder prompt (length 10127) is longer than the maximum model length of 8192. For image inputs, ..."),
    # SGLang
    (400, "The input (61709 tokens) is longer than the model's context length (40960 tokens)."),
    (400, "Requested token count exceeds the model's maximum context length of 131072 tokens."),
    (400, "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens)."),
    # llama.cpp
    (400, "the request exceeds the available context size, try increasing it"),
    (400, "request (1407 tokens) exceeds the available context size (256 tokens), try increasing it"),
    (400, "Requested tokens (2285) exceed context window of 2048"),
    # OpenAI
    (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
    (400, "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 428548 tokens."),
    (400, "Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576."),
    # text-generation-inference
    (422, "Input validation error: `inputs` must have less than 1024 tokens. Given: 1872"),
    (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1244 `inputs` tokens"),
    # others
    (400, "prompt is too long: 213462 tokens > 200000 maximum"),
    (413, "Input is too long for requested model."),
    (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens"),
    (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
]

OTHERS = [
    (400, "seed is too large"),
    (400, "max_tokens is too large: 100000. This model supports at most 16384 completion tokens."),
    (400, "`stop` supports up to 4 stop sequences. Given: 5"),
    (400, "Invalid 'user': string too long. Expected a string with maximum length 64."),
    (400, "the number of images in the prompt exceeds the limit of 1"),
    (400, "top_logprobs exceeds the maximum of 20"),
    (422, "Extra inputs are not permitted: context_length"),
    (422, "Input should be less than or equal to 128"),
    (413, "Request Entity Too Large"),
    (400, "conversation roles must alternate user/assistant"),
    (429, "Rate limit reached: the prompt is too long for this minute"),
    (500, "the prompt is too long"),
]


def fault(status: int, message: str) -> Fault:
    return Fault.of(Response(status, json.dumps({"error": {"message": message}}).encode()))


@pytest.mark.parametrize(("status", "message"), TOO_LONG)
def test_a_prompt_that_is_too_long_is_recognized(status: int, message: str) -> None:
    assert fault(status, message).failure(1, image=True).reason == "too_long"
    assert not fault(status, message).again


@pytest.mark.parametrize(("status", "message"), OTHERS)
def test_other_refusals_are_failed_calls(status: int, message: str) -> None:
    assert fault(status, message).failure(1, image=False).reason == "failed_call"


def test_images_are_told_apart() -> None:
    assert fault(400, "this model takes no image").failure(1, image=True).reason == "unsupported_content"
    assert fault(400, "this model takes no image").failure(1, image=False).reason == "failed_call"
