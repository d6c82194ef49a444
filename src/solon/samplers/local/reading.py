"""What a model has read of some rows: a cache of them, which grows text by text.

Texts are padded on the left, so that all rows write to the same place of the cache; masked places and positions that
count real tokens keep the padding out of sight. What texts begin with alike is computed once for all of them, where
every layer attends to everything: the padding then stands between a head and its tail too, where a sliding window would
count it.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel

from solon.samplers.local.cache import attends_to_all, growing_cache
from solon.samplers.local.heads import Heads


class Reading:
    """The rows that a model reads: their cache, mask and positions, all in the same order."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._options = frozenset(inspect.signature(model.forward).parameters)
        self._cache = growing_cache(model.config)
        self._mask, self._positions = torch.ones(0, device=model.device).long(), torch.empty(0)
        self._length = 0

    @property
    def shares(self) -> bool:
        """Whether what texts begin with alike can be computed once."""
        takes = {"position_ids", "past_key_values"} <= self._options
        return takes and attends_to_all(self._cache) and not _turns_by_length(self._model.config)

    def read(self, texts: Sequence[Sequence[int]], heads: Heads | None) -> Tensor:
        """Show every row its text, the heads that texts share first, and return what the model makes of each."""
        if heads is None:
            return self._shown(texts)
        self._shown(heads.ids)
        self.select(torch.tensor(heads.of, device=self._model.device))
        return self._shown([heads.tail(place, text) for place, text in enumerate(texts)])

    def make_room(self, tokens: int) -> None:
        """Prepare for so many steps."""
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), tokens)], 1)
        self._positions = self._positions[:, -1:]

    def step(self, tokens: Tensor) -> Tensor:
        """Show every row one more token, of those that room was made for, and return what the model makes of it."""
        self._length += 1
        self._positions = self._positions + 1
        return self._forward(tokens.unsqueeze(-1))

    def select(self, index: Tensor) -> None:
        """Make row i what row `index[i]` was."""
        self._cache.reorder_cache(index)
        self._mask, self._positions = self._mask[index], self._positions[index]

    def _shown(self, texts: Sequence[Sequence[int]]) -> Tensor:
        ids, mask = _padded(texts, self._model.device)
        seen = self._mask.reshape(len(texts), self._length)
        self._positions = (seen.sum(-1, keepdim=True) + mask.cumsum(-1) - 1).clamp(min=0)
        self._mask = torch.cat([seen, mask], 1)
        self._length = self._mask.shape[1]
        return self._forward(ids)

    def _forward(self, ids: Tensor) -> Tensor:
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": self._mask[:, : self._length]}
        if "position_ids" in self._options:
            inputs["position_ids"] = self._positions
        if "logits_to_keep" in self._options:
            inputs["logits_to_keep"] = 1
        logits: Tensor = self._model(**inputs, past_key_values=self._cache, use_cache=True).logits
        return logits


def _turns_by_length(config: PretrainedConfig) -> bool:
    """Tell whether rotary positions depend on how long the whole text is, so that a head alone is turned otherwise."""
    told = getattr(config.get_text_config(), "rope_parameters", None) or {}
    kinds = [told, *(each for each in told.values() if isinstance(each, dict))]  # one for all layers, or by their type
    return any(kind.get("rope_type") in ("dynamic", "longrope") for kind in kinds)


def _padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Pad on the left; return the ids and the mask."""
    width = max(map(len, texts))
    ids = torch.tensor([[0] * (width - len(text)) + list(text) for text in texts], device=device)
    pads = torch.tensor([[width - len(text)] for text in texts], device=device)
    return ids, (torch.arange(width, device=device) >= pads).long()
