"""A key-value cache with room to grow.

The cache of transformers appends by copying everything it holds, at every step and in every layer; at sandbox sizes
that is most of the decoding time. Here keys and values live in buffers with free room, and a step writes one token.
Rows of finished samples are overwritten by rows from the end, so that leaving them out copies none of the others.
"""

import torch
from torch import Tensor
from transformers import Cache, DynamicCache, PretrainedConfig
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

_ROOM = 64


class _Buffer:
    """A tensor of shape (rows, heads, tokens, width) that grows along its tokens and shrinks along its rows."""

    def __init__(self) -> None:
        self.data: Tensor | None = None
        self.start = 0
        self.end = 0

    def view(self) -> Tensor:
        assert self.data is not None
        return self.data[:, :, self.start : self.end]

    def append(self, new: Tensor) -> Tensor:
        count = new.shape[-2]
        if self.data is None or self.end + count > self.data.shape[-2]:
            self._grow(new, count)
        assert self.data is not None
        self.data[:, :, self.end : self.end + count] = new
        self.end += count
        return self.view()

    def keep(self, last: int) -> Tensor:
        """Forget all but the last tokens; their room is reclaimed when the buffer grows."""
        self.start = max(self.start, self.end - last)
        return self.view()

    def select(self, index: Tensor) -> Tensor:
        """Make row i what row `index[i]` was. With no more rows than before, only those that change are copied."""
        assert self.data is not None
        rows = len(index)
        if rows > self.data.shape[0]:
            self._move(rows, self.view().index_select(0, index), _ROOM)
            return self.view()
        moved = (index != torch.arange(rows, device=index.device)).nonzero().squeeze(-1)
        self.data[moved, :, self.start : self.end] = self.view()[index[moved]]
        self.data = self.data[:rows]
        return self.view()

    def _grow(self, new: Tensor, count: int) -> None:
        held = new[:, :, :0] if self.data is None else self.view()
        self._move(new.shape[0], held, count + max(_ROOM, held.shape[-2] // 4))

    def _move(self, rows: int, held: Tensor, room: int) -> None:
        _, heads, tokens, width = held.shape
        self.data = held.new_empty(rows, heads, tokens + room, width)
        self.data[:, :, :tokens] = held
        self.start, self.end = 0, tokens


class _GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """A layer that attends to everything."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._keys, self._values = _Buffer(), _Buffer()

    def update(self, key_states: Tensor, value_states: Tensor, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys, self.values = self._keys.append(key_states), self._values.append(value_states)
        return self.keys, self.values

    def reorder_cache(self, beam_idx: Tensor) -> None:
        if self.is_initialized:
            self.keys, self.values = self._keys.select(beam_idx), self._values.select(beam_idx)


class _GrowingWindowLayer(DynamicSlidingWindowLayer):  # type: ignore[misc]
    """A layer that attends to a sliding window."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._keys, self._values = _Buffer(), _Buffer()

    def update(self, key_states: Tensor, value_states: Tensor, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.cumulative_length += key_states.shape[-2]
        seen = self._keys.append(key_states), self._values.append(value_states)
        kept = self.sliding_window - 1
        self.keys, self.values = self._keys.keep(kept), self._values.keep(kept)
        return seen

    def reorder_cache(self, beam_idx: Tensor) -> None:
        if self.is_initialized:
            self.keys, self.values = self._keys.select(beam_idx), self._values.select(beam_idx)


def growing_cache(config: PretrainedConfig) -> Cache:
    """Return a cache for a model of this configuration.

    Layers of other kinds than full and sliding attention (recurrent states, for instance) are the library's own.
    """
    cache = DynamicCache(config=config)
    for place, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer:
            cache.layers[place] = _GrowingLayer()
        elif type(layer) is DynamicSlidingWindowLayer:
            cache.layers[place] = _GrowingWindowLayer(sliding_window=layer.sliding_window)
    return cache


def attends_to_all(cache: Cache) -> bool:
    """Tell whether every layer of such a cache attends to all that it holds, so that only the mask hides anything."""
    return all(type(layer) is _GrowingLayer for layer in cache.layers)
