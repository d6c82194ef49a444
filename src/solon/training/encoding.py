"""From a prompt and an answer to the tokens of a training sequence: the very tokens that the sampler shows and draws.

The prompt is what `samplers.transformers` would send; the answer is its text and the token that ends the model's turn.
So nothing differs between training and judging, whatever a chat template does with past turns.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from solon.samplers.local.loading import context_of
from solon.samplers.local.prompts import Prompts
from solon.samplers.reasoning import OPEN, split_reasoning, with_reasoning
from solon.samplers.seam import Failure, Request
from solon.samplers.transformers import eos_of
from solon.types import Message

_MARK = "solon"
_LAST = 16
"""So many tokens at the end of a prompt tell whether it opens the model's reasoning."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Rows of `input_ids` and `labels` (-100 on the prompt), and how many sequences were left out, by reason."""

    rows: list[dict[str, list[int]]]
    left_out: dict[str, int]


class AnswerEncoder:
    """Encodes prompts with their answers for one model.

    Raises:
        UserError: the tokenizer has no chat template.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, max_length: int) -> None:
        self._tokenizer = tokenizer
        self._longest = min(max_length, context_of(model.config))
        self._prompts = Prompts(tokenizer, 2**31, {})
        self._end = turn_end(tokenizer, eos_of(model, tokenizer))

    def encode(self, pairs: Sequence[tuple[Sequence[Message], str]]) -> Sequences:
        """Encode (prompt, answer) pairs; leave out and count the too long and those that the chat template refuses."""
        encoded = [self._encoded(messages, answer) for messages, answer in pairs]
        left_out = Counter(one for one in encoded if isinstance(one, str))
        return Sequences([one for one in encoded if not isinstance(one, str)], dict(left_out))

    def _encoded(self, messages: Sequence[Message], answer: str) -> dict[str, list[int]] | str:
        """Return a row, or why there is none."""
        prompt = self._prompts.ids(Request(tuple(messages)))
        if isinstance(prompt, Failure):
            return "refused by the chat template"
        said = self._tokenizer(self._said(prompt, answer), add_special_tokens=False)["input_ids"]
        if len(prompt) + len(said) + 1 > self._longest:
            return "too long"
        answered = [*said, self._end]
        return {"input_ids": [*prompt, *answered], "labels": [-100] * len(prompt) + answered}

    def _said(self, prompt: Sequence[int], answer: str) -> str:
        """Return what the model writes: its reasoning between marks, of which the prompt may hold the first."""
        thought, text = split_reasoning(answer) if answer.startswith(OPEN) else ("", answer)
        if not thought:
            return self._prompts.harmless(answer)
        said = with_reasoning(self._prompts.harmless(thought), self._prompts.harmless(text))
        opened = str(self._tokenizer.decode(prompt[-_LAST:])).rstrip().endswith(OPEN)
        return said.removeprefix(f"{OPEN}\n") if opened else said


def turn_end(tokenizer: PreTrainedTokenizerBase, eos: frozenset[int]) -> int:
    """Return the token that the chat template puts behind an answer and that ends sampling; else the EOS token."""
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
    rendered = tokenizer.apply_chat_template(turns, tokenize=False)
    behind = tokenizer(rendered.rpartition(_MARK)[2], add_special_tokens=False)["input_ids"]
    found = [token for token in behind if token in eos]
    end: int = found[0] if found else tokenizer.eos_token_id
    return end
