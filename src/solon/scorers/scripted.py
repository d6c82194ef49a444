"""A scorer that answers from a script instead of a model: for tests, demonstrations and dry runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from solon.samplers.seam import Failure
from solon.scorers.seam import Conversation
from solon.types import plain

Score: TypeAlias = float | Failure
Script: TypeAlias = Callable[[Conversation], Score] | Mapping[str, Score] | Sequence[Score]
"""A function of the conversation; or scores by a text that its last turn holds; or a list of scores in the order in
which they are asked for."""


class ScriptedScorer:
    """Scores from a script, and keeps every conversation that it was asked for in `asked`."""

    def __init__(self, script: Script, *, batch: int = 1, concurrency: int = 64) -> None:
        self.batch = batch
        self.concurrency = concurrency
        self.asked: list[Conversation] = []
        self._score = _reader(script)

    async def score(self, conversations: Sequence[Conversation]) -> list[Score]:
        """Score every conversation, in the order given; what the script does not hold is a `Failure`."""
        self.asked += conversations
        return [self._score(one) for one in conversations]

    async def close(self) -> None:
        """Do nothing: a script holds no resources."""


def _reader(script: Script) -> Callable[[Conversation], Score]:
    if callable(script):
        return script
    if isinstance(script, Mapping):
        return lambda conversation: _looked_up(script, plain(conversation[-1].content))
    scores = iter(script)
    return lambda conversation: next(scores, Failure(f"the script is over after {len(script)} scores"))


def _looked_up(script: Mapping[str, Score], text: str) -> Score:
    unknown = Failure(f"the script has no score for the turn that begins '{text[:60]}'")
    return next((score for key, score in script.items() if key in text), unknown)
