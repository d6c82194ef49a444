"""Files that are not what they should be: one sentence each that names the file, the line and what was expected."""

import gzip
import json
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from solon.benchmarks import BENCHMARKS, benchmark_of
from solon.benchmarks.benchmark import Item
from solon.benchmarks.loading import load
from solon.benchmarks.reading import Source
from solon.errors import UserError
from tests.benchmarks.synthetic import MAKE, parquet

Row = dict[str, Any]
LEFT_OUT = ...
"""Stands for a key that is not there."""

FIELDS: Mapping[str, list[tuple[str, object, str]]] = {
    "rewardbench": [
        ("prompt", 7, "'prompt' is 7; a text or a non-empty list of messages is allowed"),
        ("prompt", [], "'prompt' is an empty list; a text or a non-empty list of messages is allowed"),
        ("chosen", ["a"], "'chosen' is a list; a text is expected"),
        ("rejected", None, "'rejected' is missing; a text is expected"),
        ("subset", "hep-perl", "'subset' is 'hep-perl'; one of alpacaeval-easy, "),
        ("id", LEFT_OUT, "'id' is missing; a text or a whole number that names the line is expected"),
    ],
    "rewardbench2": [
        ("chosen", "a", "'chosen' is 'a'; a list of one or more texts is expected"),
        ("rejected", [], "'rejected' is an empty list; a list of one or more texts is expected"),
        ("num_correct", 3, "'num_correct' is 3; the number of 'chosen', 1, is expected"),
        ("subset", LEFT_OUT, "'subset' is missing; one of Factuality, "),
    ],
    "rm-bench": [
        ("chosen", ["a", "b"], "'chosen' is a list; a list of 3 texts is expected"),
        ("rejected", ["a", "b", 3], "'rejected' is a list; a list of 3 texts is expected"),
        ("domain", "poetry", "'domain' is 'poetry'; one of chat, math, code"),
        ("id", True, "'id' is True; a text or a whole number"),
    ],
    "rmb": [
        ("bon_best", {"llm_name": "m"}, "'bon_best' is an object; an object with the text 'answer' is expected"),
        ("loser_list", [], "'loser_list' is an empty list; a list of one or more objects with the text 'answer'"),
        ("loser_list", ["a"], "'loser_list' is a list; a list of objects with the text 'answer' is expected"),
        ("conversation_input", [{"role": "assistant", "content": "Hi"}], "it must be the user's"),
        ("category_path", "BoN_set/Charm/Wit", "a goal Helpfulness or Harmlessness; such a path is expected"),
    ],
    "ppe-preference": [
        ("winner", "model_c", "'winner' is 'model_c'; one of model_a, model_b, tie, tie (bothbad) is expected"),
        ("response_2", 0, "'response_2' is 0; a text is expected"),
        ("question_id", LEFT_OUT, "'question_id' is missing; a text or a whole number"),
    ],
    "ppe-correctness": [
        ("scores", None, "'scores' is missing; a list of whether each response is right is expected"),
        ("sampled_conflict_pairs", [[0, 9]], "a list of pairs, one right and one wrong of 4, is expected"),
        ("sampled_conflict_pairs", [[1, 3]], "a list of pairs, one right and one wrong of 4, is expected"),
        ("sampled_conflict_pairs", [[True, 0]], "a list of pairs, one right and one wrong of 4, is expected"),
        ("response_1", LEFT_OUT, "'response_1' is missing; a text is expected"),
    ],
    "realmistake": [
        ("error_label", "perhaps", "'error_label' is 'perhaps'; one of error, no_error is expected"),
        ("metadata", {}, "'metadata' is an object; an object with the text 'id' is expected"),
        ("llm_response", None, "'llm_response' is missing; a text is expected"),
    ],
    "judgebench": [
        ("label", "A=B", "'label' is 'A=B'; one of A>B, B>A is expected"),
        ("source", "law", "'source' is 'law'; a text that begins with mmlu-pro, livebench-math"),
        ("response_B", LEFT_OUT, "'response_B' is missing; a text is expected"),
    ],
    "llmbar": [
        ("label", 3, "'label' is 3; one of 1, 2 is expected"),
        ("output_1", None, "'output_1' is missing; a text is expected"),
    ],
    "pandalm": [
        ("annotator2", 5, "'annotator2' is 5; one of 0, 1, 2 is expected"),
        ("response1", LEFT_OUT, "'response1' is missing; a text is expected"),
        ("instruction", 3, "'instruction' is 3; a text is expected"),
    ],
    "own": [
        ("best", 7, "a labeled case is expected"),
        ("best", LEFT_OUT, "the case has no label; 'ratings', 'best' or, of one response, 'label' 0 or 1 is expected"),
        ("responses", [], "a labeled case is expected"),
    ],
}
"""Of every benchmark a key, what stands under it on the second line of the first file, and what is said of it."""
FAULTS = [(name, *fault) for name, faults in FIELDS.items() for fault in faults]
SUBSETS: Mapping[str, tuple[str, str]] = {
    "rewardbench": ("hep-rust", "there is no item of the subset 'hep-rust', 164 are expected"),
    "rewardbench2": ("Ties", "there is no item of the subset 'Ties', 102 are expected"),
    "rm-bench": ("math_filtered", "there is no item of the subset 'math', 529 are expected"),
    "rmb": ("Harmlessness", "there is no item of the subset 'harmlessness, pairs' (there are help"),
    "ppe-correctness": ("gpqa", "there is no item of the subset 'GPQA' (there are IFEval, MATH, MBPP-Plus, MMLU-Pro)"),
    "realmistake": ("answerability_classification/gpt-4-0613", "'answerability_classification, gpt-4-0613', 140"),
    "judgebench": ("livecodebench", "there is no item of the subset 'code' (there are math, mmlu-pro, reasoning)"),
    "llmbar": ("GPTOut", "there is no item of the subset 'GPTOut', 47 are expected"),
}
"""What the lines, or the files, of a subset hold, and what is said where it is missing."""
SIZES: Mapping[str, str] = {
    "rewardbench": "'alpacaeval-easy' has 8 items, 100 are expected: is the file whole, and its split 'filtered'?",
    "rewardbench2": "the subset 'Factuality' has 12 items, 475 are expected: is the file whole, and its split 'test'?",
    "rm-bench": "the subset 'chat' has 4 items, 129 are expected",
    "ppe-preference": "there are 20 items, 16,038 are expected: is the file whole?",
    "realmistake": "has 5 items, 140 are expected",
    "judgebench": "there are 24 items, 350 or 270 are expected",
    "llmbar": "the subset 'Natural' has 6 items, 100 are expected",
    "pandalm": "there are 20 items, 999 are expected",
}
"""What is said of a part, or of another split, which has another size."""
NAMED_BY_PLACE = ("llmbar", "ppe-preference", "ppe-correctness", "own")
"""Benchmarks whose lines have no id of their own, or (own) that read files as `solon judge` does."""


def files(data: Path) -> list[Path]:
    return [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.is_file())


def spoil(data: Path, edit: Callable[[list[Row]], list[Row]], name: str = "") -> None:
    """Write the rows of the first file of lines (whose path holds `name`) as `edit` returns them."""
    path = next(path for path in files(data) if path.suffix == ".zip" or name in str(path))
    if path.suffix == ".zip":
        _spoil_packed(path, edit, name)
        return
    array = ".jsonl" not in path.name
    rows = json.loads(path.read_text()) if array else [json.loads(line) for line in path.read_text().splitlines()]
    rows = edit(rows)
    path.write_text(json.dumps(rows) if array else "".join(f"{json.dumps(row)}\n" for row in rows))


def _spoil_packed(path: Path, edit: Callable[[list[Row]], list[Row]], name: str) -> None:
    with zipfile.ZipFile(path) as packed:
        texts = {one: packed.read(one).decode() for one in sorted(packed.namelist())}
    inner = next(one for one in texts if one.count("/") == 2 and name in one)
    rows = edit([json.loads(line) for line in texts[inner].splitlines()])
    texts[inner] = "".join(f"{json.dumps(row)}\n" for row in rows)
    with zipfile.ZipFile(path, "w") as packed:
        for one, text in texts.items():
            packed.writestr(one, text)


def read(name: str, data: Path, partial: bool = True) -> list[Item]:
    return load(benchmark_of(name), Source(data), partial=partial)


def told(name: str, data: Path, partial: bool = True) -> str:
    """Return what is said of the data, which must be one sentence on one line."""
    with pytest.raises(UserError) as caught:
        read(name, data, partial)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(("name", "key", "value", "said"), FAULTS, ids=[f"{n}-{k}-{v}"[:40] for n, k, v, _ in FAULTS])
def test_a_line_that_is_not_as_it_should_be_is_named(
    name: str, key: str, value: object, said: str, tmp_path: Path
) -> None:
    def edit(rows: list[Row]) -> list[Row]:
        rows[1] = {k: v for k, v in rows[1].items() if k != key} | ({} if value is LEFT_OUT else {key: value})
        return rows

    data = MAKE[name](tmp_path, 0)
    spoil(data, edit)
    found = told(name, data)
    assert said in found
    assert "', line 2: " in found
    assert Path(found.partition("'")[2].partition("', line 2")[0]).name.endswith((".json", ".jsonl"))


def test_every_benchmark_is_in_the_tables() -> None:
    assert FIELDS.keys() == BENCHMARKS.keys()
    assert {n for n, one in BENCHMARKS.items() if one.expected} == SUBSETS.keys()
    assert {n for n, one in BENCHMARKS.items() if any(one.expected.values()) or one.sizes} == SIZES.keys()


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in NAMED_BY_PLACE])
def test_an_id_that_is_used_twice_is_named_with_both_lines(name: str, tmp_path: Path) -> None:
    data = MAKE[name](tmp_path, 0)
    spoil(data, lambda rows: [*rows, rows[0]])
    said = told(name, data)
    assert "was already used (" in said
    assert ", line 1)" in said
    assert said.endswith("ids must differ")


@pytest.mark.parametrize("name", SUBSETS)
def test_a_subset_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    data = MAKE[name](tmp_path, 0)
    part, said = SUBSETS[name]
    if name in ("rewardbench", "rewardbench2", "judgebench"):
        spoil(data, lambda rows: [row for row in rows if part not in (row["subset" if "subset" in row else "source"])])
    elif name == "realmistake":
        spoil(data, lambda rows: [], part)
    else:
        for path in (path for path in files(data) if part in str(path)):
            path.unlink()
    found = told(name, data, partial=False)
    assert said in found
    assert f"'{data}'" in found
    assert "--partial goes on with what is there" in found
    assert read(name, data)


@pytest.mark.parametrize("name", SIZES)
def test_a_part_or_another_split_is_told_by_its_size(name: str, tmp_path: Path) -> None:
    data = MAKE[name](tmp_path, 0)
    found = told(name, data, partial=False)
    assert SIZES[name] in found
    assert "--partial" in found


CUT: Mapping[str, tuple[Callable[[bytes], bytes], str]] = {
    ".gz": (lambda text: gzip.compress(text)[:-20], "cannot be unpacked"),
    ".xz": (lambda text: lzma.compress(text)[:-40], "cannot be unpacked"),
    "": (lambda text: text[:-3], "is the file whole"),
}


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in ("realmistake", "own")])
@pytest.mark.parametrize("suffix", CUT)
def test_a_file_that_was_cut_off_is_named(name: str, suffix: str, tmp_path: Path) -> None:
    data = MAKE[name](tmp_path, 0)
    path = files(data)[-1]
    cut, said = CUT[suffix]
    whole = path.read_bytes()
    path.unlink()
    faulty = path.with_name(path.name + suffix)
    faulty.write_bytes(cut(whole))
    found = told(name, faulty if data == path else data)
    assert str(faulty) in found
    assert said in found


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_bytes_that_are_not_packed_at_all_are_told(suffix: str, tmp_path: Path) -> None:
    data = MAKE["pandalm"](tmp_path, 0)
    assert "cannot be unpacked" in told("pandalm", data.rename(data.with_name(data.name + suffix)))


def test_lines_that_are_no_objects_or_no_utf_8_are_named(tmp_path: Path) -> None:
    data = MAKE["judgebench"](tmp_path, 0)
    good = data.read_bytes().splitlines(keepends=True)
    for line, said in ((b"[1, 2]\n", "not a JSON object"), (b'{"a": "\xff"}\n', "utf-8"), (b"Error 404\n", "not JSON")):
        data.write_bytes(b"".join([*good[:2], line, *good[2:]]))
        found = told("judgebench", data)
        assert f"'{data}', line 3: " in found
        assert said in found
        assert "a JSON object is expected" in found


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "realmistake"])
def test_empty_files_and_those_of_other_benchmarks_are_told(name: str, tmp_path: Path) -> None:
    empty = tmp_path / "dataset.json"
    empty.write_text("[]")
    assert "name its own files" in told(name, empty)
    other = MAKE["judgebench" if name != "judgebench" else "pandalm"](tmp_path / "other", 0)
    assert "expected" in told(name, other) or "name its own files" in told(name, other)


def test_a_zip_file_is_read_whole_or_told_wherever_it_is_cut_or_changed(tmp_path: Path) -> None:
    data = MAKE["realmistake"](tmp_path, 0)
    whole, good = data.read_bytes(), read("realmistake", data)
    spoiled = [whole[:end] for end in range(0, len(whole), 997)]
    spoiled += [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(0, len(whole), 211)]
    faults = []
    for one in spoiled:
        data.write_bytes(one)
        try:
            assert len(read("realmistake", data)) <= len(good)
        except UserError as error:
            faults.append(str(error))
    assert len(faults) > len(spoiled) * 0.8
    assert all("data.zip" in said for said in faults)
    data.write_bytes(whole[:-30])
    assert "ReaLMistake's data.zip is expected" in told("realmistake", data)
    assert "does not exist" in told("realmistake", tmp_path / "none")


def test_parquet_files_are_read_and_told_of_like_others(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    lines = MAKE["judgebench"](tmp_path / "lines", 0)
    table = parquet(lines, tmp_path / "gpt.parquet")
    assert [one.case for one in read("judgebench", table)] == [one.case for one in read("judgebench", lines)]
    spoil(lines, lambda rows: [rows[0], rows[1] | {"label": "A=B"}])
    assert f"'{parquet(lines, table)}', line 2: 'label' is 'A=B'; " in told("judgebench", table)
    table.write_bytes(table.read_bytes()[:-50])
    said = told("judgebench", table)
    assert str(table) in said
    assert "Parquet" in said
    assert "expected" in said
