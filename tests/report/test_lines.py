"""Verdict lines, and files that are there whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from solon.errors import UserError
from solon.files import write_json, write_whole
from solon.report.lines import verdict_line
from solon.vote import vote
from tests.report.making import case, judged, unread, voted


def test_a_verdict_line_has_the_fields_of_the_design_in_their_order() -> None:
    verdict = voted(judged(4, 8), judged(6, 5), unread("truncated"), unread("truncated"), orders=[(0, 1), (1, 0)] * 2)
    assert verdict_line(case(), verdict, "self") == (
        '{"id": "sky", "scores": [5.0, 6.5], "best": 1, "tied": [1], "asked": 4, "read": 2, '
        '"unread": {"truncated": 2}, "agreement": 0.5, "position_consistency": 0.0, "principles_mode": "self", '
        '"tags": {"source": "mine"}}'
    )


def test_a_weighed_verdict_also_counts_what_has_no_weight() -> None:
    outcomes = [judged(4, 8), judged(6, 5), judged(9, 1), unread()]
    weighed = vote(outcomes, 2, weights=[-1.0, -3.0, None, None], keep=1, orders=[(0, 1)] * 4)
    line, plain = (json.loads(verdict_line(case(), v, "self")) for v in (weighed, voted(*outcomes)))
    assert list(line) == [*list(plain)[:7], "unweighed", *list(plain)[7:]]
    assert (line["scores"], line["read"], line["unweighed"]) == ([4.0, 8.0], 3, 1)


def test_nothing_read_and_ties_have_no_best() -> None:
    nothing = json.loads(verdict_line(case(), voted(unread()), "none"))
    assert (nothing["scores"], nothing["best"], nothing["tied"], nothing["agreement"]) == (None, None, [], None)
    tie = json.loads(verdict_line(case(3), voted(judged(5, 5, 1), n=3), "given+self"))
    assert (tie["best"], tie["tied"], tie["principles_mode"]) == (None, [0, 1], "given+self")
    assert tie["position_consistency"] is None


def test_any_tags_can_be_written() -> None:
    odd = replace(case(), tags=MappingProxyType({"at": Path("x"), "text": "ü\u2028\ud800"}))
    line = verdict_line(odd, voted(judged(1, 2)), "self")
    assert json.loads(line)["tags"] == {"at": "x", "text": "ü\u2028\ud800"}
    assert "ü" in line


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "lines.jsonl"
    write_whole(path, ["one", "zwei ü \ud800"])
    assert path.read_bytes() == "one\nzwei ü \\ud800\n".encode()

    def broken() -> object:
        yield "three"
        raise KeyError("no more")

    with pytest.raises(KeyError):
        write_whole(path, broken())  # type: ignore[arg-type]
    assert path.read_text("utf-8").startswith("one\n")
    write_whole(path, [])
    assert path.read_bytes() == b""
    assert sorted(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=r"the folder '.*file' cannot be made \(.*\): name another one"):
        write_json(tmp_path / "file" / "x.json", {})
    with pytest.raises(UserError, match=r"folder' cannot be written \(Is a directory\): name another file"):
        write_json(tmp_path / "folder", {})


def test_json_is_indented(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": [1], "b": "ü"})
    assert (tmp_path / "x.json").read_text("utf-8") == '{\n  "a": [\n    1\n  ],\n  "b": "ü"\n}\n'
