"""What a session may spend: calls are reserved before they are sent, so that many at once do not spend too much."""

import asyncio
from math import inf

from solon.config import JudgeConfig
from solon.samplers.seam import Answer, Sampled


class Budget:
    """The calls and tokens that a session may still be billed for.

    A call is taken before it is sent and settled when its answer is there. As the tokens of an answer are known only
    then, they may exceed the budget by those of the calls in flight, and calls by the tries that a sampler makes again.
    """

    def __init__(self, config: JudgeConfig) -> None:
        self._calls: float = config.budget_requests or inf
        self._tokens: float = config.budget_tokens or inf
        self._out = 0
        self._settled = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether all is spent; calls in flight are not settled, and may bring some back."""
        return self._calls < 1 or self._tokens <= 0

    async def take(self, wanted: int) -> int:
        """Reserve up to so many calls and return how many may be sent; 0 is the end.

        Where all that is left is in flight, this waits for what of it comes back unused.
        """
        while not self.over and self._calls - self._out < 1:
            await self._settled.wait()
        if self.over:
            return 0
        taken = int(min(wanted, self._calls - self._out))
        self._out += taken
        return taken

    def settle(self, answer: Answer) -> None:
        """Take what one of the calls that were sent came to."""
        self._out -= 1
        self._calls -= answer.calls
        self._tokens -= spent(answer)
        self._settled.set()
        self._settled = asyncio.Event()

    def lose(self, calls: int) -> None:
        """Take note of calls that were given up: they may have been billed, with tokens that nobody tells."""
        self._out -= calls
        self._calls -= calls
        self._settled.set()
        self._settled = asyncio.Event()


def spent(answer: Answer) -> int:
    """Return the tokens that an answer was billed for, its prompts included."""
    return answer.prompt_tokens + sum(sample.tokens for sample in answer.samples if isinstance(sample, Sampled))
