"""A conversation as the token ids that a scalar model reads, the same in training and in scoring.

With a chat template the ids are those of the template with nothing left to generate, as TRL trains and vLLM serves such
models. Without one, as with BERT or a base model, every turn is a line `role: text` between the tokenizer's own special
tokens. A decoder is read at its last token, so a turn that is left open gets the end-of-sequence token. Strings of
special tokens inside messages are broken up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from solon.samplers.local.special import SpecialTokens
from solon.types import Message, plain

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_LONGEST_CLOSING = 8


class Fitted(NamedTuple):
    """Token ids that keep within a length, and how many were cut out of them."""

    ids: list[int]
    cut: int


class Encoder:
    """Encodes conversations for one tokenizer; `max_length` (tokens, None for any) matters to `fit` alone."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None) -> None:
        self.max_length = max_length
        self._tokenizer = tokenizer
        self._special = SpecialTokens(tokenizer)

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """Return the whole conversation's token ids; its images are left out.

        Raises:
            Exception: the chat template, a program of the model's author, refuses the messages.
        """
        turns = [{"role": turn.role, "content": self._special.harmless(plain(turn.content))} for turn in messages]
        if self._tokenizer.chat_template:
            text = str(self._tokenizer.apply_chat_template(turns, tokenize=False))
            ids = list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
            closed = self._special.close(text)
        else:
            text = "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)
            ids = list(self._tokenizer(text)["input_ids"])
            closed = ids[-1] in self._special.ids
        eos = self._tokenizer.eos_token_id
        return ids if closed or eos is None else [*ids, eos]

    def fit(self, messages: Sequence[Message]) -> Fitted:
        """Return at most `max_length` token ids: the beginning of the conversation, and the tokens that close it.

        Raises:
            Exception: as `encode` does.
        """
        ids = self.encode(messages)
        if self.max_length is None or len(ids) <= self.max_length:
            return Fitted(ids, 0)
        closing = self._closing(ids)
        head = max(0, self.max_length - len(closing))
        return Fitted((ids[:head] + closing)[-self.max_length :], len(ids) - self.max_length)

    def _closing(self, ids: Sequence[int]) -> list[int]:
        """Return the last special token and the few that the template writes behind it."""
        near = range(max(0, len(ids) - _LONGEST_CLOSING), len(ids))
        last = next((i for i in reversed(near) if ids[i] in self._special.ids), len(ids))
        return list(ids[last:])
