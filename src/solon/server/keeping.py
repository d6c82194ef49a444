"""What the server keeps: finished judgments by their id, and in a run file all that is noted of cases as it arrives.

What arrives within a few milliseconds is written in one transaction.
"""

import asyncio
import sqlite3
import zlib
from collections import OrderedDict
from contextlib import AbstractContextManager
from pathlib import Path

from solon.server.notes import ByQuery, Notes, Write
from solon.store import Store, told
from solon.types import Case

_EVERY = 0.02
_MEMORY = 64 * 2**20
_SCHEMA = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS judgments (id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


class Keeping:
    """Keeps judgments and samples, in memory (the last ones) and perhaps in files.

    Args:
        store: the run file, or None to keep samples only as long as their request lasts.
        judgments: the file of finished judgments, or None to keep the last 64 MiB in memory only.

    Raises:
        UserError: a file cannot be used.
    """

    def __init__(self, store: Store | None = None, judgments: Path | None = None, memory: int = _MEMORY) -> None:
        self._store, self._room = store, memory
        self._last: OrderedDict[str, bytes] = OrderedDict()
        self._writes: list[Write] = []
        self._written: ByQuery = {}
        self._finished: dict[str, bytes] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._file, self._db = judgments, None if judgments is None else self._opened(judgments)

    def notes(self, case: Case) -> Notes:
        """Return the notes of a case, with what the run file already holds of it."""
        if self._store is None:
            return Notes()
        self._later(lambda store: store.add_new(case))
        return Notes(case.id, self._store, self._later, self._written)

    def keep(self, name: str, body: bytes) -> None:
        """Keep a finished judgment as it was answered."""
        self._room += len(self._last.pop(name, b"")) - len(body)
        self._last[name] = body
        while self._room < 0 and len(self._last) > 1:
            self._room += len(self._last.popitem(last=False)[1])
        if self._db is not None:
            self._finished[name] = zlib.compress(body, 1)
            self._soon()

    def find(self, name: str) -> bytes | None:
        """Return a judgment as it was answered, or None."""
        if (body := self._last.get(name)) is not None or self._db is None:
            return body
        if (packed := self._finished.get(name)) is not None:
            return zlib.decompress(packed)
        with self._told():
            row = self._db.execute("SELECT body FROM judgments WHERE id = ?", (name,)).fetchone()
        return None if row is None else zlib.decompress(row[0])

    def flush(self) -> None:
        """Write what has arrived; what cannot be written is tried again with what arrives next."""
        self._timer = None
        if self._store is not None:
            with self._store.together():
                for write in self._writes:
                    write(self._store)
        self._writes.clear()
        self._written.clear()
        if self._db is not None and self._finished:
            with self._told(), self._db:
                self._db.executemany("INSERT OR REPLACE INTO judgments VALUES (?, ?)", self._finished.items())
        self._finished.clear()

    def close(self) -> None:
        """Write what has arrived, and close the files."""
        if self._timer is not None:
            self._timer.cancel()
        self.flush()
        if self._store is not None:
            self._store.close()
        if self._db is not None:
            self._db.close()

    def _later(self, write: Write) -> None:
        self._writes.append(write)
        self._soon()

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_EVERY, self.flush)

    def _opened(self, path: Path) -> sqlite3.Connection:
        with told("file of judgments", str(path), "--out"):
            db = sqlite3.connect(path, timeout=0, check_same_thread=False)
            db.executescript(_SCHEMA)
            return db

    def _told(self) -> AbstractContextManager[None]:
        return told("file of judgments", str(self._file), "--out")
