"""Logs: one line of JSON for what happened, without texts of prompts, responses or keys unless texts are asked for."""

import asyncio
import json
import logging
import sys
import time
import traceback
from typing import TextIO

from pydantic_core import to_json

_EVERY = 0.05


class Log:
    """Writes one JSON object a line; inside an event loop it does so every few milliseconds, and in the end by `flush`.

    Args:
        texts: also write what a caller or a model wrote.
        stream: where to; standard error by default.
    """

    def __init__(self, *, texts: bool = False, stream: TextIO | None = None) -> None:
        self.texts, self._stream = texts, stream
        self._events: list[dict[str, object]] = []
        self._waiting = False

    def __call__(self, event: str, **facts: object) -> None:
        """Write an event with its facts."""
        self._events.append({"at": round(time.time(), 3), "event": event} | facts)
        if not self._waiting:
            try:
                asyncio.get_running_loop().call_later(_EVERY, self.flush)
                self._waiting = True
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._waiting, events, self._events = False, self._events, []
        stream = self._stream or sys.stderr
        stream.write("".join(_line(event) for event in events))
        stream.flush()

    def error(self, event: str, error: BaseException) -> None:
        """Write an error: its kind and where it arose; what it says may quote a text."""
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        at = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
        self(event, error=type(error).__name__, where=at, **({"message": str(error)} if self.texts else {}))


def _line(event: dict[str, object]) -> str:
    try:
        return to_json(event).decode() + "\n"
    except (ValueError, UnicodeEncodeError):
        return json.dumps(event, default=str) + "\n"


class LogHandler(logging.Handler):
    """Hands what libraries log to a log, as lines of the same shape."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a library's message; its errors are told by kind and place."""
        if record.exc_info and record.exc_info[1] is not None:
            self._log.error(record.name, record.exc_info[1])
        else:
            self._log(record.name, level=record.levelname.lower(), message=record.getMessage())
