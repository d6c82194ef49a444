"""Write rows to a file and read them, in few words."""

import json
from pathlib import Path
from typing import Any

from solon.data import Reading, read_cases
from solon.types import Case, LabeledCase


def read(folder: Path, *rows: object, **options: Any) -> Reading:
    """Read rows back from a file: objects as JSON, texts as they are."""
    path = folder / "cases.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return read_cases(path, **options)


def one(folder: Path, row: object, **options: Any) -> Case | LabeledCase:
    """Read the one row, which is a case."""
    reading = read(folder, row, **options)
    assert not reading.malformed
    (found,) = reading.cases
    return found


def fault(folder: Path, row: object, **options: Any) -> str:
    """Read the one row, which is none, and return its fault."""
    reading = read(folder, row, **options)
    assert not reading.cases
    ((line, told),) = [(bad.line, bad.fault) for bad in reading.malformed]
    assert line == 1
    return told
