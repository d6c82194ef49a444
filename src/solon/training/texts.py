"""The responses of paired cases as the token ids that a scalar model reads, in training as in scoring."""

from collections.abc import Sequence
from typing import NamedTuple

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from solon.errors import UserError
from solon.samplers.local.loading import context_of
from solon.scorers.encoding import Encoder, Fitted
from solon.training.config import ScalarConfig, TrainConfig
from solon.training.models import load_tokenizer
from solon.training.pairs import PairedCase
from solon.types import Message


class Texts(NamedTuple):
    """For every case the token ids of the responses that stand in a pair, and how many texts were cut."""

    ids: list[dict[int, list[int]]]
    cut: int

    def rows(self, cases: Sequence[PairedCase]) -> list[dict[str, list[list[int]]]]:
        """Return a row of training data per case: the token ids of both sides of all its pairs, as TRL names them."""
        return [
            {"chosen_ids": [ids[i] for i, _ in one.pairs], "rejected_ids": [ids[j] for _, j in one.pairs]}
            for one, ids in zip(cases, self.ids, strict=True)
        ]


def encoded(config: ScalarConfig, cases: Sequence[PairedCase], model: PreTrainedModel) -> Texts:
    """Encode cases; of a text that is too long the end is cut, and the tokens that close it are kept.

    Raises:
        UserError: the model's chat template refuses a case.
    """
    encoder = Encoder(ended(config), min(config.max_length, context_of(model.config)))
    fitted = [_fitted(encoder, one, config.model) for one in cases]
    cut = sum(text.cut > 0 for case in fitted for text in case.values())
    return Texts([{i: text.ids for i, text in case.items()} for case in fitted], cut)


def ended(config: TrainConfig) -> PreTrainedTokenizerBase:
    """Load the tokenizer; where it names no end of a sequence, an encoder's separator is it, as TRL asks for one."""
    tokenizer = load_tokenizer(config)
    if tokenizer.eos_token is None:
        tokenizer.eos_token = tokenizer.sep_token
    return tokenizer


def _fitted(encoder: Encoder, one: PairedCase, model: str) -> dict[int, Fitted]:
    try:
        return {i: encoder.fit([*one.case.prompt, Message("assistant", one.case.responses[i])]) for i in one.members}
    except Exception as error:  # a template is a program of the model's author and may raise anything
        raise UserError(
            f"the chat template of '{model}' refuses case '{one.case.id}': {error}; leave such cases out of the data"
        ) from error
