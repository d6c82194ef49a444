"""Read a prompt that a chat template rendered: the marks of ChatML and Llama 3 give turns, any others are removed."""

import re

from solon.integrations.client import Prompt

_TURNS = (
    re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>", re.DOTALL),
    re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n(.*?)<\|eot_id\|>", re.DOTALL),
)
_MARKS = re.compile(r"<\|[^|<>\n]{1,40}\|>|</?s>|<(?:bos|eos|pad)>|<(?:start|end)_of_turn>|\[/?INST\]")


def conversation(text: str) -> Prompt:
    """Return a rendered prompt as messages, or as plain text where its template is not known."""
    for pattern in _TURNS:
        turns = [{"role": role, "content": said} for role, said in pattern.findall(text)]
        if turns and turns[-1]["role"] == "user":
            return turns
    return unmarked(text)


def response(query: str, prompt: str) -> str:
    """Return what follows the prompt in a query, without marks; reasoning that the prompt opened is opened in it."""
    opened = "<think>" if prompt.rstrip().endswith("<think>") else ""
    return opened + unmarked(query.removeprefix(prompt))


def unmarked(text: str) -> str:
    """Return a text without the marks of chat templates."""
    return _MARKS.sub("", text).strip()
