"""Prompts with a chat template's marks, back to messages and a response."""

import pytest

from solon.turns import rollout, turns_of

CHATML = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nSay it.<|im_end|>\n<|im_start|>assistant\n"
LLAMA = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
KIND = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Say it."}]


@pytest.mark.parametrize(
    ("text", "said"), [(LLAMA, "Hi"), ("<s>[INST] Hi [/INST]", "Hi"), ("plain <|odd|> text", "plain  text")]
)
def test_a_prompt_is_read_and_unknown_marks_are_removed(text: str, said: str) -> None:
    assert turns_of(text) == [{"role": "user", "content": said}]


@pytest.mark.parametrize(
    ("begun", "rest", "said"),
    [("", "Yes.<|im_end|>", "Yes."), ("<think>\n", "hm", "<think>hm"), ("", "a < b", "a < b")],
)
def test_a_query_is_its_prompt_and_what_follows_it(begun: str, rest: str, said: str) -> None:
    assert rollout(CHATML + begun + rest, CHATML + begun) == (KIND, said)
