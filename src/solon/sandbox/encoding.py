"""Exercises as token ids, through the tokenizer's own chat template, with the weight of each token in the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solon.sandbox.corpus import Exercise
from solon.types import plain

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def encode(exercise: Exercise, tokenizer: PreTrainedTokenizerFast) -> tuple[list[int], list[float]]:
    """Return an exercise as token ids and the weight of each in the loss: 0 for the prompt.

    In an inspection the criteria of the first line cannot be foreseen and weigh little; its yes and no weigh fully.
    """
    turns = [{"role": message.role, "content": plain(message.content)} for message in exercise.messages]
    prompt = str(tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
    head = tokenizer(prompt, add_special_tokens=False).input_ids
    lines = exercise.answer.split("\n", 1)
    first = tokenizer(lines[0], add_special_tokens=False).input_ids
    rest = tokenizer("\n" + lines[1], add_special_tokens=False).input_ids if len(lines) > 1 else []
    verdicts = tokenizer.convert_tokens_to_ids(["Ġyes", "Ġno"])
    dull = 0.1 if exercise.kind == "inspection" else 1.0
    weights = [0.0] * len(head) + [1.0 if token in verdicts else dull for token in first] + [1.0] * (len(rest) + 1)
    return [*head, *first, *rest, tokenizer.eos_token_id], weights
