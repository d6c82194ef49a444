"""Rows of case files."""

from typing import Any


def row(name: str, n: int = 2, **fields: Any) -> dict[str, Any]:
    """Return a case line with n different responses."""
    return {"id": name, "prompt": f"Ask {name}?", "responses": [f"{name} says {i}" for i in range(n)]} | fields


def rows(count: int, n: int = 2) -> list[dict[str, Any]]:
    """Return case lines c0, c1, ... of n responses."""
    return [row(f"c{i}", n) for i in range(count)]
