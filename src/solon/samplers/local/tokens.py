"""From token ids back to text: whole completions, the pieces that log-probabilities belong to, and stop strings."""

from collections.abc import Callable, Sequence

from tokenizers.decoders import DecodeStream
from transformers import PreTrainedTokenizerBase


class Tokens:
    """Decodes for one tokenizer. Special tokens that end a completion have no text."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._backend = getattr(tokenizer, "backend_tokenizer", None)
        self._anchor = tokenizer.encode("a", add_special_tokens=False)[-1:]
        self._alone: dict[int, str] = {}

    def text(self, ids: Sequence[int]) -> str:
        """Decode a completion."""
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Decode token by token; the pieces join to the whole text, a split character belonging to its last token."""
        if self._backend is None:
            return [self.alone(token) for token in ids]
        stream = DecodeStream(skip_special_tokens=True)
        return [stream.step(self._backend, token) or "" for token in ids]

    def alone(self, token: int) -> str:
        """Return how a token reads in the middle of a text, with its leading space if it has one."""
        if token not in self._alone:
            before = self._tokenizer.decode(self._anchor)
            self._alone[token] = self._tokenizer.decode([*self._anchor, token])[len(before) :]
        return self._alone[token]

    def ends(self, stops: Sequence[str]) -> Callable[[Sequence[int]], bool] | None:
        """Return a test of whether some stop string stands in the last tokens of a completion; None without any.

        A character takes up to four tokens, so the tokens looked at are enough to hold the longest of them.
        """
        wanted = [stop for stop in stops if stop]
        if not wanted:
            return None
        window = 4 * max(map(len, wanted)) + 4

        def ended(ids: Sequence[int]) -> bool:
            tail = self.text(ids[-window:])
            return any(stop in tail for stop in wanted)

        return ended
