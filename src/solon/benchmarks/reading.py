"""Where a benchmark's lines come from, and what of them must be there: files in the official layout, or the hub."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from solon.data.fields import MalformedLine, kind, messages
from solon.data.files import read_rows
from solon.errors import UserError
from solon.types import Content, Message, content

_PACKED = (".gz", ".xz")
_LINES = (".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class Hub:
    """A data set on the hub, its split, and the configuration of it, if it has several."""

    name: str
    split: str
    config: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the data is: a file or folder, or, without one, what the hub has."""

    data: Path | None
    hub: tuple[Hub, ...] = ()

    def entries(self, names: str = "*") -> Iterator["Entry"]:
        """Yield every line of the data, file by file in the order of their names; of a folder's, those so named.

        Raises:
            UserError: there is no such data, or a line of it is no object.
        """
        if self.data is None:
            if not self.hub:
                raise UserError("the hub does not have this benchmark: name its files with --data")
            for one in self.hub:
                yield from _from_hub(one)
            return
        for path in files_of(self.data, names):
            if path.suffix == ".parquet":
                whole = "a whole Parquet file is expected"
                yield from _loaded(path, "parquet", "train", whole, data_files=str(path))
            else:
                for line, row in read_rows(path):
                    yield Entry(row, path, line)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a benchmark: its values, its file, and where it stands in it."""

    row: Mapping[str, Any]
    file: Path
    line: int

    @property
    def where(self) -> str:
        """Say where the line stands."""
        return f"'{self.file}', line {self.line}"

    def fault(self, key: str, wanted: str) -> UserError:
        """Say what was seen under a key, and what was expected."""
        return UserError(f"{self.where}: '{key}' is {kind(self.row.get(key))}; {wanted} is expected")

    def text(self, key: str) -> str:
        """Return a text."""
        value = self.row.get(key)
        if not isinstance(value, str):
            raise self.fault(key, "a text")
        return value

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """Return one of some values, as a text."""
        value = str(self.row.get(key))
        if value not in allowed:
            raise self.fault(key, f"one of {', '.join(allowed)}")
        return value

    def identity(self, *keys: str) -> str:
        """Return the first of these keys that is there, as a text."""
        for key in keys:
            value = self.row.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        raise self.fault(keys[0], "a text or a whole number that names the line")

    def texts(self, key: str, count: int | None = None) -> tuple[Content, ...]:
        """Return a list of texts as contents, `count` of them if that is given."""
        value = self.row.get(key)
        wanted = f"a list of {'one or more' if count is None else count} texts"
        if not isinstance(value, Sequence) or isinstance(value, str) or not value or count not in (None, len(value)):
            raise self.fault(key, wanted)
        if not all(isinstance(one, str) for one in value):
            raise self.fault(key, wanted)
        return tuple(content(one) for one in value)

    def conversation(self, key: str) -> tuple[Message, ...]:
        """Return a prompt: a text, or messages of which the last is the user's."""
        value = self.row.get(key)
        try:
            return messages(list(value) if isinstance(value, tuple) else value, f"'{key}'")
        except MalformedLine as fault:
            raise UserError(f"{self.where}: {fault}") from fault


def files_of(data: Path, names: str = "*") -> list[Path]:
    """Return a file, or every file of lines below a folder that is so named, in the order of their names.

    Raises:
        UserError: there is none.
    """
    if data.is_file():
        return [data]
    if not data.is_dir():
        raise UserError(f"'{data}' does not exist: --data takes the benchmark's file or folder in its official layout")
    named = sorted(path for path in data.rglob(names) if path.is_file())
    found = [path for path in named if _unpacked_suffix(path) in _LINES]
    found = found or [path for path in named if path.suffix == ".parquet"]
    if not found:
        raise UserError(f"the folder '{data}' holds no .json, .jsonl or .parquet file named {names}: name another one")
    return found


def _unpacked_suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix in _PACKED else path.suffix


def _from_hub(hub: Hub) -> Iterator[Entry]:
    wanted = f"a data set with the split '{hub.split}' is expected; its files, once downloaded, are named with --data"
    return _loaded(Path(hub.name), hub.name, hub.split, wanted, name=hub.config)


def _loaded(place: Path, source: str, split: str, wanted: str, **options: Any) -> Iterator[Entry]:
    """Load rows with the `datasets` library: a data set of the hub, a folder that is laid out like one, or a file.

    What is loaded from a disk is kept nowhere: the library's cache takes folders of one name for one another.
    """
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise UserError("reading from the hub, or .parquet files, needs datasets: pip install datasets") from error
    with TemporaryDirectory() as cache:
        try:
            rows = list(load_dataset(source, split=split, cache_dir=cache if place.exists() else None, **options))
        except Exception as error:
            raise UserError(f"'{place}' cannot be loaded: {_reason(error)}; {wanted}") from error
    for line, row in enumerate(rows, 1):
        yield Entry(row, place, line)


def _reason(error: BaseException) -> str:
    """Return what the innermost of some chained errors says, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:300].rstrip(".") or repr(error)
