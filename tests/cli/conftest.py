"""The command line in this process, and files of cases."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from solon import cli


@dataclass(frozen=True)
class Done:
    """What a command came to; `told` is its last line on standard error, without the line breaks of tables."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        return self.err.rstrip("\n").rpartition("\n")[2]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def solon(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command line in this process."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        code = cli._run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write rows, objects or raw lines, to a file of cases."""

    def write(*rows: object, name: str = "cases.jsonl") -> Path:
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return path

    return write
