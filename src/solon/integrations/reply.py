"""What came of asking for rewards: numbers where there are any, else None with a reason, never a made-up number."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """The rewards of one case, in the order of its responses; None is no reward.

    `scores` are the mean scores (1 to 10) that the rewards come from, `critique` the first judgment's, `principles`
    those that it applied, `k` the judgments that voted, and `reason` says why a reward is missing.
    """

    rewards: tuple[float | None, ...]
    scores: tuple[float | None, ...]
    agreement: float | None = None
    k: int = 0
    critique: str = ""
    principles: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def none(cls, n: int, reason: str) -> Reply:
        """Return the reply of a case of n responses that has no rewards."""
        return cls((None,) * n, (None,) * n, reason=reason)

    @classmethod
    def read(cls, body: bytes, n: int) -> Reply:
        """Read the server's answer for n responses; one that does not say n rewards says none."""
        try:
            told = json.loads(body)
            valid = told.get("valid", [True] * n)
            rewards = [_number(value) if ok else None for value, ok in zip(told["rewards"], valid, strict=True)]
            scores = [_number(value) for value in told.get("scores", [None] * n)]
            if len(rewards) != n or len(scores) != n:
                return cls.none(n, f"the server sent {len(rewards)} rewards for {n} responses")
            return cls(
                tuple(rewards),
                tuple(scores),
                _number(told.get("agreement")),
                int(told.get("k_used") or 0),
                next(iter(map(str, told.get("critiques") or [])), ""),
                tuple(_principle(each) for each in told.get("principles") or []),
                "" if None not in rewards else str(told.get("reason") or "the server gave no reward"),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return cls.none(n, f"the server's answer cannot be read: {type(error).__name__}: {error}")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _principle(told: object) -> str:
    return str(told.get("text", "")) if isinstance(told, Mapping) else str(told)
