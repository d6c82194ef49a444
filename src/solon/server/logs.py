"""Logs: one line of JSON for what happened, without texts of prompts, responses or keys unless texts are asked for."""

import json
import logging
import sys
import time
import traceback
from typing import TextIO


class Log:
    """Writes one JSON object a line.

    Args:
        texts: also write what a caller or a model wrote.
        stream: where to; standard error by default.
    """

    def __init__(self, *, texts: bool = False, stream: TextIO | None = None) -> None:
        self.texts, self._stream = texts, stream

    def __call__(self, event: str, **facts: object) -> None:
        """Write an event with its facts."""
        line = json.dumps({"at": round(time.time(), 3), "event": event} | facts, default=str)
        stream = self._stream or sys.stderr
        stream.write(line + "\n")
        stream.flush()

    def error(self, event: str, error: BaseException) -> None:
        """Write an error: its kind and where it arose; what it says may quote a text."""
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        at = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
        self(event, error=type(error).__name__, where=at, **({"message": str(error)} if self.texts else {}))


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
