"""Checkpoints and modes of principles side by side, over a script."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request, Sampled
from solon.sandbox import checkpoint
from solon.types import plain
from tests.cli.conftest import Done


def script(request: Request, index: int) -> Sampled:
    """Write principles in 9 tokens and judge by given ones in 21, or both in 30."""
    prompt = plain(request.messages[0].content)
    if prompt.endswith("Write principles."):
        return Sampled("Principles: brief 3.", tokens=9)
    given = "by these principles" in prompt
    text = "[1] brief yes: 4\n[2] brief no: 1\n\\boxed{4, 1}"
    return Sampled(text if given else f"Principles: brief 3.\n{text}", tokens=21 if given else 30)


def test_modes_of_principles_are_measured_beside_each_other(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("solon.sandbox.judging.small_sampler", lambda _: ScriptedSampler(script))
    options = ("--count", 10, "--k", 2, "--principles", "self", "--principles", "query", "--json", tmp_path / "rows")
    done = solon("sandbox", "compare", checkpoint("rl"), *options)
    rows: list[dict[str, Any]] = json.loads((tmp_path / "rows").read_text("utf-8"))
    name = str(checkpoint("rl"))
    assert (done.code, [(row["judge"], row["k"]) for row in rows]) == (
        0,
        [(name, 1), (name, 2), (f"{name}, query", 1), (f"{name}, query", 2)],
    )
    assert [row["tokens"] for row in rows] == [30, 30, 21 + 9, 21 + 9 / 2]
    assert [row.get("gain") for row in rows] == [None, None, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
