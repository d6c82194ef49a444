"""The seam to a scalar model: conversations in, scores out, in the same order. Adapters hold no policy."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from solon.samplers.seam import Failure
from solon.types import Message

Conversation: TypeAlias = tuple[Message, ...]
"""What a scorer reads: the turns up to and including the assistant's that is to be scored."""


class Scorer(Protocol):
    """A model that gives a conversation one number, a raw logit: any real number, higher is better.

    `batch` is how many conversations it likes to be handed at once and `concurrency` how many such batches may be in
    flight.
    """

    batch: int
    concurrency: int

    async def score(self, conversations: Sequence[Conversation]) -> list[float | Failure]:
        """Score every conversation, in the order given; what cannot be scored is a `Failure` in its place."""
        ...

    async def close(self) -> None:
        """Release connections, files or memory; the scorer cannot be used afterwards."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A scorer that can tell how many tokens it reads of conversations; servers do not tell."""

    def lengths(self, conversations: Sequence[Conversation]) -> list[int]:
        """Return the number of tokens of every conversation that can be read."""
        ...
