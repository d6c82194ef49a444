"""Read a file of cases: JSON lines (plain, .gz or .xz) or one JSON array, each row in any layout that Solon knows.

A line that is no case is named with its number and its fault; nothing is guessed and nothing else is lost.
"""

import codecs
import gzip
import json
import lzma
import math
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from solon.data.case_lines import read_case_line
from solon.data.fields import MalformedLine, Place, Row
from solon.data.preference import read_preference
from solon.data.ultrafeedback import read_ultrafeedback
from solon.errors import UserError
from solon.types import Case, LabeledCase

LAYOUTS: dict[str, Callable[[Row, Place], Case | LabeledCase]] = {
    "responses": read_case_line,
    "chosen": read_preference,
    "completions": read_ultrafeedback,
}
"""The key that tells a layout, and its reader."""

_OPEN: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no case: its number in the file (from 1) and what is wrong with it."""

    line: int
    fault: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file held: the cases in its order, the lines where they stood, and the lines that are none."""

    cases: tuple[Case | LabeledCase, ...]
    malformed: tuple[Malformed, ...]
    lines: tuple[int, ...]


def read_cases(path: str | Path, *, reference: str = "reference") -> Reading:
    """Read every case of a file.

    Args:
        path: JSON lines (.jsonl), also packed as .gz or .xz, or a .json file that holds one array (a row's place in
            the array then counts as its line).
        reference: the dotted key of the reference answer in a row.

    Raises:
        UserError: the file is missing or cannot be unpacked, or a reference key of one's own is in none of its rows.
    """
    read, malformed = [], []
    for found in each_case(path, reference=reference):
        if isinstance(found, Malformed):
            malformed.append(found)
        else:
            read.append(found)
    return Reading(tuple(case for _, case in read), tuple(malformed), tuple(line for line, _ in read))


def each_case(
    path: str | Path, whole: bytes | None = None, *, reference: str = "reference"
) -> Iterator[tuple[int, Case | LabeledCase] | Malformed]:
    """Yield the cases of a file with their lines, one by one, and the lines that are none, as `read_cases` has them.

    JSON lines are not held in memory. `whole` is what stands in the file, unpacked, where it was read before.
    """
    with closing(_Ids()) as ids:
        cases = referenced = 0
        for line, row in _rows(Path(path), whole):
            try:
                found = _read(row, Place(line, reference))
                case = found.case if isinstance(found, LabeledCase) else found
                if (before := ids.line(case.id, line)) is not None:
                    raise MalformedLine(f"the id '{case.id}' was already used on line {before}; ids must differ")
            except MalformedLine as fault:
                yield Malformed(line, str(fault))
                continue
            cases, referenced = cases + 1, referenced + (case.reference is not None)
            yield line, found
    if reference != "reference" and cases and not referenced:
        raise UserError(f"no row of '{path}' has a reference answer under '{reference}': name a key that they have")


class _Ids:
    """The ids that were seen, on disk where they are many."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # a generator ends anywhere
        self._db.execute("CREATE TABLE ids (id BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def line(self, name: str, line: int) -> int | None:
        """Return the line on which an id was seen before, or note that it is now."""
        key = name.encode("utf-8", "surrogatepass")
        if self._db.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (key, line)).rowcount:
            return None
        found: int = self._db.execute("SELECT line FROM ids WHERE id = ?", (key,)).fetchone()[0]
        return found

    def close(self) -> None:
        self._db.close()


def read_rows(path: Path, whole: bytes | None = None) -> Iterator[tuple[int, Row]]:
    """Yield the JSON objects of a file in any layout, each with its line (its place, in a JSON array).

    NaN and Infinity, which others' tools write for what is absent, are null here.

    Args:
        path: a file as `read_cases` takes it.
        whole: what stands in the file, where it was read before, from an archive for instance.

    Raises:
        UserError: the file is missing or cannot be unpacked, or one of its lines, which is named, is no object.
    """
    for line, row in _rows(path, whole, _absent):
        try:
            found = _json(row, _absent) if isinstance(row, bytes) else row
            if not isinstance(found, dict):
                raise MalformedLine("not a JSON object")
        except MalformedLine as fault:
            raise UserError(f"'{path}', line {line}: {fault}; a JSON object is expected, is the file whole?") from fault
        yield line, found


def _read(row: object, place: Place) -> Case | LabeledCase:
    if isinstance(row, bytes):
        row = _json(row)
    if not isinstance(row, dict):
        raise MalformedLine("not a JSON object")
    for key, read in LAYOUTS.items():
        if row.get(key) is not None:
            return read(row, place)
    keys = ", ".join(sorted(row)[:10]) or "no keys"
    raise MalformedLine(f"no layout is known for a row of {keys}; one of {', '.join(LAYOUTS)} is needed")


def _rows(
    path: Path, whole: bytes | None = None, constant: Callable[[str], object] | None = None
) -> Iterator[tuple[int, object]]:
    """Yield (line, bytes) of JSON lines, or (place, row) of a JSON array."""
    name = path.stem if path.suffix in _OPEN else path.name
    if whole is None and not name.endswith(".json"):
        yield from _lines(path)
        return
    whole = (unpacked(path) if whole is None else whole).removeprefix(codecs.BOM_UTF8)
    if name.endswith(".json") and whole.lstrip().startswith(b"["):
        try:
            rows = _json(whole, constant)
        except MalformedLine as fault:
            raise UserError(
                f"'{path}' is no JSON array: {fault}; a whole array is expected, is the file whole?"
            ) from fault
        assert isinstance(rows, list)
        yield from enumerate(rows, 1)
    else:
        yield from ((i, line) for i, line in enumerate(whole.split(b"\n"), 1) if line.strip())


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not blank, by their numbers, without holding more than one."""
    with _opened(path) as file:
        for i, line in enumerate(file, 1):
            kept = line.removeprefix(codecs.BOM_UTF8) if i == 1 else line
            if kept.strip():
                yield i, kept.removesuffix(b"\n")


def _json(text: bytes, constant: Callable[[str], object] | None = None) -> object:
    """Parse strict JSON: NaN and Infinity (but by `constant`) and numbers beyond a float's range are none."""
    try:
        return json.loads(text.decode(), parse_constant=constant or _no_number, parse_float=_finite)
    except RecursionError as error:
        raise MalformedLine("not JSON that can be read: it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise MalformedLine(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except ValueError as error:
        raise MalformedLine(f"not JSON: {error}") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number; null stands for an absent one")


def _absent(name: str) -> None:
    """Take NaN and Infinity for what is absent."""


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits)


def unpacked(path: Path) -> bytes:
    """Return what stands in a file, unpacked.

    Raises:
        UserError: it is missing or cannot be unpacked.
    """
    with _opened(path) as file:
        return file.read()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with _OPEN.get(path.suffix, open)(path, "rb") as file:
            yield file
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        kind = f"a whole {path.suffix} file is expected"
        raise UserError(f"the file '{path}' cannot be unpacked ({error}): {kind}") from error
    except FileNotFoundError as error:
        raise UserError(f"the file '{path}' does not exist: give the path of a file of cases") from error
    except OSError as error:
        raise UserError(f"the file '{path}' cannot be read: {error.strerror or error}") from error
