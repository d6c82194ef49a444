"""From a request to token ids: the chat template, with special tokens inside messages made harmless."""

from collections.abc import Mapping, Sequence

from transformers import PreTrainedTokenizerBase

from solon.errors import UserError
from solon.samplers.local.special import SpecialTokens
from solon.samplers.seam import Failure, Request
from solon.types import Image, plain


class Prompts:
    """Writes prompts for one tokenizer.

    `context` is the longest sequence that the model takes, in tokens; `template_options` go to the chat template
    (`enable_thinking`, for instance).

    Raises:
        UserError: the tokenizer has no chat template.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, context: int, template_options: Mapping[str, object]
    ) -> None:
        if not tokenizer.chat_template:
            raise UserError(
                f"the tokenizer of '{tokenizer.name_or_path}' has no chat template, so it is unknown how this model is "
                "addressed: use an instruction-tuned model, or put a chat_template.jinja beside its tokenizer"
            )
        self._tokenizer = tokenizer
        self._context = context
        self._options = dict(template_options)
        self._special = SpecialTokens(tokenizer)

    def ids(self, request: Request) -> tuple[int, ...] | Failure:
        """Return the prompt's token ids, the prefill of the answer included, or why this model cannot be asked."""
        if any(isinstance(part, Image) for turn in request.messages for part in turn.content):
            return Failure("the prompt shows an image and this model reads text only", "unsupported_content")
        turns = [{"role": turn.role, "content": self.harmless(plain(turn.content))} for turn in request.messages]
        try:
            text = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, **self._options
            )
        except Exception as error:  # a template is a program of the model's author and may raise anything
            return Failure(f"the model's chat template refuses these messages: {error}")
        ids = tuple(self._tokenizer(text + request.prefill, add_special_tokens=False)["input_ids"])
        if len(ids) >= self._context:
            told = f"the prompt has {len(ids)} tokens and the model takes {self._context} with its answer"
            return Failure(told, "too_long")
        return ids

    def room(self, prompt: Sequence[int], wanted: int) -> int:
        """Return how many tokens the answer may have: `wanted`, or what the context leaves."""
        return min(wanted, self._context - len(prompt))

    def harmless(self, text: str) -> str:
        """Break up the strings of special tokens in a message."""
        return self._special.harmless(text)
