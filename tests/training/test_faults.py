"""What goes wrong in a training is told in words: divergence, nothing to learn, and steps that teach nothing."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from solon.data.writing import case_line
from solon.errors import UserError
from solon.files import write_whole
from solon.samplers.local.prompts import Prompts
from solon.samplers.seam import Request
from solon.training.config import GrpoConfig, MetaConfig, RftConfig
from solon.training.forms import Forms
from solon.training.grpo import grpo
from solon.training.meta import meta
from solon.training.rft import rft
from solon.training.samples import SampledCase, Trajectory, sampled_line
from solon.types import LabeledCase
from tests.training import families, recipes
from tests.training.making import labeled, rated, write

pytestmark = pytest.mark.slow

RIGHT, WRONG = Trajectory((0, 1), "\\boxed{9, 3}", True), Trajectory((0, 1), "\\boxed{3, 9}", False)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("qwen3", tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model one of whose weights is no number."""
    folder = families.save("qwen3", tmp_path_factory.mktemp("poisoned"))
    model = families.model("qwen3")
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    model.save_pretrained(folder)
    return folder


def samples(folder: Path, *plain: Trajectory, hinted: tuple[Trajectory, ...] = ()) -> list[Path]:
    cases = [SampledCase(labeled(f"c{i}"), "sandbox", plain, hinted) for i in range(4)]
    write_whole(folder / "samples.jsonl", map(sampled_line, cases))
    return [folder / "samples.jsonl"]


@pytest.mark.parametrize(
    ("recipe", "steps"),
    [*((recipe, 2) for recipe in recipes.EVERY), *((recipe, 12) for recipe in ("rft", "grpo", "meta", "scalar"))],
)
def test_a_loss_that_is_no_number_stops_the_training(recipe: str, steps: int, poisoned: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the training diverged: (train_)?(loss|grad_norm) is nan at step \d+; lower"):
        recipes.run(recipe, poisoned, tmp_path, steps=steps)
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize("save_every", [1, 3, 100])
def test_no_state_is_saved_after_a_loss_that_is_no_number(save_every: int, base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the training diverged"):
        recipes.run("rft", base, tmp_path, steps=12, learning_rate=1e30, save_every=save_every)
    for state in (tmp_path / "states").glob("checkpoint-*"):
        log = json.loads((state / "trainer_state.json").read_text())["log_history"]
        assert all(abs(row["loss"]) < float("inf") for row in log)


def test_nothing_kept_after_rejection_is_told_with_the_reasons(tmp_path: Path) -> None:
    shared: dict[str, Any] = {"model": "none", "out": tmp_path}
    with pytest.raises(UserError, match=r"no sample is left to learn from: \{'plain wrong': 8\}"):
        rft(RftConfig(**shared, samples=samples(tmp_path, WRONG, WRONG)))
    with pytest.raises(UserError, match=r"no sample is left to learn from: \{'plain too easy': 8\}"):
        rft(RftConfig(**shared, samples=samples(tmp_path, RIGHT, RIGHT)))
    with pytest.raises(UserError, match=r"\{'hinted unused': 4, 'plain wrong': 4\}"):
        rft(RftConfig(**shared, samples=samples(tmp_path, WRONG, hinted=(RIGHT,)), use=["plain"]))


def test_sequences_that_are_all_too_long_are_told(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no sequence is left \(\{'too long': 16\}\): raise max_length, now 9"):
        recipes.run("rft", base, tmp_path / "rft", max_length=9)
    with pytest.raises(UserError, match=r"every judgment is longer than 9 tokens, .*: raise it"):
        recipes.run("meta", base, tmp_path / "meta", max_length=9)
    with pytest.raises(UserError, match=r"no prompt leaves room for 8 tokens of judgment: raise max_length, 9 now"):
        recipes.run("grpo", base, tmp_path / "grpo", max_length=9)


def test_groups_that_are_all_alike_are_warned_of(base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "solon"):
        recipes.run("grpo", base, tmp_path, rewards=[], trainer={"logging_steps": 1})
    told = [record.getMessage() for record in caplog.records if record.name.startswith("solon")]
    assert [line.partition(":")[0] for line in told] == ["step 1", "step 2"]
    assert "in every group all judgments got the same reward, so nothing is learned: take harder or easier" in told[0]


def test_groups_that_differ_are_not(base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "solon"):
        recipes.run("grpo", base, tmp_path, trainer={"logging_steps": 1})
    assert not [record for record in caplog.records if record.name.startswith("solon")]


@pytest.mark.parametrize("only", [RIGHT, WRONG])
def test_a_meta_model_needs_right_and_wrong_judgments(only: Trajectory, tmp_path: Path) -> None:
    unread = Trajectory((0, 1), "", False, "failed_call")
    options = MetaConfig(model="none", out=tmp_path, samples=samples(tmp_path, only, only, unread), held_out=0)
    with pytest.raises(UserError, match="8 judgments, all right or all wrong: the meta model needs some of both kinds"):
        meta(options)


def test_samples_without_any_case_are_told(tmp_path: Path) -> None:
    empty = write(tmp_path / "samples.jsonl", [])
    shared: dict[str, Any] = {"model": "none", "out": tmp_path, "samples": [empty]}
    for recipe in (lambda: rft(RftConfig(**shared)), lambda: meta(MetaConfig(**shared))):
        with pytest.raises(UserError, match=r"no case is left to learn from \(the data are empty\)"):
            recipe()


def test_grpo_tells_when_nothing_is_hard_enough_or_has_one_best(tmp_path: Path) -> None:
    shared: dict[str, Any] = {"model": "none", "out": tmp_path}
    with pytest.raises(UserError, match="all 4 cases are too easy: every plain sample was right; set easy to 0"):
        grpo(GrpoConfig(**shared, data=samples(tmp_path, RIGHT, RIGHT, RIGHT)))
    with pytest.raises(UserError, match="all 4 cases are too easy: 1 or more plain samples were right; set easy to 0"):
        grpo(GrpoConfig(**shared, data=samples(tmp_path, RIGHT, WRONG), easy=1))
    with pytest.raises(UserError, match=r"no case is left to learn from \(1 with equal ratings\)"):
        grpo(GrpoConfig(**shared, data=[write(tmp_path / "ties.jsonl", [rated("a", 1, 1)])]))


@pytest.mark.parametrize(("easy", "left"), [(2, 2), (3, 3), (None, 3), (0, 4)])
def test_the_pass_count_filters_what_grpo_visits(easy: int | None, left: int, base: Path, tmp_path: Path) -> None:
    plain = {0: (WRONG, WRONG, WRONG), 1: (RIGHT, WRONG, WRONG), 2: (RIGHT, RIGHT, WRONG), 3: (RIGHT,) * 3}
    cases = [SampledCase(labeled(f"c{passed}"), "sandbox", given, ()) for passed, given in plain.items()]
    write_whole(tmp_path / "samples.jsonl", map(sampled_line, cases))
    assert visited(tmp_path / "samples.jsonl", easy, base) == (left, 4 - left)


@pytest.mark.parametrize(("easy", "left"), [(2, 2), (3, 3), (None, 4), (0, 4)])
def test_a_pass_count_without_its_samples_filters_where_a_number_is_given(
    easy: int | None, left: int, base: Path, tmp_path: Path
) -> None:
    rows = [json.loads(case_line(labeled(f"c{passed}"))) | {"plain_right": passed} for passed in range(4)]
    write_whole(tmp_path / "cases.jsonl", map(json.dumps, rows))
    assert visited(tmp_path / "cases.jsonl", easy, base) == (left, 4 - left)


def visited(file: Path, easy: int | None, base: Path) -> tuple[int, int]:
    """Reinforce a model for a step, and return how many cases were visited and how many were too easy."""
    out = file.parent / "out"
    shared: dict[str, Any] = {"steps": 1, "batch": 8, "max_tokens": 2, "form": "sandbox"}
    grpo(GrpoConfig(model=str(base), out=out, data=[file], easy=easy, **shared))
    report = json.loads((out / "report.json").read_text())
    return report["cases"], report["too easy"]


def test_cases_whose_prompt_leaves_no_room_are_counted_before_the_training(base: Path, tmp_path: Path) -> None:
    fits = len(prompt_of(base, recipes.cases()[1])) + 8
    recipes.run("grpo", base, tmp_path, max_length=fits)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["too long"] > 0 < report["cases"]
    for one in recipes.cases():
        assert one.case.n <= 2 or len(prompt_of(base, one)) + 8 > fits
    assert report["cases"] == sum(len(prompt_of(base, one)) + 8 <= fits for one in recipes.cases())


def prompt_of(base: Path, one: LabeledCase) -> tuple[int, ...]:
    tokens = AutoTokenizer.from_pretrained(base)
    form = Forms.of("none", "sandbox").of_case(one)
    ids = Prompts(tokens, 4096, {}).ids(Request(form.render(one.case, tuple(range(one.case.n)))))
    assert isinstance(ids, tuple)
    return ids


@pytest.mark.parametrize("recipe", recipes.EVERY)
def test_models_that_cannot_be_trained_are_named(recipe: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        with pytest.raises(UserError, match=rf"cannot load .* '.*/{name}'|.*no folder '.*/{name}'"):
            recipes.run(recipe, tmp_path / name, tmp_path / "out")


@pytest.mark.parametrize("recipe", recipes.EVERY)
def test_a_field_that_peft_does_not_have_is_named(recipe: str, base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lora cannot be used: .*'rank'.*; its fields are those of peft's LoraConfig"):
        recipes.run(recipe, base, tmp_path, lora={"rank": 4})
