"""When a failed call is made again, and how long to wait before it."""

import random
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

_NOT_NOW = frozenset({408, 409, 425, 429})


def passing(status: int) -> bool:
    """Tell whether an HTTP status says "not now" rather than "not this": a timeout, a rate limit, a failing server."""
    return status in _NOT_NOW or status >= 500


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with jitter: before try i + 1 a wait between half and all of `first * 2**i` seconds.

    The defaults wait between 30 and 60 seconds in all, so that a server may restart in between. The jitter only spreads
    calls over time and changes no result. `patience` is the longest wait, in seconds, that a server may wish for.
    """

    retries: int = 7
    first: float = 0.5
    longest: float = 30.0
    patience: float = 600.0
    jitter: random.Random = field(default_factory=random.Random, compare=False, repr=False)

    def allows(self, tried: int, status: int = 0) -> bool:
        """Tell whether another try may follow the failed one number `tried` (from 0).

        A plain 500 gets half of the tries: it is more often about the request than about the moment.
        """
        return tried < ((self.retries + 1) // 2 if status == 500 else self.retries)

    def wait(self, tried: int, asked: float | None = None) -> float:
        """Return the seconds to wait after the failed try number `tried` (from 0).

        `asked` is what the server wished for in Retry-After; the wait is never shorter.
        """
        step: float = min(self.longest, self.first * 2.0**tried)
        if asked is None:
            return step * self.jitter.uniform(0.5, 1.0)
        return asked + self.jitter.uniform(0.0, min(self.first, step))


def retry_after(header: str | None, now: float) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110, 10.2.3), as seconds from `now` (Unix time)."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None
