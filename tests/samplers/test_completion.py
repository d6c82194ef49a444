"""What is cut from a completion, and that cutting it takes linear time."""

import time

import pytest

from solon.samplers.completion import complete, texts_of, until_stop, without_echo
from solon.samplers.reasoning import split_reasoning
from solon.samplers.seam import Sampled
from tests.samplers.asking import ask


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("plain answer", "", "plain answer"),
        ("<think>why</think>answer", "why", "answer"),
        ("\n <think>\nwhy\n</think>\n\nanswer ", "why", "answer "),
        ("<think>never closed", "never closed", ""),
        ("<think></think>\n\nanswer", "", "answer"),
        ("opened by the template</think>\nanswer", "opened by the template", "answer"),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
        ("<think>a<think>b</think>c", "a<think>b", "c"),
        ("it quotes <think>x</think> later", "", "it quotes <think>x</think> later"),
        ("", "", ""),
    ],
)
def test_reasoning_is_split_from_the_answer(text: str, reasoning: str, answer: str) -> None:
    assert split_reasoning(text) == (reasoning, answer)


def test_splitting_takes_linear_time() -> None:
    started = time.perf_counter()
    for text in ("<think>" * 10**6, "</think>" * 10**6, "<think>" + " " * 10**7, "<" * 10**7):
        split_reasoning(text)
    assert time.perf_counter() - started < 2


def test_an_echo_ends_with_the_last_mark() -> None:
    assert without_echo("prompt MARK prompt MARK answer", "MARK") == " answer"
    assert without_echo("answer", "MARK") == "answer"
    assert without_echo("answer", "") == "answer"


def test_the_earliest_stop_string_ends_the_text() -> None:
    assert until_stop("one two three", ("three", "two", "")) == ("one ", True)
    assert until_stop("one two three", ("four",)) == ("one two three", False)


def test_a_completion_is_cut_in_order() -> None:
    request = ask("q", echo_mark="M", stop=("END",))
    raw = "<think>echoed</think> END M\n<think>END is near</think>answer END more"
    assert complete(raw, request, "length", 7) == Sampled("answer ", "stop", 7, "END is near")
    assert complete("answer", request, "length", reasoning="apart").reasoning == "apart"


def test_token_texts_join_to_the_text() -> None:
    text = "é→🙂 ok"
    parts = [bytes([byte]) for byte in text.encode()]
    assert "".join(texts_of(parts)) == text
    assert texts_of([b"\xc3", b"\xa9!", b"\xff"]) == ["", "é!", "\ufffd"]
