"""General instruction data: conversations whose last turn is the assistant's, one JSON object a line."""

import json
import random
from collections.abc import Sequence
from math import floor
from pathlib import Path
from typing import TypeAlias

from solon.data.fields import MalformedLine, messages
from solon.errors import UserError
from solon.order import stable_hash
from solon.types import Message, plain

Turns: TypeAlias = tuple[Message, ...]


def read_instructions(files: Sequence[Path]) -> list[tuple[Turns, str]]:
    """Read files of rows with `messages` as (prompt, answer) pairs.

    Raises:
        UserError: a file or line cannot be read; the line is named.
    """
    return [pair for file in files for pair in _read(file)]


def mixed(
    judgments: int, instructions: Sequence[tuple[Turns, str]], share: float | None, seed: int
) -> list[tuple[Turns, str]]:
    """Draw the instructions to mix with so many judgments: all of them, or as many as make up `share` of the mixture.

    None is repeated.

    Raises:
        UserError: there are fewer.
    """
    if share is None or share == 1:
        return list(instructions)
    wanted, there = round(judgments * share / (1 - share)), len(instructions)
    if wanted > there:
        most = floor(1000 * there / (judgments + there)) / 1000
        mend = f"name more of them, or lower it to {most:g}" if there else "name files of them with instructions"
        raise UserError(
            f"instruction_share is {share:g} beside {judgments:,} judgments, which asks for {wanted:,} instructions, "
            f"and the files hold {there:,}: {mend}"
        )
    return random.Random(stable_hash("instructions", seed)).sample(list(instructions), wanted)


def _read(file: Path) -> list[tuple[Turns, str]]:
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"'{file}' cannot be read ({error}): give a file of JSON lines with messages") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_pair(json.loads(line)))
            except (MalformedLine, ValueError) as fault:
                raise UserError(f"'{file}', line {number}: {fault}") from fault
    return found


def _pair(row: object) -> tuple[Turns, str]:
    turns = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(turns, list) or len(turns) < 2 or not isinstance(turns[-1], dict):
        raise MalformedLine("'messages' must be a list of two or more turns")
    if turns[-1].get("role") != "assistant" or not isinstance(turns[-1].get("content"), str):
        raise MalformedLine("the last turn must be the assistant's, with a text")
    prompt = messages(turns[:-1], "'messages' before the answer")
    if not plain(prompt[-1].content):
        raise MalformedLine("the turn before the last has no text")
    return prompt, turns[-1]["content"]
