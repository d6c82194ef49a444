"""A sequence-classification model in this process as a scorer: any checkpoint of one label that transformers loads.

Conversations of like length are scored together, with an attention mask; a decoder reads what they begin with alike,
as judgments of one case do, only once. What a conversation scores does not depend on its neighbors (beyond the rounding
of batched arithmetic). Scores are raw logits. The work runs in a thread, so that the event loop stays alive.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Self

import torch
from torch import Tensor
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.modeling_layers import GenericForSequenceClassification

from solon.errors import SamplerError, UserError
from solon.samplers.local.heads import shared_heads
from solon.samplers.local.loading import checked, context_of, placed, quietly
from solon.samplers.local.reading import Reading
from solon.samplers.seam import Failure
from solon.samplers.wire import has_image
from solon.scorers.encoding import Encoder
from solon.scorers.seam import Conversation


class TransformersScorer:
    """Scores with a sequence-classification model of one label, decoder or encoder.

    Args:
        model: the model, on its device.
        tokenizer: its tokenizer; without a chat template, turns are written as plain lines.
        batch: conversations to be handed over at once; more of them allow fuller and more even batches.
        tokens: tokens computed at once, padding included.
        cut: read a conversation that is too long without its end, as training does.

    Raises:
        UserError: the model has another number of labels than one, or no pad token.
    """

    concurrency = 1

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        batch: int = 256,
        tokens: int = 2**15,
        cut: bool = False,
    ) -> None:
        self.batch = batch
        self._tokens = tokens
        self._cut = cut
        self._pad = _pad(model)
        self._model = model.eval()
        self._shares = _reads_on(model)
        self._encoder = Encoder(tokenizer, min(context_of(model.config), tokenizer.model_max_length))

    @classmethod
    def load(
        cls,
        name: str | Path,
        *,
        device: str | None = None,
        dtype: str | None = None,
        batch: int = 256,
        tokens: int = 2**15,
        cut: bool = False,
    ) -> Self:
        """Load a checkpoint folder or a model of the Hugging Face hub.

        Without a `device` a GPU is taken where there is one; without a `dtype` it is bfloat16 there and float32 on a
        CPU. The other options are the constructor's.

        Raises:
            UserError: there is no such folder or model, or it holds no scorer.
        """
        source = checked(name)
        try:
            device, kind = placed(device, dtype)
            with quietly(source):
                tokenizer = AutoTokenizer.from_pretrained(source)
                model, found = AutoModelForSequenceClassification.from_pretrained(
                    source, dtype=kind, output_loading_info=True
                )
        except (OSError, ValueError, KeyError, AttributeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(f"cannot load a scorer from '{name}': {reason}") from error
        if missing := sorted(found["missing_keys"]):
            raise UserError(
                f"'{name}' holds no weights for {', '.join(missing[:3])}, so it was not trained to score: name a "
                "checkpoint that was saved as a sequence-classification model"
            )
        return cls(model.to(device), tokenizer, batch=batch, tokens=tokens, cut=cut)

    async def score(self, conversations: Sequence[Conversation]) -> list[float | Failure]:
        """Score every conversation, in the order given; what this model cannot read is a `Failure` in its place.

        Raises:
            SamplerError: the scorer is closed, or a single conversation is more than the memory holds.
        """
        if self._model is None:
            raise SamplerError("the model of this scorer was released by close()")
        return await asyncio.to_thread(self._scores, conversations)

    def lengths(self, conversations: Sequence[Conversation]) -> list[int]:
        """Return the number of tokens of every conversation that can be read."""
        return [len(self._encoder.encode(one)) for one in conversations]

    async def close(self) -> None:
        """Release the model's memory."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _scores(self, conversations: Sequence[Conversation]) -> list[float | Failure]:
        read = [self._read(conversation) for conversation in conversations]
        scores: list[float | Failure] = [one if isinstance(one, Failure) else 0.0 for one in read]
        rows = {place: ids for place, ids in enumerate(read) if not isinstance(ids, Failure)}
        for places in self._batches(rows):
            for place, logit in zip(places, self._logits([rows[place] for place in places]), strict=True):
                scores[place] = logit if isfinite(logit) else Failure(f"the model's score is {logit}, not a number")
        return scores

    def _batches(self, rows: Mapping[int, Sequence[int]]) -> Iterator[list[int]]:
        """Group places of rows that are computed together: those of like length, and those that begin alike."""
        group = {place: place for place in rows}
        if self._shares:
            places = sorted(rows, key=lambda place: tuple(rows[place]))
            for part in (places[start : start + self.batch] for start in range(0, len(places), self.batch)):
                if heads := shared_heads([rows[place] for place in part]):
                    group |= {place: part[heads.of.index(head)] for place, head in zip(part, heads.of, strict=True)}
        return _filled(rows, group, self._tokens)

    def _read(self, conversation: Conversation) -> list[int] | Failure:
        if has_image(conversation):
            return Failure("the conversation shows an image and this model reads text only", "unsupported_content")
        try:
            ids = self._encoder.fit(conversation).ids if self._cut else self._encoder.encode(conversation)
        except Exception as error:  # a template is a program of the model's author and may raise anything
            return Failure(f"the model's chat template refuses these messages: {error}")
        if len(ids) > (self._encoder.max_length or len(ids)):
            return Failure(f"the conversation has {len(ids)} tokens and the model takes {self._encoder.max_length}")
        return ids

    def _logits(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Compute a batch, or its halves one after the other when the memory does not hold it."""
        try:
            return self._computed(rows)
        except torch.OutOfMemoryError as error:
            if len(rows) == 1:
                raise SamplerError(f"the memory does not hold one conversation of {len(rows[0])} tokens") from error
        torch.cuda.empty_cache()
        half = len(rows) // 2
        return self._logits(rows[:half]) + self._logits(rows[half:])

    @torch.inference_mode()
    def _computed(self, rows: Sequence[Sequence[int]]) -> list[float]:
        if self._shares:
            rows = [self._unpadded(row) for row in rows]
            if heads := shared_heads(rows):
                return _first(Reading(self._model).read(rows, heads))
        longest = max(map(len, rows))
        ids = torch.tensor([[*row, *[self._pad] * (longest - len(row))] for row in rows], device=self._model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=self._model.device)
        return _first(self._model(input_ids=ids, attention_mask=mask).logits)

    def _unpadded(self, row: Sequence[int]) -> Sequence[int]:
        """Return a row up to the token that a decoder is read at: its last that is not the pad token."""
        end = len(row)
        while end > 1 and row[end - 1] == self._pad:
            end -= 1
        return row[:end]


def _first(logits: Tensor) -> list[float]:
    scores: list[float] = logits[:, 0].float().tolist()
    return scores


def _filled(rows: Mapping[int, Sequence[int]], group: Mapping[int, int], tokens: int) -> Iterator[list[int]]:
    """Group places, longest first and each with its group, so that no batch holds more than `tokens` with padding."""
    longest: dict[int, int] = {}
    for place, row in rows.items():
        longest[group[place]] = max(len(row), longest.get(group[place], 0))
    batch: list[int] = []
    width = 0
    for place in sorted(rows, key=lambda place: (-longest[group[place]], group[place], -len(rows[place]), place)):
        width = max(width, len(rows[place]))
        if batch and (len(batch) + 1) * width > tokens:
            yield batch
            batch, width = [], len(rows[place])
        batch.append(place)
    if batch:
        yield batch


def _reads_on(model: PreTrainedModel) -> bool:
    """Tell whether a model can read on from what it has read: a decoder, read at its last token, without windows."""
    config = model.config.get_text_config()
    both_ways = not getattr(config, "is_causal", True) or getattr(config, "use_bidirectional_attention", False)
    return isinstance(model, GenericForSequenceClassification) and not both_ways and Reading(model).shares


def _pad(model: PreTrainedModel) -> int:
    """Return the pad token's id of a model that can be a scorer."""
    config, name = model.config, model.config.name_or_path or type(model).__name__
    if config.num_labels != 1:
        raise UserError(
            f"'{name}' scores with {config.num_labels} labels, and a scorer gives one number: name a model saved with "
            "num_labels=1"
        )
    pad = config.get_text_config().pad_token_id
    if pad is None:
        raise UserError(f"'{name}' has no pad token, which a batch needs: set pad_token_id in its config.json")
    return int(pad)
