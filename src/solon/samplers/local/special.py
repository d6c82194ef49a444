"""The special tokens of a tokenizer, and how to say their strings without meaning them.

Judged text may hold the very strings that end a turn, `<|im_end|>` for instance. Taken for the special token they
would close the user's turn and let a response speak as the judge. So a space is put behind the first character of every
special token's string that a message holds: `< |im_end|>` reads the same and is plain text to any tokenizer.
"""

import re

from transformers import PreTrainedTokenizerBase


class SpecialTokens:
    """The special tokens of one tokenizer; `ids` are those that no message can hold."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        added = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        texts = sorted({*tokenizer.all_special_tokens, *added}, reverse=True)
        self.ids = frozenset(tokenizer.convert_tokens_to_ids(texts))
        self._texts = tuple(text for text in texts if len(text) > 1)
        self._pattern = re.compile("|".join(map(re.escape, self._texts))) if self._texts else None

    def harmless(self, text: str) -> str:
        """Break up the strings of special tokens in a message."""
        return text if self._pattern is None else self._pattern.sub(lambda found: _opened(found[0]), text)

    def close(self, text: str) -> bool:
        """Tell whether a text ends with one of them; blanks behind it mean nothing."""
        return text.rstrip().endswith(self._texts)


def _opened(token: str) -> str:
    return f"{token[0]} {token[1:]}"
