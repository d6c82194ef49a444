"""Cases written and read back are the same cases."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solon.data import read_cases
from solon.data.case_lines import FIELDS
from solon.data.writing import case_line
from solon.files import write_whole
from solon.types import Best, Case, Content, Image, LabeledCase, Message, Ratings, Right, Text, content

TEXTS = st.text(st.characters(), max_size=20)
NAMES = TEXTS.filter(bool)
PARTS = st.lists(st.builds(Text, TEXTS) | st.builds(Image, TEXTS), min_size=1, max_size=3).map(tuple)
PROMPTS = st.lists(st.builds(Message, TEXTS, PARTS), max_size=2).flatmap(
    lambda turns: st.builds(lambda last: (*turns, Message("user", last)), PARTS)
)
VALUES = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS | st.lists(TEXTS)
TAGS = st.dictionaries(NAMES.filter(lambda name: name not in {"id", "reference", *FIELDS}), VALUES, max_size=3)


@st.composite
def cases(draw: st.DrawFn) -> Case | LabeledCase:
    responses: tuple[Content, ...] = tuple(draw(st.lists(PARTS, min_size=1, max_size=4)))
    case = Case(
        id=draw(NAMES),
        prompt=draw(PROMPTS),
        responses=responses,
        reference=draw(st.none() | TEXTS),
        principles=tuple(draw(st.lists(TEXTS.filter(str.strip), max_size=2))),
        tags=draw(TAGS),
    )
    finite = st.floats(allow_nan=False, allow_infinity=False)
    ratings = st.lists(finite, min_size=case.n, max_size=case.n).map(lambda values: Ratings(tuple(values)))
    other = st.builds(Best, st.integers(0, case.n - 1)) if case.n > 1 else st.builds(Right, st.booleans())
    label = draw(st.none() | ratings | other)
    return case if label is None else LabeledCase(case, label)


@settings(deadline=None, database=None)
@given(one=cases())
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, one: Case | LabeledCase) -> None:
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    path.write_text(case_line(one), "utf-8", "backslashreplace", newline="\n")
    reading = read_cases(path)
    assert reading.malformed == ()
    assert reading.cases == (one,)


def test_the_tags_of_a_label_survive(tmp_path: Path) -> None:
    row = {"id": "c", "prompt": "q", "responses": ["a", "b"], "ratings": [1, 1], "best": 1, "label": "tie"}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row))
    first = read_cases(path).cases
    write_whole(path, map(case_line, first))
    assert read_cases(path).cases == first


def test_a_tag_never_takes_the_place_of_a_field() -> None:
    case = Case("c", (Message("user", content("q")),), (content("a"),), tags={"id": "x", "ratings": [1], "seen": 1})
    row = json.loads(case_line(case))
    assert (row["id"], row["seen"]) == ("c", 1)
    assert "ratings" not in row
