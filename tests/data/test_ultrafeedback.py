"""UltraFeedback rows: which score counts, and what is malformed."""

from pathlib import Path
from typing import Any

import pytest

from solon.types import Case, LabeledCase, Message, Ratings, content
from tests.data.reading import fault, one


def rated(text: str, **scores: object) -> dict[str, object]:
    return {"response": text, "model": f"model of {text}", "critique": "fine", **scores}


def test_a_row_as_it_is_published(tmp_path: Path) -> None:
    row = {
        "source": "sharegpt",
        "instruction": "Why?",
        "models": ["a", "b"],
        "completions": [
            rated("A", **{"fine-grained_score": 4.75, "overall_score": 10.0, "annotations": {}}),
            rated("B", **{"fine-grained_score": 3.25, "overall_score": 1.0, "annotations": {}}),
        ],
        "correct_answers": ["None"],
    }
    tags = {
        "source": "sharegpt",
        "models": ["a", "b"],
        "correct_answers": ["None"],
        "completion_models": ["model of A", "model of B"],
    }
    case = Case("line-1", (Message("user", content("Why?")),), (content("A"), content("B")), tags=tags)
    assert one(tmp_path, row) == LabeledCase(case, Ratings((4.75, 3.25)))


@pytest.mark.parametrize(
    ("scores", "label"),
    [
        ([{"fine-grained_score": 1, "overall_score": 9}, {"overall_score": 2}], Ratings((9.0, 2.0))),
        ([{"fine-grained_score": 1}, {"overall_score": 2}], None),
        ([{}, {}], None),
        ([{"overall_score": 0}, {"overall_score": 0.0}], Ratings((0.0, 0.0))),
    ],
)
def test_the_score_that_every_completion_has(tmp_path: Path, scores: list[dict[str, Any]], label: object) -> None:
    completions = [rated(str(i), **one_of) for i, one_of in enumerate(scores)]
    found = one(tmp_path, {"instruction": "Why?", "completions": completions})
    assert (found.label if isinstance(found, LabeledCase) else None) == label


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"completions": []}, "'completions' is an empty list; a list of one or more completions is allowed"),
        ({"completions": {"response": "A"}}, "'completions' is an object"),
        ({"completions": ["A"]}, "a completion is not an object; each must hold 'response'"),
        ({"completions": [{"model": "m"}]}, "completion 0 is missing"),
        ({"instruction": None}, "'instruction' is missing; a text is allowed"),
        ({"completions": [rated("A", overall_score="10")]}, "a completion's 'overall_score' is '10'; a finite number"),
    ],
)
def test_malformed_rows(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    assert told in fault(tmp_path, {"instruction": "Why?", "completions": [rated("A")]} | change)
