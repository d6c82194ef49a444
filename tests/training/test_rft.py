"""Rejective fine-tuning as a whole: what it learns from, what it mixes in, and what its report says."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from solon.checkpoint import Checkpoint
from solon.data.writing import messages_line
from solon.errors import UserError
from solon.files import write_whole
from solon.forms import load_form
from solon.training.forms import spoken_by
from solon.training.samples import SampledCase, Trajectory, sampled_line
from solon.types import Message, content
from tests.training import families, recipes
from tests.training.making import labeled, rated

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("gemma3", tmp_path_factory.mktemp("base"))


def instructions(folder: Path, count: int = 40) -> Path:
    ask = "Say it."
    lines = (messages_line((Message("user", content(ask)),), f"It, {i}.") for i in range(count))
    write_whole(folder / "general.jsonl", lines)
    return folder / "general.jsonl"


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def test_the_report_tells_what_was_kept_and_why_the_rest_was_not(base: Path, tmp_path: Path) -> None:
    recipes.run("rft", base, tmp_path, instructions=[instructions(tmp_path)], instruction_share=0.2)
    assert report(tmp_path) == {
        "cases": 8,
        "plain kept": 16,
        "plain unread": 8,
        "plain wrong": 8,
        "judgments": 16,
        "instructions": 4,
    }


def test_cases_without_one_best_are_left_out_and_counted(base: Path, tmp_path: Path) -> None:
    more = (rated("equal", 1, 1), rated("tied", 2, 2, 1), rated("tied too", 3, 1, 3))
    recipes.run("rft", base, tmp_path, samples=[recipes.samples(tmp_path / "more.jsonl", *more)])
    told = {"cases": 8, "plain kept": 16, "plain unread": 8, "plain wrong": 8, "judgments": 16, "instructions": 0}
    assert report(tmp_path) == told | {"left out with equal ratings": 1, "left out with a tied top": 2}


def test_nothing_is_left_of_ties_alone(base: Path, tmp_path: Path) -> None:
    tied = recipes.samples(tmp_path / "tied.jsonl", rated("tied", 2, 2, 1), count=0)
    with pytest.raises(UserError, match=r"no case is left to learn from \(1 with a tied top\)"):
        recipes.run("rft", base, tmp_path, samples=[tied])


def test_what_the_chat_template_refuses_is_counted_apart_from_what_is_too_long(base: Path, tmp_path: Path) -> None:
    system = (Message("system", content("Be kind.")), Message("user", content("Hi")))
    long = (Message("user", content("so " * 400)),)
    file = tmp_path / "odd.jsonl"
    write_whole(file, [messages_line(system, "Yes"), messages_line(system, "No"), messages_line(long, "Yes")])
    recipes.run("rft", base, tmp_path, instructions=[file], max_length=500)
    counts = report(tmp_path)
    assert (counts["instructions"], counts["refused by the chat template"], counts["too long"]) == (3, 2, 1)


@pytest.mark.parametrize("lora", [{}, {"r": 8}], ids=["full", "lora"])
def test_it_learns_what_was_right_and_not_what_was_wrong(lora: dict[str, Any], base: Path, tmp_path: Path) -> None:
    good, bad = "Principles: brief 3.\n\\boxed{9, 3}", "I would rather not, as I cannot say."
    plain = (Trajectory((0, 1), good, True), Trajectory((0, 1), bad, False))
    write_whole(tmp_path / "s.jsonl", [sampled_line(SampledCase(labeled("a"), "sandbox", plain, ()))])
    options: dict[str, Any] = {"samples": [tmp_path / "s.jsonl"], "steps": 12, "batch": 1, "lora": lora}
    folder = recipes.run("rft", base, tmp_path, **options)
    before, after = likelihood(base, good), likelihood(folder, good)
    assert after > before + 0.3
    assert likelihood(folder, good) > likelihood(folder, bad)


def likelihood(folder: Path, text: str) -> float:
    """Return the mean log-probability of a text's tokens."""
    ids = torch.tensor([families.tokenizer("gemma3")(text, add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        return -float(AutoModelForCausalLM.from_pretrained(folder)(input_ids=ids, labels=ids).loss)


def test_the_samples_may_be_another_models(base: Path, tmp_path: Path) -> None:
    folder = recipes.run("rft", base, tmp_path)
    sandbox = load_form("sandbox")
    assert Checkpoint.of(str(folder)) == Checkpoint("sandbox", sandbox.template_hash, None)


def test_a_checkpoint_speaks_the_form_of_several_responses_and_keeps_its_temperature(tmp_path: Path) -> None:
    pointwise, correct = load_form("pointwise"), load_form("correct")
    assert spoken_by("m", ["correct", "pointwise"]) == Checkpoint("pointwise", pointwise.template_hash)
    assert spoken_by("m", ["correct", "correct"]) == Checkpoint("correct", correct.template_hash)
    Checkpoint("pointwise", "old", 0.7).save(tmp_path)
    assert spoken_by(str(tmp_path), ["pointwise"]) == Checkpoint("pointwise", pointwise.template_hash, 0.7)
