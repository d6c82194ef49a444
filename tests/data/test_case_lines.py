"""Case lines: every field, the rules of labels, tags, and what is malformed."""

from pathlib import Path
from typing import Any

import pytest

from solon.types import Best, Case, Image, LabeledCase, Message, Ratings, Right, Text, content
from tests.data.reading import fault, one

TWO: dict[str, Any] = {"prompt": "Why?", "responses": ["So.", "Thus."]}
SINGLE: dict[str, Any] = {"prompt": "Why?", "responses": ["So."]}


def test_every_field_is_read(tmp_path: Path) -> None:
    row = {
        "id": "sky-1",
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "responses": ["So.", {"content": "Thus.", "model": "m"}],
        "reference": "Rayleigh.",
        "principles": ["be true", "be brief"],
        "ratings": [1, 2.5],
        "source": "mine",
        "meta": {"split": "dev"},
    }
    assert one(tmp_path, row) == LabeledCase(
        Case(
            id="sky-1",
            prompt=(Message("system", content("Be brief.")), Message("user", content("Why?"))),
            responses=(content("So."), content("Thus.")),
            reference="Rayleigh.",
            principles=("be true", "be brief"),
            tags={"source": "mine", "meta": {"split": "dev"}},
        ),
        Ratings((1.0, 2.5)),
    )


def test_null_is_absent(tmp_path: Path) -> None:
    fields = ("id", "reference", "principles", "ratings", "best", "label", "source", "chosen", "completions")
    assert one(tmp_path, TWO | dict.fromkeys(fields)) == one(tmp_path, TWO)


def test_an_id_may_be_a_number_and_is_else_made_of_the_line(tmp_path: Path) -> None:
    assert one(tmp_path, TWO | {"id": 7}).id == "7"  # type: ignore[union-attr]
    assert one(tmp_path, TWO).id == "line-1"  # type: ignore[union-attr]


def test_an_empty_text_is_a_response(tmp_path: Path) -> None:
    assert one(tmp_path, TWO | {"responses": ["", {"content": ""}]}).responses == (content(""), content(""))  # type: ignore[union-attr]


def test_images_keep_their_places(tmp_path: Path) -> None:
    shown = [
        {"type": "text", "text": "see "},
        {"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "low"}},
        {"type": "text", "text": " there"},
    ]
    row = {"prompt": [{"role": "user", "content": shown}], "responses": [shown, {"content": shown}]}
    parts = (Text("see "), Image("https://x/a.png"), Text(" there"))
    assert one(tmp_path, row) == Case("line-1", (Message("user", parts),), (parts, parts))


@pytest.mark.parametrize(
    ("row", "label", "tags"),
    [
        pytest.param(TWO, None, {}, id="none"),
        pytest.param(TWO | {"ratings": [3, 3]}, Ratings((3.0, 3.0)), {}, id="a tie of ratings"),
        pytest.param(TWO | {"best": 1}, Best(1), {}, id="best"),
        pytest.param(TWO | {"ratings": [0, 1], "best": 1}, Ratings((0.0, 1.0)), {}, id="best agrees"),
        pytest.param(TWO | {"ratings": [1, 1], "best": 1}, Ratings((1.0, 1.0)), {"best": 1}, id="best among tied tops"),
        pytest.param(TWO | {"ratings": [0, 1], "label": "2"}, Ratings((0.0, 1.0)), {"label": "2"}, id="other label"),
        pytest.param(TWO | {"label": 1}, None, {"label": 1}, id="0/1 needs a single response"),
        pytest.param(TWO | {"best": 0, "label": 1}, Best(0), {"label": 1}, id="best wins over label"),
        pytest.param(SINGLE | {"label": 0}, Right(False), {}, id="wrong"),
        pytest.param(SINGLE | {"label": True}, Right(True), {}, id="right"),
        pytest.param(SINGLE | {"label": "yes"}, None, {"label": "yes"}, id="a label of another form"),
        pytest.param(SINGLE | {"label": [1]}, None, {"label": [1]}, id="a list as label"),
        pytest.param(SINGLE | {"ratings": [4], "label": 1}, Ratings((4.0,)), {"label": 1}, id="ratings win over label"),
        pytest.param(SINGLE | {"best": 0}, None, {"best": 0}, id="the best of one says nothing"),
        pytest.param(SINGLE | {"best": 0, "label": 1}, Right(True), {"best": 0}, id="the best of one hides no label"),
    ],
)
def test_labels(tmp_path: Path, row: dict[str, Any], label: object, tags: dict[str, object]) -> None:
    found = one(tmp_path, row)
    case = found.case if isinstance(found, LabeledCase) else found
    assert (found.label if isinstance(found, LabeledCase) else None) == label
    assert case.tags == tags


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("responses", [], "'responses' is an empty list; a list of one or more responses is allowed"),
        ("responses", "So.", "'responses' is 'So.'; a list of one or more responses is allowed"),
        ("responses", ["a", None], "response 1 is missing; a text or a non-empty list of content parts is allowed"),
        ("responses", ["a", 3], "response 1 is 3;"),
        ("responses", ["a", []], "response 1 is an empty list;"),
        ("responses", ["a", {"text": "b"}], "response 1 is an object without 'content'"),
        ("responses", [[{"type": "audio"}]], "a part of response 0 is an object;"),
        ("responses", [[{"type": "image_url", "image_url": "u"}]], '{"type": "image_url", "image_url": {"url": ...}}'),
        ("prompt", None, "'prompt' is missing; a text or a non-empty list of messages is allowed"),
        ("prompt", [], "'prompt' is an empty list;"),
        ("prompt", {"role": "user"}, "'prompt' is an object;"),
        ("prompt", ["hi"], "a message of 'prompt' is 'hi'; an object with 'role' and 'content' is allowed"),
        ("prompt", [{"content": "hi"}], "a message of 'prompt' is an object;"),
        ("prompt", [{"role": "user", "content": None}], "the user's message in 'prompt' is missing;"),
        (
            "prompt",
            [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
            "the last message of 'prompt' is the assistant's; it must be the user's",
        ),
        ("id", "", "'id' is ''; a non-empty text or a whole number is allowed"),
        ("id", 1.5, "'id' is 1.5;"),
        ("id", True, "'id' is True;"),
        ("reference", ["a"], "the reference 'reference' is a list; a text is allowed"),
        ("principles", "be true", "'principles' is 'be true'; a list of texts is allowed"),
        ("principles", ["be true", " "], "principle 1 is ' '; a text that is not blank is allowed"),
        ("ratings", [1], "'ratings' is a list of 1; one number for each of the 2 responses is allowed"),
        ("ratings", 3, "'ratings' is 3;"),
        ("ratings", [1, "2"], "rating 1 is '2'; a finite number is allowed"),
        ("ratings", [1, None], "rating 1 is missing;"),
        ("ratings", [True, 1], "rating 0 is True;"),
        ("ratings", [10**400, 1], "rating 0 is a whole number of 401 digits;"),
        ("best", 2, "'best' is 2; the index of a response, 0 to 1, is allowed"),
        ("best", -1, "'best' is -1;"),
        ("best", "0", "'best' is '0';"),
        ("best", True, "'best' is True;"),
    ],
)
def test_malformed_fields_say_what_was_seen_and_what_is_allowed(
    tmp_path: Path, key: str, value: object, told: str
) -> None:
    assert told in fault(tmp_path, TWO | {"best": 1, key: value} if key != "responses" else TWO | {key: value})


def test_a_best_that_disagrees_with_the_ratings_is_malformed(tmp_path: Path) -> None:
    assert fault(tmp_path, TWO | {"ratings": [0, 1], "best": 0}) == "'best' is 0, but the highest of 'ratings' is at 1"
    row = {"prompt": "q", "responses": ["a", "b", "c"], "ratings": [2, 0, 2], "best": 1}
    assert fault(tmp_path, row) == "'best' is 1, but the highest of 'ratings' is at 0, 2"


def test_a_reference_may_stand_under_a_dotted_key(tmp_path: Path) -> None:
    row = TWO | {"meta": {"gold": {"text": "42"}}, "reference": "other"}
    case = one(tmp_path, row, reference="meta.gold.text")
    assert isinstance(case, Case)
    assert case.reference == "42"
    assert case.tags == {"meta": {"gold": {"text": "42"}}, "reference": "other"}
    assert "the reference 'meta.gold' is an object" in fault(tmp_path, row, reference="meta.gold")


def test_a_long_value_is_shown_shortly(tmp_path: Path) -> None:
    assert len(fault(tmp_path, TWO | {"responses": "x" * 10_000})) < 150
