"""Prompts as trainers send them, with a chat template's marks in them, back to messages and a response.

The marks of ChatML, Llama 3, Gemma and Phi are known; of others the special tokens are taken out and the whole is one
user's turn. Linear in the length of the text.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from solon.samplers.reasoning import split_reasoning

Turns: TypeAlias = list[dict[str, Any]]

_BEGINS = re.compile(
    r"<\|im_start\|>(\w+)\n|<\|start_header_id\|>(\w+)<\|end_header_id\|>\n{0,2}|<start_of_turn>(\w+)\n"
    r"|<\|(system|user|assistant)\|>\n?"
)
_SPECIAL = re.compile(r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|<(?:bos|eos|pad|unk|end_of_turn)>|\[/?INST\]")
_ROLES = {"model": "assistant", "human": "user"}


def plain_of(text: str) -> str:
    """Return text without special tokens."""
    return _SPECIAL.sub("", text).strip()


def turns_of(text: str) -> Turns:
    """Return the turns of a templated text; the whole is the user's where it holds no mark of a turn."""
    begins = list(_BEGINS.finditer(text))
    if not begins:
        return [{"role": "user", "content": plain_of(text)}]
    ends = [begin.start() for begin in begins[1:]] + [len(text)]
    turns = []
    for begin, end in zip(begins, ends, strict=True):
        role = next(name for name in begin.groups() if name)
        turns.append({"role": _ROLES.get(role, role), "content": plain_of(text[begin.end() : end])})
    return turns


def prompt_of(turns: Sequence[dict[str, Any]]) -> tuple[Turns, str]:
    """Part the turns of a prompt from what it puts into the mouth of the assistant, whose turn it opens at its end."""
    if len(turns) > 1 and turns[-1]["role"] == "assistant":
        return list(turns[:-1]), str(turns[-1]["content"])
    return list(turns), ""


def rollout(query: str, prompt: str) -> tuple[Turns, str]:
    """Return the messages and the response of a query that begins with its prompt, or holds both by its marks."""
    if prompt and query.startswith(prompt):
        turns, begun = prompt_of(turns_of(prompt))
        return turns, begun + plain_of(query[len(prompt) :])
    turns, response = prompt_of(turns_of(query))
    return (turns_of(prompt) if prompt and not response else turns), response or plain_of(query)


def shown(response: str, *, reasoning: bool) -> str:
    """Return what the judge sees of a rollout's response: without its reasoning, unless that is asked for."""
    return response if reasoning else split_reasoning(response)[1]
