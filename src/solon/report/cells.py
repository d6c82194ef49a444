"""The study's cells: a file per arm and seed, with rows of what every case earned."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]
Cells: TypeAlias = Mapping[str, Mapping[int, Rows]]
"""Rows by arm and seed; the same row of all seeds of an arm is the same judge and setting."""


def title_of(arm: str) -> str:
    """Name an arm as pages do: `rft failed`."""
    return arm.replace("_", " ")


def cell_path(folder: Path, arm: str, seed: int) -> Path:
    """Return where a cell is kept."""
    return folder / f"{arm}-{seed}.json.gz"


def keep_cell(path: Path, rows: Rows) -> None:
    """Write a cell, whole or not at all; the same rows make the same file."""
    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress(json.dumps(rows).encode(), mtime=0))
    part.replace(path)


def read_cells(folder: Path) -> dict[str, dict[int, Rows]]:
    """Return all results, by arm and seed."""
    found: dict[str, dict[int, Rows]] = {}
    for path in sorted(folder.glob("*.json.gz")):
        name, _, seed = path.name.removesuffix(".json.gz").rpartition("-")
        found.setdefault(name, {})[int(seed)] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def row_of(cells: Cells, arm: str, seed: int, setting: str | None = None) -> Row | None:
    """Return the row of a setting, or an arm's only one where none is named; None where it is not there."""
    rows = cells.get(arm, {}).get(seed, [])
    return next((row for row in rows if setting is None or row.get("setting") == setting), None)
