"""Files that are there whole or not at all."""

import json
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

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


def make_room(*files: Path | None) -> None:
    """Make the folders of files that a command will write at its end; None is a file that is not wanted.

    Raises:
        UserError: a folder cannot be made, or a file's name is that of a folder.
    """
    wanted = [file for file in files if file]
    for file in wanted:
        make_folder(file.parent)
    if folders := [file for file in wanted if file.is_dir()]:
        raise UserError(f"'{folders[0]}' cannot be written (Is a directory): name another file")


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


class Spool:
    """Texts that are written in any order and read in that of their places; they lie in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._starts = array("q")

    def add(self, place: int, text: str) -> None:
        """Write a text, which takes this place among all, counted from 0."""
        while len(self._starts) <= place:
            self._starts.append(-1)
        self._starts[place] = self._file.seek(0, os.SEEK_END)
        kept = text.encode("utf-8", "surrogatepass")
        self._file.write(len(kept).to_bytes(8))
        self._file.write(kept)

    def __iter__(self) -> Iterator[str]:
        for start in self._starts:
            if start >= 0:
                self._file.seek(start)
                yield self._file.read(int.from_bytes(self._file.read(8))).decode("utf-8", "surrogatepass")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()
