"""The stand-in for a missing reward, for trainers that take a number only: neutral within its group, never a silent 0.

The rule is `solon.rewards.stand_in`, and what is known of a group are the rewards that this process has seen lately.
Where it has seen none the stand-in is a constant, the same in every process: a group whose rewards all failed has then
equal rewards, and so no advantage.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from solon.integrations.settings import Settings
from solon.rewards import stand_in

_MOST = 4096
_LATELY = 600.0
"""Seconds after which a group is forgotten: the next epoch's is another, of which processes know different parts."""


class Neutral:
    """Remembers the rewards of the latest groups; safe among threads."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int, float]] = OrderedDict()
        self._lock = Lock()

    def filled(self, group: str, rewards: Sequence[float | None], settings: Settings) -> list[float]:
        """Return the rewards of one group's responses, with the stand-in where one is missing.

        Args:
            group: the group's name, if more of its rewards may come later; else empty.
            rewards: those that came now.
            settings: the kind of rewards, and the stand-in where nothing of the group is known.
        """
        known = [reward for reward in rewards if reward is not None]
        total, count = self._added(group, sum(known), len(known))
        missing = stand_in(settings.reward, total / count if count else None, settings.neutral)
        return [missing if reward is None else reward for reward in rewards]

    def _added(self, group: str, total: float, count: int) -> tuple[float, int]:
        if not group:
            return total, count
        with self._lock:
            now = time.monotonic()
            before, counted, last = self._seen.pop(group, (0.0, 0, now))
            if now - last < _LATELY:
                total, count = total + before, count + counted
            self._seen[group] = total, count, now
            if len(self._seen) > _MOST:
                self._seen.popitem(last=False)
            return total, count


NEUTRAL = Neutral()
"""The process's memory of its groups."""
