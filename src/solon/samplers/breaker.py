"""A circuit breaker: when a server counts as down, and when one call may find out whether it is back.

Pure values; the time, in seconds of any clock that only goes forward, is an argument. A server that is down is met by
one call at a time, a probe, after waits that grow; whatever else would be sent there waits for what the probe finds.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """How an outage is met: `faults` in a row take a server out, and after `patience` seconds calls wait no more.

    The first probe follows after `first` seconds, and each that fails doubles the wait, up to `longest`. Eight faults
    are as many as a call has tries, so that even one alone meets the breaker before it gives up; ten seconds see a
    server soon that is back, and in ten minutes a large model is loaded again.
    """

    faults: int = 8
    first: float = 0.5
    longest: float = 10.0
    patience: float = 600.0


def down(status: int) -> bool:
    """Tell whether an HTTP status counts as a fault of the server: 501 and above, as gateways and loading servers say.

    A plain 500 does not. It is more often about the request than about the moment, and many requests that a server
    cannot digest must not keep the others waiting.
    """
    return status > 500


@dataclass(slots=True)
class Breaker:
    """What is known of one server's health: closed while it answers, open while it is down."""

    rules: Outage = Outage()
    _faults: int = 0
    _since: float | None = None
    _due: float = 0.0
    _wait: float = 0.0
    _probing: bool = False

    @property
    def open(self) -> bool:
        """Whether the server counts as down."""
        return self._since is not None

    def admits(self, now: float) -> bool:
        """Tell whether a call may be sent: any while closed, else a probe that is due while no other is under way."""
        return self._since is None or (not self._probing and now >= self._due)

    def begin(self) -> bool:
        """Note that a call is sent, and tell whether it is a probe."""
        self._probing = self.open
        return self._probing

    def heard(self) -> None:
        """Note that the server answered, whichever call it was: it is up, and all is forgotten."""
        self._faults, self._since, self._probing = 0, None, False

    def failed(self, now: float, *, probe: bool = False, wished: float = 0.0) -> None:
        """Note a fault; the next probe comes no sooner than the server `wished` for, in seconds from now.

        Calls that were sent before the breaker opened and fail after it change nothing.
        """
        if not self.open:
            self._faults += 1
            if self._faults >= self.rules.faults:
                self.trip(now, wished)
        elif probe:
            self._probing = False
            self._wait = min(2 * self._wait, self.rules.longest)
            self._due = now + max(self._wait, wished)

    def dropped(self) -> None:
        """Note that a probe was given up before it found anything out."""
        self._probing = False

    def trip(self, now: float, wished: float = 0.0) -> None:
        """Open: the server is down from now on."""
        self._since, self._probing, self._wait = now, False, self.rules.first
        self._due = now + max(self._wait, wished)

    def lasted(self, now: float) -> float:
        """Return for how many seconds the server has been down; 0 while it is up."""
        return 0.0 if self._since is None else now - self._since

    def hopeless(self, now: float) -> bool:
        """Tell whether there is nothing to wait for: patience is over, or will be before the next probe.

        A probe under way is always waited for.
        """
        if self._since is None or self._probing:
            return False
        return max(now, self._due) - self._since >= self.rules.patience
