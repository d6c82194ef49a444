"""Hypothesis without deadlines (these machines are shared) and without a database beside the code; files of forms."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("core", deadline=None, database=None, max_examples=60)
settings.load_profile("core")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a form file and return its path."""

    def written(text: str, name: str = "strict.py") -> str:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return written
