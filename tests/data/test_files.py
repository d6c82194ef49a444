"""Files: packed or not, lines or an array, and every line that is no case named with its number."""

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from solon.data import Malformed, read_cases
from solon.errors import UserError
from solon.types import Case, LabeledCase, content, plain
from tests.data.reading import fault, one, read

ROWS = [{"id": f"c{i}", "prompt": "Why?", "responses": ["a", "ü"]} for i in range(3)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
ARRAY = json.dumps(ROWS, indent=1).encode()


def ids(path: Path) -> list[str]:
    reading = read_cases(path)
    assert not reading.malformed
    return [one.case.id if isinstance(one, LabeledCase) else one.id for one in reading.cases]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", LINES),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0)),
        ("a.jsonl.gz", gzip.compress(LINES[:40], mtime=0) + gzip.compress(LINES[40:], mtime=0)),
        ("a.jsonl.xz", lzma.compress(LINES)),
        ("a.json", ARRAY),
        ("a.json.gz", gzip.compress(ARRAY, mtime=0)),
        ("a.json", b"\n " + ARRAY),
        ("a.json", LINES),
        ("a.txt", LINES),
        ("a.jsonl", b"\xef\xbb\xbf" + LINES),
        ("a.json", b"\xef\xbb\xbf" + ARRAY),
        ("a.jsonl", LINES.replace(b"\n", b"\r\n")),
        ("a.jsonl", LINES.removesuffix(b"\n")),
        ("a.jsonl", LINES.replace(b"\n", b"\n\n \t\n")),
    ],
)
def test_every_packing(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert ids(tmp_path / name) == ["c0", "c1", "c2"]


def test_lines_end_at_line_feeds_alone(tmp_path: Path) -> None:
    text = "one\u2028two\u2029three\x85four\x0bfive\x0c"
    row = json.dumps({"prompt": text, "responses": [text]}, ensure_ascii=False)
    found = one(tmp_path, row)
    assert isinstance(found, Case)
    assert found.responses == (content(text),)


def test_a_lone_surrogate_is_kept(tmp_path: Path) -> None:
    found = one(tmp_path, '{"prompt": "\\ud800", "responses": ["\\udfff", "\\ud83d\\ude00"]}')
    assert isinstance(found, Case)
    assert [plain(parts) for parts in found.responses] == ["\udfff", "😀"]


def test_malformed_lines_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = [ROWS[0], "{", "", ROWS[1], "[1]", {"id": "c0", "prompt": "q", "responses": ["a"]}, {"text": "x"}, ROWS[2]]
    reading = read(tmp_path, *rows)
    assert [case.id for case in reading.cases if isinstance(case, Case)] == ["c0", "c1", "c2"]
    assert reading.malformed == (
        Malformed(2, "not JSON: Expecting property name enclosed in double quotes at character 2"),
        Malformed(5, "not a JSON object"),
        Malformed(6, "the id 'c0' was already used on line 1; ids must differ"),
        Malformed(7, "no layout is known for a row of text; one of responses, chosen, completions is needed"),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nothing", "not JSON: Expecting value at character 1"),
        ('{"responses": ["a"], "prompt": "q", "score": NaN}', "not JSON: NaN is no number; null stands for an absent"),
        ('{"responses": ["a"], "prompt": "q", "score": -Infinity}', "not JSON: -Infinity is no number"),
        ('{"responses": ["a"], "prompt": "q", "score": 1e999}', "not JSON: 1e999 is no number"),
        ("[" * 200_000, "not JSON that can be read: it is nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON: Exceeds the limit"),
        ("{}", "no layout is known for a row of no keys"),
        ("null", "not a JSON object"),
        ('{"responses": null}', "no layout is known for a row of responses"),
    ],
)
def test_lines_that_are_no_case(tmp_path: Path, line: str, told: str) -> None:
    assert told in fault(tmp_path, line)


def test_a_line_of_other_bytes_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES + b'{"prompt": "\xff", "responses": ["a"]}\n' + b"\x00\x01\n")
    reading = read_cases(tmp_path / "a.jsonl")
    assert len(reading.cases) == 3
    assert [bad.line for bad in reading.malformed] == [4, 5]
    assert "not JSON: 'utf-8' codec can't decode byte 0xff" in reading.malformed[0].fault


def test_a_row_of_an_array_is_named_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([ROWS[0], 3, {"prompt": "q", "responses": ["a"]}]))
    reading = read_cases(tmp_path / "a.json")
    assert [case.id for case in reading.cases if isinstance(case, Case)] == ["c0", "line-3"]
    assert reading.malformed == (Malformed(2, "not a JSON object"),)


def test_an_empty_file_holds_no_case(tmp_path: Path) -> None:
    assert read(tmp_path) == read_cases(tmp_path / "cases.jsonl")
    assert read(tmp_path).cases == ()


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("gone.jsonl", None, "does not exist: give the path of a file of cases"),
        ("folder", Path.mkdir, "cannot be read: Is a directory"),
        ("a.jsonl.gz", lambda path: path.write_bytes(LINES), "cannot be unpacked .Not a gzipped file"),
        ("a.jsonl.gz", lambda path: path.write_bytes(gzip.compress(LINES, mtime=0)[:-9]), "cannot be unpacked"),
        ("a.jsonl.gz", lambda path: path.write_bytes(b"\x1f\x8b\x08\x00" + b"\xff" * 40), "cannot be unpacked"),
        ("a.jsonl.xz", lambda path: path.write_bytes(LINES), "cannot be unpacked"),
        ("a.json", lambda path: path.write_bytes(ARRAY[:-3]), "is no JSON array: not JSON: Expecting"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, make: Callable[[Path], object] | None, told: str) -> None:
    if make is not None:
        make(tmp_path / name)
    with pytest.raises(UserError, match=told):
        read_cases(tmp_path / name)


def test_a_reference_key_that_no_row_has_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path, ROWS[0], ROWS[1] | {"gold": "a"}, reference="gold").malformed == ()
    with pytest.raises(UserError, match=r"no row of .* has a reference answer under 'glod': name a key that they have"):
        read(tmp_path, *ROWS, reference="glod")
