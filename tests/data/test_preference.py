"""Preference rows: texts and message lists, with the prompt given or implied."""

from pathlib import Path
from typing import Any

import pytest

from solon.types import Best, Case, LabeledCase, Message, content
from tests.data.reading import fault, one


def said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


ASKED = [said("user", "Why?")]
YES, NO = [said("assistant", "Yes.")], [said("assistant", "No.")]
EXPECTED = LabeledCase(
    Case("line-1", (Message("user", content("Why?")),), (content("Yes."), content("No."))),
    Best(0),
)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"prompt": "Why?", "chosen": "Yes.", "rejected": "No."}, id="texts"),
        pytest.param({"prompt": ASKED, "chosen": "Yes.", "rejected": "No."}, id="messages and texts"),
        pytest.param({"prompt": ASKED, "chosen": YES, "rejected": NO}, id="messages, explicit prompt"),
        pytest.param({"prompt": "Why?", "chosen": YES, "rejected": NO}, id="messages, prompt a text"),
        pytest.param({"chosen": ASKED + YES, "rejected": ASKED + NO}, id="messages, implicit prompt"),
        pytest.param({"prompt": ASKED, "chosen": ASKED + YES, "rejected": ASKED + NO}, id="messages, both"),
        pytest.param({"prompt": "Why? ", "chosen": ASKED + YES, "rejected": ASKED + NO}, id="ultrafeedback_binarized"),
        pytest.param({"prompt": ASKED, "chosen": "Yes.", "rejected": "No.", "responses": None}, id="null is absent"),
    ],
)
def test_every_variant_is_the_same_case(tmp_path: Path, row: dict[str, Any]) -> None:
    assert one(tmp_path, row) == EXPECTED


def test_longer_conversations_keep_their_turns(tmp_path: Path) -> None:
    before = [said("system", "Be kind."), said("user", "Hi"), said("assistant", "Hello"), said("user", "Why?")]
    found = one(tmp_path, {"chosen": before + YES, "rejected": before + NO, "prompt": "Hi"})
    assert isinstance(found, LabeledCase)
    assert [turn.role for turn in found.case.prompt] == ["system", "user", "assistant", "user"]


def test_other_keys_are_tags(tmp_path: Path) -> None:
    row = {"id": 3, "prompt": "Why?", "chosen": "Yes.", "rejected": "No.", "score_chosen": 8.0, "label": 1, "x": None}
    found = one(tmp_path, row | {"reference": "Yes!"})
    assert isinstance(found, LabeledCase)
    assert (found.case.id, found.case.reference) == ("3", "Yes!")
    assert found.case.tags == {"score_chosen": 8.0, "label": 1}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"chosen": "Yes.", "rejected": "No."}, "'chosen' is a text and 'prompt' is missing; texts need the prompt"),
        ({"chosen": YES, "rejected": NO}, "'prompt' is missing; a text or a non-empty list of messages is allowed"),
        ({"prompt": "Why?", "chosen": "Yes."}, "'rejected' is missing; a text or a non-empty list of messages"),
        ({"prompt": "Why?", "chosen": [], "rejected": NO}, "'chosen' is an empty list"),
        ({"prompt": "Why?", "chosen": {"content": "Yes."}, "rejected": "No."}, "'chosen' is an object"),
        ({"chosen": ASKED, "rejected": ASKED + NO}, "the last message of 'chosen' is not the assistant's"),
        ({"prompt": "Why?", "chosen": "Yes.", "rejected": ["No."]}, "'rejected' is a list"),
        ({"chosen": YES + YES, "rejected": ASKED + NO}, "'chosen' before its last turn is the assistant's"),
        (
            {"chosen": ASKED + YES, "rejected": [said("user", "How?"), *NO]},
            "'chosen' and 'rejected' continue different conversations; only their last turns may differ",
        ),
        (
            {"prompt": [said("user", "How?")], "chosen": ASKED + YES, "rejected": ASKED + NO},
            "'chosen' continues a conversation that is not the one in 'prompt'",
        ),
        ({"prompt": "How?", "chosen": ASKED + YES, "rejected": ASKED + NO}, "is not the one in 'prompt'"),
        ({"prompt": "Why?", "chosen": [{"role": "assistant"}], "rejected": NO}, "'chosen' is missing"),
    ],
)
def test_malformed_rows(tmp_path: Path, row: dict[str, Any], told: str) -> None:
    assert told in fault(tmp_path, row)
