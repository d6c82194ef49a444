"""How long the stages of a long command took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Clock:
    """Announces stages and keeps their seconds, in the order in which they began."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage and print it when it is over."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        self._console.print(f"{minutes(self.seconds[name]):>10}  {name}", markup=False, highlight=False)


def minutes(seconds: float) -> str:
    """Write a duration as minutes and seconds."""
    return f"{int(seconds) // 60} m {int(seconds) % 60:02} s"
