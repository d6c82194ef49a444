"""Labeled data is read strictly, before anything is loaded; what names no single best is counted and left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from solon.errors import UserError
from solon.training.cloud import cloud
from solon.training.config import (
    CloudConfig,
    CritiqueConfig,
    GrpoConfig,
    MetaConfig,
    PairRMConfig,
    RftConfig,
    SampleConfig,
    ScalarConfig,
)
from solon.training.criticizing import criticize
from solon.training.grpo import grpo
from solon.training.labeled import read_labeled, teaching
from solon.training.meta import meta
from solon.training.pairrm import pairrm
from solon.training.rft import rft
from solon.training.sampling import sample
from solon.training.scalar import scalar
from tests.training.making import Fated, labeled, lone, rated, write

GOOD = {"id": "good", "prompt": "Why?", "responses": ["x", "y"], "best": 0}
FAULTS = [
    ({"best": None}, "the case has no label; training needs ratings, best or, with one response, a 0/1 label"),
    ({"best": 2}, "'best' is 2; the index of a response, 0 to 1, is allowed"),
    ({"best": -1}, "'best' is -1; the index of a response, 0 to 1, is allowed"),
    ({"ratings": [1]}, "'ratings' is a list of 1; one number for each of the 2 responses is allowed"),
    ({"ratings": [1, 2, 3]}, "'ratings' is a list of 3; one number for each of the 2 responses is allowed"),
    ({"ratings": [1, 2]}, "'best' is 0, but the highest of 'ratings' is at 1"),
    ({"responses": ["x"], "best": None, "label": 2}, "the case has no label"),
    ({"responses": []}, "'responses' is an empty list"),
]


def file_of(folder: Path, *rows: object) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize(("changes", "told"), FAULTS)
def test_a_broken_label_is_named_with_its_file_and_line(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    file = file_of(tmp_path, GOOD, GOOD | {"id": "bad"} | changes, GOOD | {"id": "last"})
    with pytest.raises(UserError) as caught:
        read_labeled([file])
    assert str(caught.value).startswith(f"'{file}', line 2: {told}")


def test_blank_lines_count_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps({'prompt': 'Why?', 'responses': ['x', 'y']})}\n", "utf-8")
    with pytest.raises(UserError, match="line 3: the case has no label"):
        read_labeled([path])


def test_every_recipe_reads_its_data_before_it_loads_a_model(tmp_path: Path) -> None:
    file = file_of(tmp_path, GOOD | {"best": 7})
    shared: dict[str, Any] = {"model": "no-such-model", "out": tmp_path / "out"}
    recipes = [
        lambda: sample(SampleConfig(**shared, data=[file]), sampler=Fated({})),
        lambda: rft(RftConfig(**shared, samples=[file])),
        lambda: grpo(GrpoConfig(**shared, data=[file])),
        lambda: meta(MetaConfig(**shared, samples=[file])),
        lambda: scalar(ScalarConfig(**shared, data=[file])),
        lambda: pairrm(PairRMConfig(**shared, data=[file])),
        lambda: criticize(CritiqueConfig(**shared, data=[file]), sampler=Fated({})),
        lambda: cloud(CloudConfig(**shared, data=[file])),
    ]
    for recipe in recipes:
        with pytest.raises(UserError, match=r"cases.jsonl', line 1: 'best' is 7"):
            recipe()
    assert not (tmp_path / "out").exists()


def test_two_files_that_share_an_id_are_named(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", [labeled("x")]), write(tmp_path / "b.jsonl", [labeled("x")])
    with pytest.raises(UserError, match=r"the id 'x' stands in two of the files .*a.jsonl, .*b.jsonl: give every case"):
        read_labeled([first, second])


def test_lines_of_two_files_need_ids(tmp_path: Path) -> None:
    row = {name: value for name, value in GOOD.items() if name != "id"}
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match="give every case an id of its own"):
        read_labeled([file_of(tmp_path, row), file_of(tmp_path / "other", row)])


def test_cases_that_name_no_single_best_are_counted_by_reason() -> None:
    cases = [
        labeled("best"),
        rated("strict", 1, 2, 2.5),
        lone("single", False),
        rated("equal", 1, 1),
        rated("equal three", 0, 0, 0),
        rated("tied top", 2, 2, 1),
        rated("alone", 4),
    ]
    found = teaching(cases)
    assert [one.case.id for one in found.cases] == ["best", "strict", "single"]
    assert found.skipped == {"with equal ratings": 2, "with a tied top": 1, "with a lone rating": 1}


def test_nothing_left_to_learn_from_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no case is left .*\(2 with equal ratings, 1 with a lone rating\)"):
        teaching([rated("a", 1, 1), rated("b", 2, 2), rated("c", 3)])
    with pytest.raises(UserError, match="the data are empty"):
        teaching(read_labeled([write(tmp_path / "none.jsonl", [])]))
