"""The samples file: what is written is read back, as samples and as plain labeled data, and faults are named."""

import json
from pathlib import Path
from typing import Any

import pytest

from solon.data import read_cases
from solon.errors import UserError
from solon.files import write_whole
from solon.training.labeled import read_labeled
from solon.training.samples import SampledCase, Trajectory, read_samples, sampled_line
from solon.types import Best, Label, LabeledCase, PrinciplesMode, Ratings, Right
from tests.judge.judging import case
from tests.training.making import labeled, lone

PLAIN = (Trajectory((1, 0), "fine\n\\boxed{9, 3}", True, reasoning="hm"), Trajectory((0, 1), "hm", False, "no_scores"))
RATINGS = Ratings((1, 2))
OF_ITS_SOURCE: dict[str, object] = {"domain": "math", "nested": {"a": [1, None]}, "label": "from its source"}
TAGS = OF_ITS_SOURCE | {"form": "old", "plain_right": 3}


def sampled(one: LabeledCase, form: str = "pointwise") -> SampledCase:
    return SampledCase(one, form, PLAIN, (Trajectory((0, 1), "told \ud800 é", True),))


def tagged(tags: dict[str, object], label: Label = RATINGS) -> LabeledCase:
    return LabeledCase(case("a", "x", "y", reference="z", principles=("be true",), tags=tags), label)


def saved(folder: Path, *lines: str) -> Path:
    write_whole(folder / "samples.jsonl", lines)
    return folder / "samples.jsonl"


@pytest.mark.parametrize("label", [Ratings((1, 2.5)), Best(1), RATINGS])
def test_samples_are_read_back_as_they_were(label: Label, tmp_path: Path) -> None:
    written = sampled(tagged({}, label))
    (read,) = read_samples([saved(tmp_path, sampled_line(written))])
    assert (read.form, read.plain, read.hinted, read.plain_right) == ("pointwise", PLAIN, written.hinted, 1)
    assert read.labeled.label == label
    assert read.labeled.case.responses == written.labeled.case.responses
    assert (read.labeled.case.reference, read.labeled.case.principles) == ("z", ("be true",))


@pytest.mark.parametrize("mode", ["self", "none", "given", "given+self"])
def test_who_wrote_the_principles_is_kept(mode: PrinciplesMode, tmp_path: Path) -> None:
    written = SampledCase(labeled("a"), "pointwise", PLAIN, (), mode)
    (read,) = read_samples([saved(tmp_path, sampled_line(written))])
    assert read.mode == mode
    (older,) = read_samples([saved(tmp_path, broken(principles_mode=...))])
    assert older.mode == "self"


def test_lone_responses_and_unread_ones_too(tmp_path: Path) -> None:
    written = SampledCase(lone("a", False), "correct", (Trajectory((0,), "", False, "failed_call"),), ())
    (read,) = read_samples([saved(tmp_path, sampled_line(written))])
    assert (read.labeled.label, read.plain, read.hinted) == (Right(False), written.plain, ())


def test_the_file_is_plain_labeled_data_with_a_pass_count(tmp_path: Path) -> None:
    file = saved(tmp_path, sampled_line(sampled(tagged(TAGS))))
    (found,) = read_cases(file).cases
    assert isinstance(found, LabeledCase)
    assert found.label == RATINGS
    tags = found.case.tags
    assert {name: tags[name] for name in OF_ITS_SOURCE} == OF_ITS_SOURCE
    assert (tags["plain_right"], tags["form"]) == (1, "pointwise"), "those of this sampling, not those of an older one"
    assert read_labeled([file]) == [found]


def test_samples_of_samples_hold_only_the_new_ones(tmp_path: Path) -> None:
    (first,) = read_samples([saved(tmp_path, sampled_line(sampled(tagged({"domain": "math"}))))])
    again = SampledCase(first.labeled, "correct", PLAIN[:1], ())
    (read,) = read_samples([saved(tmp_path, sampled_line(again))])
    assert (read.form, read.plain, read.hinted) == ("correct", PLAIN[:1], ())
    assert read.labeled.case.tags["domain"] == "math"


def test_a_tag_that_has_the_name_of_a_field_is_left_out(tmp_path: Path) -> None:
    row = {"id": "p", "prompt": "Why?", "chosen": "x", "rejected": "y", "ratings": [5, 6], "responses": None}
    file = tmp_path / "preferences.jsonl"
    file.write_text(json.dumps(row) + "\n", "utf-8")
    (one,) = read_labeled([file])
    assert "ratings" in one.case.tags
    (read,) = read_samples([saved(tmp_path, sampled_line(sampled(one)))])
    assert read.labeled.label == one.label == Best(0)


def test_two_samplings_of_the_same_cases_can_be_read_together(tmp_path: Path) -> None:
    lines = [sampled_line(sampled(labeled("a")))]
    (tmp_path / "other").mkdir()
    assert len(read_samples([saved(tmp_path, *lines), saved(tmp_path / "other", *lines)])) == 2


def broken(**changes: Any) -> str:
    row = json.loads(sampled_line(sampled(labeled("a")))) | changes
    return json.dumps({name: value for name, value in row.items() if value is not ...})


def sample(**fields: Any) -> dict[str, Any]:
    row = {"order": [0, 1], "text": "", "right": True} | fields
    return {"plain": [{name: value for name, value in row.items() if value is not ...}]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"plain": ...}, "'plain'"),
        ({"hinted": None}, "'hinted'"),
        ({"form": ...}, "'form'"),
        ({"principles_mode": "mine"}, "principles_mode is 'mine', not one of self, given, given.self, none"),
        ({"plain": "none"}, "plain and hinted must be lists of objects"),
        ({"plain": ["text"]}, "plain and hinted must be lists of objects"),
        ({"plain": []}, "plain holds no sample"),
        (sample(order=[0, 0]), r"order \[0, 0\] is no permutation of 2 responses"),
        (sample(order=1), "order 1 is no permutation of 2 responses"),
        (sample(order=["0", 1]), "is no permutation of 2 responses"),
        (sample(order=[[0], 1]), "unhashable"),
        (sample(text=...), "'text'"),
        (sample(text=None), "text is None, reasoning .* and right True; texts and true or false are allowed"),
        (sample(right="false"), "right 'false'; texts and true or false are allowed"),
        (sample(unread="no_scores"), "unread is 'no_scores' and right True; one of .* is never right"),
        (sample(right=False, unread="lost"), "unread is 'lost' and right False; one of truncated, "),
    ],
)
def test_a_case_without_proper_samples_is_named_with_its_file(changes: Any, told: str, tmp_path: Path) -> None:
    file = saved(tmp_path, broken(**changes))
    with pytest.raises(UserError, match=rf"case 'a' of '.*samples.jsonl' holds no samples \(.*{told}"):
        read_samples([file])


def test_a_line_that_is_no_case_is_named_by_its_number(tmp_path: Path) -> None:
    file = saved(tmp_path, broken(), '{"id": "b", "responses": ["x"')
    with pytest.raises(UserError, match=r"samples.jsonl', line 2: not JSON"):
        read_samples([file])
