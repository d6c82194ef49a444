"""General instruction data: read strictly, mixed in an exact share, and never repeated."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.errors import UserError
from solon.training.instructions import mixed, read_instructions
from solon.types import Message, content

PAIRS = [((Message("user", content(f"ask {i}")),), f"say {i}") for i in range(100)]


def row(*turns: tuple[str, object]) -> str:
    return json.dumps({"messages": [{"role": role, "content": said} for role, said in turns]})


def file_of(folder: Path, *lines: str) -> Path:
    path = folder / "general.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_all_is_taken_where_no_share_is_asked() -> None:
    assert mixed(7, PAIRS, None, seed=0) == PAIRS
    assert mixed(0, PAIRS, 1.0, seed=0) == PAIRS


@given(st.integers(0, 90), st.sampled_from([0.0, 0.1, 0.25, 0.5]), st.integers(0, 3))
def test_the_share_is_exact_and_none_is_repeated(judgments: int, share: float, seed: int) -> None:
    drawn = mixed(judgments, PAIRS, share, seed)
    assert abs(len(drawn) - share * (judgments + len(drawn))) <= 0.5
    assert len({answer for _, answer in drawn}) == len(drawn)
    assert mixed(judgments, PAIRS, share, seed) == drawn


def test_too_few_are_refused_with_the_share_that_they_suffice_for() -> None:
    with pytest.raises(UserError, match=r"asks for 9,000 instructions, and the files hold 100: .* lower it to 0\.09$"):
        mixed(1000, PAIRS, 0.9, seed=0)
    assert len(mixed(1000, PAIRS, 0.09, seed=0)) <= 100
    with pytest.raises(UserError, match=r"and the files hold 0: name files of them with instructions$"):
        mixed(1000, [], 0.5, seed=0)


def test_the_seed_draws_others() -> None:
    assert mixed(10, PAIRS, 0.5, seed=0) != mixed(10, PAIRS, 0.5, seed=1)


def test_conversations_are_read_with_all_their_turns(tmp_path: Path) -> None:
    long = row(("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"), ("assistant", "Yes"))
    parts = row(("user", [{"type": "text", "text": "Hi"}]), ("assistant", "Yes"))
    first, second = read_instructions([file_of(tmp_path, long, "", parts, "")])
    assert [turn.role for turn in first[0]] == ["system", "user", "assistant", "user"]
    assert (first[1], second) == ("Yes", ((Message("user", content("Hi")),), "Yes"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Expecting property name"),
        ("[]", "'messages' must be a list of two or more turns"),
        ('{"messages": "Hi"}', "'messages' must be a list of two or more turns"),
        (row(("assistant", "Yes")), "'messages' must be a list of two or more turns"),
        (row(("user", "Hi"), ("user", "Ho")), "the last turn must be the assistant's, with a text"),
        (row(("user", "Hi"), ("assistant", None)), "the last turn must be the assistant's, with a text"),
        (row(("assistant", "Hi"), ("assistant", "Ho")), "the last message of 'messages' before the answer"),
        (row(("user", 5), ("assistant", "Ho")), "the user's message in"),
        (row(("user", ""), ("assistant", "Ho")), "the turn before the last has no text"),
    ],
)
def test_a_malformed_line_is_named(line: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"general.jsonl', line 3: ") as caught:
        read_instructions([file_of(tmp_path, row(("user", "Hi"), ("assistant", "Yes")), "", line)])
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none.jsonl' cannot be read .*: give a file of JSON lines with messages"):
        read_instructions([tmp_path / "none.jsonl"])
