"""What stages of a miniature cost, in tokens: those that trainings saw, and those that samples and rollouts have."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any

_SEEN = ("num_tokens", "num_input_tokens_seen")
_LENGTH = "completions/mean_length"


def costs(stages: Sequence[Path]) -> dict[str, float]:
    """Return the tokens trained on (prompts included) and generated in the stages with these folders."""
    logs = list(_logs(stages))
    sampled = sum(_sampled(file) for folder in stages for file in sorted(folder.glob("*.sqlite")))
    return {"trained": sum(map(_trained, logs)), "generated": sampled + sum(map(_rolled_out, logs))}


def _logs(stages: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    for folder in stages:
        if (log := folder / "checkpoint" / "log.json").is_file():
            yield json.loads(log.read_text("utf-8"))


def _trained(log: Mapping[str, Any]) -> float:
    return max((float(row[name]) for row in log["log"] for name in _SEEN if name in row), default=0.0)


def _rolled_out(log: Mapping[str, Any]) -> float:
    lengths = [row[_LENGTH] for row in log["log"] if _LENGTH in row and "loss" in row]
    return fmean(lengths) * log["recipe"]["batch"] * log["log"][-1]["step"] if lengths else 0.0


def _sampled(file: Path) -> float:
    with closing(sqlite3.connect(file)) as run:
        return float(run.execute("SELECT coalesce(sum(tokens), 0) FROM samples").fetchone()[0])
