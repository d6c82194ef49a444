"""What a session may spend: calls are reserved before they are sent, so that many at once do not spend too much."""

import asyncio
from dataclasses import dataclass
from math import inf

from solon.config import JudgeConfig
from solon.samplers.seam import Answer, Sampled


class Budget:
    """The calls and tokens that a session may still be billed for.

    A call is taken before it is sent and settled when its answer is there; further calls for the same request, such as
    tries that are made again, are asked for with `again`. The tokens of an answer are known only when it is there, so
    they may exceed the budget by those of the calls in flight.
    """

    def __init__(self, config: JudgeConfig) -> None:
        self._calls: float = config.budget_requests or inf
        self._tokens: float = config.budget_tokens or inf
        self._out = 0
        self._asks = config.budget_requests is not None
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

    def more(self) -> "More | None":
        """Return what a request is to ask before every further call, None where calls are not counted."""
        return More(self) if self._asks else None

    def settle(self, answer: Answer, more: "More | None" = None) -> None:
        """Take what one of the calls that were taken came to."""
        self._calls -= answer.calls
        self._tokens -= spent(answer)
        self._free(1 + (more.taken if more else 0))

    def lose(self, calls: int) -> None:
        """Take note of calls that were given up: they may have been billed, with tokens that nobody tells."""
        self._calls -= calls
        self._free(calls)

    def reserve(self) -> bool:
        """Reserve one call where that needs no waiting."""
        if self.over or self._calls - self._out < 1:
            return False
        self._out += 1
        return True

    def _free(self, calls: int) -> None:
        self._out -= calls
        self._settled.set()
        self._settled = asyncio.Event()


@dataclass(slots=True)
class More:
    """The further calls of one request, which were taken from the budget."""

    budget: Budget
    taken: int = 0

    def __call__(self) -> bool:
        """Take one more call, if there is one."""
        granted = self.budget.reserve()
        self.taken += granted
        return granted


def spent(answer: Answer) -> int:
    """Return the tokens that an answer was billed for, its prompts included."""
    return answer.prompt_tokens + sum(sample.tokens for sample in answer.samples if isinstance(sample, Sampled))
