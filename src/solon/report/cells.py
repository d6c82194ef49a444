"""The study's cells: a file per arm and seed, with rows of what every case earned; and a table of the arms."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from solon.report.tables import percent
from solon.stats import bootstrap

Rows: TypeAlias = list[dict[str, Any]]
Cells: TypeAlias = Mapping[str, Mapping[int, Rows]]
"""Rows by arm and seed; the same row of all seeds of an arm is the same judge and setting."""


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


def arms(cells: Cells) -> list[dict[str, object]]:
    """Return a row per arm and setting whose cases earned something, pooled over seeds."""
    rows: list[dict[str, object]] = []
    for name, seeds in cells.items():
        for i, first in enumerate(next(iter(seeds.values()))):
            if "earned" in first:
                rows.append(_arm(name, [parts[i] for parts in seeds.values()]))
    return rows


def _arm(name: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    row: dict[str, object] = {"arm": name, "setting": parts[0].get("setting", "-")}
    row |= {"seeds": len(parts), "cases": sum(part["cases"] for part in parts)}
    row["greedy"] = percent(bootstrap([value for part in parts for value in part["earned"]["greedy"]]))
    for k in ("1", "8", "32"):
        values = [value for part in parts for value in part["earned"].get("votes", {}).get(k, ())]
        row[f"@{k}"] = percent(bootstrap(values)) if values else "-"
    return row
