"""What principles models wrote of queries, kept across runs in one SQLite file that several may use at once.

Only what could be read is kept. Texts are kept as bytes, since Python's driver takes no lone surrogates.
"""

import json
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

from solon.checkpoint import folder_of
from solon.config import SamplingConfig
from solon.errors import UserError
from solon.files import make_folder
from solon.store import told

_PATIENCE = 60.0
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
_SCHEMA = "CREATE TABLE IF NOT EXISTS written (model TEXT, query TEXT, text BLOB NOT NULL, PRIMARY KEY (model, query))"


class Cache:
    """The texts of one model in a cache file, by a key of the query and how it was asked.

    Raises:
        UserError: the file cannot be opened or written, or is a database of something else.
    """

    def __init__(self, path: Path, model: str) -> None:
        self.path, self._model = str(path), model
        make_folder(path.parent)
        with self._told():
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE, check_same_thread=False)
        try:
            with self._told():
                self._open()
        except UserError:
            self.close()
            raise

    def get(self, query: str) -> str | None:
        """Return what the model wrote of a query, if it is kept."""
        with self._told():
            found = "SELECT text FROM written WHERE model = ? AND query = ?"
            row = self._db.execute(found, (self._model, query)).fetchone()
        return None if row is None else row[0].decode("utf-8", "surrogatepass")

    def add(self, query: str, text: str) -> None:
        """Keep what the model wrote of a query, unless another run was faster."""
        row = (self._model, query, text.encode("utf-8", "surrogatepass"))
        with self._told(), self._db:
            self._db.execute("INSERT OR IGNORE INTO written VALUES (?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _open(self) -> None:
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables - {"written"}:
            raise UserError(f"'{self.path}' is a database of something else, not a cache; use another --cache")
        self._db.executescript(_PRAGMAS + _SCHEMA)

    def _told(self) -> AbstractContextManager[None]:
        return told("cache", self.path, "--cache")


def identified(config: SamplingConfig) -> str:
    """Name a model by what tells it from others: its name, what a server is told, and the state of a folder's files."""
    folder = folder_of(config.model)
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return json.dumps([config.known, config.extra_body, states], sort_keys=True)
