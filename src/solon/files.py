"""Files that are there whole or not at all."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from solon.errors import UserError


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where it is not there.

    Raises:
        UserError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the folder '{path}' cannot be made ({error.strerror}): name another one") from error


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file that takes its name only when all of them are on disk.

    A lone surrogate is written as its escape, which is also its form in JSON.

    Raises:
        UserError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # the processes of one training write the same report
    make_folder(path.parent)
    try:
        with part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise UserError(f"'{path}' cannot be written ({error.strerror or error}): name another file") from error


def write_json(path: Path, value: object) -> None:
    """Write a report as indented JSON."""
    write_whole(path, [json.dumps(value, ensure_ascii=False, indent=2)])
