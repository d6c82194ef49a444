"""The meta model: its loss is binary cross-entropy, it reads what the sample saw, and its report ranks rightly."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from solon.samplers.seam import Request
from solon.scorers.encoding import Encoder
from solon.scorers.opening import open_scorer
from solon.stats import auc
from solon.training import meta as recipe
from solon.training.config import MetaConfig
from solon.training.meta import Lesson, measured
from solon.training.models import load_tokenizer
from solon.training.samples import SampledCase, Trajectory, read_samples
from solon.types import LabeledCase, Message, content, plain
from tests.judge.judging import boxed, shown
from tests.training import families, recipes
from tests.training.making import labeled, lone, rated

TALKS = [(Message("user", content(f"Which? {'so ' * i}")), Message("assistant", content(boxed([i])))) for i in range(4)]


def judged(*rights: bool, case_id: str = "a") -> list[Lesson]:
    return [Lesson(case_id, TALKS[0], right) for right in rights]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("qwen3", tmp_path_factory.mktemp("base"))


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(families.FAMILIES))
def test_the_loss_is_binary_cross_entropy_on_logits(family: str, tmp_path: Path) -> None:
    base = families.save(family, tmp_path / "base")
    folder = recipes.run("meta", base, tmp_path, steps=1, learning_rate=1e-30, batch=64, micro_batch=64, held_out=0.0)
    log = json.loads((folder / "log.json").read_text())["log"]
    learned = taught(recipes.samples(tmp_path / "again.jsonl"))
    logits = asyncio.run(open_scorer(str(folder)).score([one.messages for one in learned]))
    pairs = [(logit, one.right) for logit, one in zip(logits, learned, strict=True) if isinstance(logit, float)]
    entropy = [math.log1p(math.exp(-logit if right else logit)) for logit, right in pairs]
    squared = [(logit - right) ** 2 for logit, right in pairs]
    assert len(pairs) == 24
    assert log[-1]["train_loss"] == pytest.approx(sum(entropy) / len(entropy), rel=1e-4)
    assert log[-1]["train_loss"] != pytest.approx(sum(squared) / len(squared), rel=0.02), "the library's default"


@pytest.mark.slow
def test_a_step_weighs_alike_however_it_is_cut(base: Path, tmp_path: Path) -> None:
    """The loss of a step is the mean over its sequences, not the sum over the batches that it is computed in."""
    losses = []
    for micro in (8, 2):
        out = tmp_path / str(micro)
        folder = recipes.run("meta", base, out, steps=1, batch=8, micro_batch=micro)
        losses.append(json.loads((folder / "log.json").read_text())["log"][-1]["train_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def taught(file: Path) -> list[Lesson]:
    pairs = [(one, shown) for one in read_samples([file]) for shown in one.plain if not shown.unread]
    return [Lesson(*recipe._judged(one, shown, 0)) for one, shown in pairs]


@pytest.mark.slow
def test_the_checkpoint_keeps_the_loss_for_who_trains_on(base: Path, tmp_path: Path) -> None:
    folder = recipes.run("meta", base, tmp_path)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    ids = torch.tensor([AutoTokenizer.from_pretrained(folder)("yes")["input_ids"]])
    for right in (0.0, 1.0):
        with torch.inference_mode():
            out = model(input_ids=ids, labels=torch.tensor([[right]]))
        logit = out.logits.item()
        assert out.loss.item() == pytest.approx(math.log1p(math.exp(-logit if right else logit)), rel=1e-5)


@pytest.mark.slow
def test_a_conversation_is_read_at_its_last_token_also_where_its_end_would_pad(tmp_path: Path) -> None:
    base = families.save("llama3", tmp_path / "base")
    tokens = families.tokenizer("llama3")
    tokens.eos_token = "<|eot_id|>"
    tokens.add_special_tokens({"extra_special_tokens": ["<|reserved_special_token_0|>"]})
    tokens.save_pretrained(base)
    model = families.model("llama3")
    model.resize_token_embeddings(len(tokens), mean_resizing=False)
    model.save_pretrained(base)
    folder = recipes.run("meta", base, tmp_path)
    scorer = AutoModelForSequenceClassification.from_pretrained(folder)
    ids = torch.tensor([Encoder(AutoTokenizer.from_pretrained(folder)).encode(TALKS[0])])
    assert ids[0, -1] == tokens.eos_token_id != scorer.config.pad_token_id
    with torch.inference_mode():
        last, before = scorer.score(scorer.model(input_ids=ids).last_hidden_state[0, [-1, -2]])
        logit = scorer(input_ids=ids).logits[0]
    assert torch.allclose(logit, last, atol=1e-5)
    assert not torch.allclose(logit, before, atol=1e-3)


@pytest.mark.parametrize(
    ("special", "pad"),
    [
        (["<|reserved_special_token_0|>", "<|finetune_right_pad_id|>"], "<|finetune_right_pad_id|>"),
        (["<|reserved_special_token_0|>"], "<|reserved_special_token_0|>"),
        (["<unused0>", "<unused1>"], "<unused0>"),
        ([], "<|end_of_text|>"),
    ],
)
def test_the_token_that_pads_is_one_that_no_conversation_holds(special: list[str], pad: str, tmp_path: Path) -> None:
    tokens = families.tokenizer("llama3")
    tokens.add_special_tokens({"extra_special_tokens": special})
    tokens.save_pretrained(tmp_path)
    options = MetaConfig(model=str(tmp_path), out=tmp_path, samples=[])
    assert load_tokenizer(options).pad_token == pad
    tokens.pad_token = "<|eom_id|>"
    tokens.save_pretrained(tmp_path)
    assert load_tokenizer(options).pad_token == "<|eom_id|>", "a model's own is kept"


@pytest.mark.parametrize("form", ["pointwise", "sandbox"])
def test_the_conversation_shows_the_responses_in_the_order_that_the_sample_saw(form: str) -> None:
    one = SampledCase(labeled("a", 3, best=1), form, (), ())
    name, messages, right = recipe._judged(one, Trajectory((2, 0, 1), "the judgment", True), 0)
    user, assistant = messages
    assert (name, right) == ("a", True)
    assert (user.role, assistant.role, plain(assistant.content)) == ("user", "assistant", "the judgment")
    said = plain(user.content)
    places = [said.index(text) for text in ("a: other 2", "a: other 0", "a: best")]
    assert places == sorted(places)


def test_neither_the_label_nor_the_judges_instructions_are_shown() -> None:
    cases: list[tuple[LabeledCase, str]] = [(labeled("a", 4, best=3), "pointwise"), (lone("b", False), "correct")]
    for one, form in cases:
        order = tuple(range(one.case.n))
        _, messages, _ = recipe._judged(SampledCase(one, form, (), ()), Trajectory(order, "x", True), 0)
        said = plain(messages[0].content)
        assert shown(Request(messages)) == [plain(response) for response in one.case.responses]
        assert not any(word in said for word in ("judge", "boxed", "score", "information", "number 4"))


def test_held_out_judgments_are_ranked_within_and_across_cases() -> None:
    logits = [0.9, 0.1, 0.2, 3.0, 2.0, 2.5, -5.0, 7.0]
    given_cases = [
        *judged(True, False, True, case_id="a"),
        *judged(True, True, False, case_id="b"),
        *judged(False, case_id="c"),
        *judged(True, case_id="d"),
    ]
    assert measured(logits, given_cases) == {
        "judgments": 8,
        "right": 5,
        "auc": pytest.approx(12 / 15),
        "auc within cases": pytest.approx((1.0 + 0.5) / 2),
        "cases with both": 2,
    }


def test_what_cannot_be_ranked_has_no_number() -> None:
    assert measured([], []) == {
        "judgments": 0,
        "right": 0,
        "auc": None,
        "auc within cases": None,
        "cases with both": 0,
    }
    alone = measured([1.0, 2.0], [*judged(True), *judged(False, case_id="b")])
    assert (alone["auc"], alone["auc within cases"]) == (0.0, None)


@pytest.mark.slow
def test_the_report_is_of_cases_that_were_not_trained_on(base: Path, tmp_path: Path) -> None:
    folder = recipes.run("meta", base, tmp_path, held_out=0.5)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["judgments"] + report["held out judgments"] == 24
    assert report["judgments"] % 3 == report["held out judgments"] % 3 == 0, "a case is held out with all its judgments"
    held = [one for one in taught(tmp_path / "samples.jsonl") if recipe._held(one.case_id, config(held_out=0.5))]
    logits = asyncio.run(open_scorer(str(folder)).score([one.messages for one in held]))
    values = [logit for logit in logits if isinstance(logit, float)]
    assert report["held out auc"] == pytest.approx(auc(values, [one.right for one in held]))
    assert 0 < len(held) < 24


@pytest.mark.slow
def test_cases_without_one_best_are_left_out_and_counted(base: Path, tmp_path: Path) -> None:
    more = (rated("equal", 1, 1), rated("tied", 2, 2, 1))
    file = recipes.samples(tmp_path / "more.jsonl", *more)
    recipes.run("meta", base, tmp_path, samples=[file], held_out=0)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["judgments"] == 24, "three of each of eight cases could be read"
    assert (report["left out with equal ratings"], report["left out with a tied top"]) == (1, 1)


def config(**options: Any) -> MetaConfig:
    return MetaConfig(**{"model": "m", "out": Path("out"), "samples": [Path("samples.jsonl")]} | options)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_the_share_that_is_held_out_is_about_what_was_asked(share: float) -> None:
    held = sum(recipe._held(f"case {i}", config(held_out=share)) for i in range(4000))
    assert held / 4000 == pytest.approx(share, abs=0.02)


def brute_force(values: list[float], positive: list[bool]) -> float | None:
    above = [value for value, right in zip(values, positive, strict=True) if right]
    below = [value for value, right in zip(values, positive, strict=True) if not right]
    pairs = [(a > b) + (a == b) / 2 for a in above for b in below]
    return sum(pairs) / len(pairs) if pairs else None


@given(st.lists(st.tuples(st.sampled_from([-1.5, 0.0, 0.25, 1.0, 3.0]) | st.floats(-5, 5), st.booleans()), max_size=30))
def test_auc_is_the_chance_that_a_positive_is_above_a_negative(pairs: list[tuple[float, bool]]) -> None:
    values, positive = [value for value, _ in pairs], [right for _, right in pairs]
    expected = brute_force(values, positive)
    found = auc(values, positive)
    assert (found is None) == (expected is None)
    assert found is None or found == pytest.approx(expected)
