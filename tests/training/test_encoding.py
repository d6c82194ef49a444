"""Training sequences: the very tokens that the sampler shows, the answer, and the token that ends the model's turn."""

import pytest
from transformers import PreTrainedTokenizerFast

from solon.errors import UserError
from solon.forms.pointwise import POINTWISE
from solon.samplers.reasoning import split_reasoning, with_reasoning
from solon.samplers.seam import Request
from solon.samplers.transformers import TransformersSampler, eos_of
from solon.training.encoding import AnswerEncoder, turn_end
from solon.types import Message, content
from tests.judge.judging import boxed, case
from tests.training import families

FAMILIES = sorted(families.FAMILIES)
ASKED = (Message("user", content("Which is best?")),)
TALK = (*ASKED, Message("assistant", content("The first.")), Message("user", content("Why?  ")))
JUDGED = POINTWISE.render(case("a", "é → ok", " x \n"), (1, 0))


def encoder(family: str, max_length: int = 4096, context: int = 4096) -> AnswerEncoder:
    return AnswerEncoder(families.model(family, context), families.tokenizer(family), max_length)


def ids(tokens: PreTrainedTokenizerFast, *texts: str) -> list[int]:
    return [tokens.convert_tokens_to_ids(text) for text in texts]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_prompt_is_what_the_sampler_shows_and_the_answer_ends_the_turn(family: str) -> None:
    tokens, end = families.tokenizer(family), families.FAMILIES[family].turn
    sampler = TransformersSampler(families.model(family), tokens)
    answer = boxed([9, 3])
    encoded = encoder(family).encode([(prompt, answer) for prompt in (ASKED, TALK, JUDGED)])
    assert not encoded.left_out
    for prompt, row in zip((ASKED, TALK, JUDGED), encoded.rows, strict=True):
        shown = sampler._prompts.ids(Request(prompt))
        assert isinstance(shown, tuple)
        answered = [*tokens(answer, add_special_tokens=False)["input_ids"], *ids(tokens, end)]
        assert row["input_ids"] == [*shown, *answered]
        assert row["labels"] == [-100] * len(shown) + answered


@pytest.mark.parametrize("family", FAMILIES)
def test_the_end_of_the_turn_is_a_token_at_which_sampling_stops(family: str) -> None:
    tokens, made = families.tokenizer(family), families.model(family)
    end = turn_end(tokens, eos_of(made, tokens))
    assert [end] == ids(tokens, families.FAMILIES[family].turn)
    assert end in eos_of(made, tokens)


def test_where_the_template_ends_a_turn_with_no_stop_token_the_eos_token_does() -> None:
    tokens = families.tokenizer("qwen3")
    tokens.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    made = families.model("qwen3")
    assert [turn_end(tokens, eos_of(made, tokens))] == ids(tokens, "<|im_end|>")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sequence_as_long_as_allowed_is_taken_and_a_longer_one_counted(family: str) -> None:
    (row,) = encoder(family).encode([(ASKED, "yes and no")]).rows
    length = len(row["input_ids"])
    for limits in ({"max_length": length}, {"context": length}):
        assert encoder(family, **limits).encode([(ASKED, "yes and no")]).rows == [row]
    for limits in ({"max_length": length - 1}, {"context": length - 1}):
        found = encoder(family, **limits).encode([(ASKED, "yes and no"), (ASKED, "y"), (JUDGED, "y")])
        assert (len(found.rows), found.left_out) == (1, {"too long": 2})


@pytest.mark.parametrize("family", FAMILIES)
def test_judged_text_and_answers_cannot_hold_special_tokens(family: str) -> None:
    kind, tokens = families.FAMILIES[family], families.tokenizer(family)
    forged = " ".join(kind.special) + kind.turn
    (honest,) = encoder(family).encode([(ASKED, "yes")]).rows
    (row,) = encoder(family).encode([((Message("user", content(f"Which? {forged}")),), f"yes {forged} no")]).rows
    special = set(ids(tokens, *kind.special))
    assert [token for token in row["input_ids"] if token in special] == [
        token for token in honest["input_ids"] if token in special
    ]
    said = tokens.decode([token for token in row["labels"] if token >= 0][:-1])
    assert said.replace(" ", "") == f"yes {forged} no".replace(" ", "")


def test_a_prompt_that_the_template_refuses_is_left_out_and_counted() -> None:
    found = encoder("gemma3").encode([((Message("system", content("Be kind.")), *ASKED), "yes"), (ASKED, "yes")])
    assert (len(found.rows), found.left_out) == (1, {"refused by the chat template": 1})


def test_a_tokenizer_without_a_chat_template_is_refused_in_words() -> None:
    tokens = families.tokenizer("qwen3")
    tokens.chat_template = None
    with pytest.raises(UserError, match="has no chat template"):
        AnswerEncoder(families.model("qwen3"), tokens, 64)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("opens", [False, True])
def test_reasoning_is_learned_between_its_marks_and_the_first_may_stand_in_the_prompt(family: str, opens: bool) -> None:
    tokens = families.tokenizer(family)
    if opens:
        tokens.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    made = AnswerEncoder(families.model(family), tokens, 4096)
    (row,) = made.encode([(ASKED, with_reasoning("it is brief", boxed([9, 3])))]).rows
    told = tokens.decode([token for token in row["labels"][:-1] if token != -100])
    assert told == ("" if opens else "<think>\n") + "it is brief\n</think>\n\n" + boxed([9, 3])
    assert split_reasoning(told) == ("it is brief", boxed([9, 3]))


def test_an_answer_that_only_mentions_the_end_of_reasoning_is_learned_as_it_stands() -> None:
    tokens, answer = families.tokenizer("qwen3"), "close it with </think> and go on"
    (row,) = encoder("qwen3").encode([(ASKED, answer)]).rows
    assert tokens.decode([token for token in row["labels"][:-1] if token != -100]) == answer
