"""`solon train`: the commands as a user types them, with options in files and flags, and the paper's recipes."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solon.checkpoint import Checkpoint
from tests.cli.conftest import Done, solon
from tests.training import families, recipes
from tests.training.making import write

__all__ = ["solon"]

pytestmark = pytest.mark.slow

Run = Callable[..., Done]
PAPER = Path(__file__).parents[2] / "recipes" / "paper"
SHORT = ["--steps", 2, "--batch", 8, "--micro-batch", 4]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("qwen3", tmp_path_factory.mktemp("base"))


def log_of(out: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((out / "checkpoint" / "log.json").read_text())
    return log


def test_the_whole_of_spct_in_four_commands(base: Path, tmp_path: Path, solon: Run) -> None:
    cases = write(tmp_path / "cases.jsonl", recipes.cases())
    sampled, out = tmp_path / "sampled", tmp_path / "rft"
    done = solon(
        *("train", "sample", "--model", base, "--data", cases, "--out", sampled),
        *("--form", "sandbox", "--max-tokens", 4, "--temperature", 1),
    )
    assert (done.code, done.told) == (0, f"samples: {sampled / 'samples.jsonl'}")
    assert json.loads((sampled / "report.json").read_text())["plain samples"] == 24
    samples = recipes.samples(tmp_path / "samples.jsonl")
    done = solon("train", "rft", "--model", base, "--samples", samples, "--out", out, *SHORT)
    assert (done.code, done.told) == (0, f"checkpoint: {out / 'checkpoint'}")
    judge = out / "checkpoint"
    done = solon(
        "train", "grpo", "--model", judge, "--data", samples, "--out", tmp_path / "rl", *SHORT, "--max-tokens", 4
    )
    assert (done.code, done.told) == (0, f"checkpoint: {tmp_path / 'rl' / 'checkpoint'}")
    assert Checkpoint.of(str(tmp_path / "rl" / "checkpoint")) == Checkpoint.of(str(judge))
    done = solon("train", "meta", "--model", base, "--samples", samples, "--out", tmp_path / "meta", *SHORT)
    assert (done.code, done.told) == (0, f"checkpoint: {tmp_path / 'meta' / 'checkpoint'}")
    done = solon(
        *("judge", cases, "--model", tmp_path / "rl" / "checkpoint", "--meta", tmp_path / "meta" / "checkpoint"),
        *("--k", 2, "--max-tokens", 4, "--out", tmp_path / "run"),
    )
    assert done.code == 0, done.err


def test_fields_of_others_are_dotted_flags_or_tables(base: Path, tmp_path: Path, solon: Run) -> None:
    samples, file = recipes.samples(tmp_path / "samples.jsonl"), tmp_path / "rft.toml"
    file.write_text(
        "batch = 8\nmicro_batch = 4\n[lora]\nr = 2\n[trainer]\nlogging_steps = 1\nlr_scheduler_type = 'linear'\n"
    )
    done = solon(
        *("train", "rft", "--config", file, "--model", base, "--samples", samples, "--out", tmp_path / "out"),
        *("--steps", 2, "--lora.lora-alpha", 4, "--trainer.max-grad-norm", 0.5, "--trainer.logging-steps=2"),
    )
    assert done.code == 0, done.err
    recipe = log_of(tmp_path / "out")["recipe"]
    assert (recipe["batch"], recipe["steps"]) == (8, 2)
    assert recipe["lora"] == {"r": 2, "lora_alpha": 4}
    assert recipe["trainer"] == {"logging_steps": 2, "lr_scheduler_type": "linear", "max_grad_norm": 0.5}


NUMBERS: dict[str, dict[str, Any]] = {
    "sample": {"plain": 3, "hint": "failed"},
    "rft": {"learning_rate": 5e-6, "batch": 1024, "steps": 900, "instruction_share": 0.852},
    "grpo": {"group": 4, "beta": 0.08, "learning_rate": 4e-7, "batch": 512, "steps": 900},
    "meta": {"learning_rate": 1e-5, "batch": 512},
}
"""The paper's numbers (arXiv 2504.02495, sections 3.2 and 4.2): 0.852 is 1,070 of 1,256 thousand conversations; when
the hint is given it leaves open."""


def test_the_papers_recipes_hold_its_numbers_and_nothing_else() -> None:
    assert {file.stem: tomllib.loads(file.read_text("utf-8")) for file in PAPER.glob("*.toml")} == NUMBERS


def test_the_papers_sampling_runs(base: Path, tmp_path: Path, solon: Run) -> None:
    data = write(tmp_path / "cases.jsonl", recipes.cases())
    given = ("--data", data, "--max-tokens", 4, "--form", "sandbox")
    done = solon(
        "train", "sample", "--config", PAPER / "sample.toml", "--model", base, "--out", tmp_path / "out", *given
    )
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["plain samples"], report["hinted samples"]) == (24, report["cases with 0 right"])


@pytest.mark.parametrize("name", ["rft", "grpo", "meta"])
def test_the_papers_recipes_run_with_other_sizes(name: str, base: Path, tmp_path: Path, solon: Run) -> None:
    data = ["--data", write(tmp_path / "cases.jsonl", recipes.cases()), "--max-tokens", 4, "--form", "sandbox"]
    samples = ["--samples", recipes.samples(tmp_path / "samples.jsonl")]
    talk = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]
    general = tmp_path / "general.jsonl"
    general.write_text("\n".join([json.dumps({"messages": talk})] * 92))
    given = {"rft": [*samples, "--instructions", general], "grpo": data, "meta": samples}
    done = solon(
        *("train", name, "--config", PAPER / f"{name}.toml", "--model", base, "--out", tmp_path / "out", *SHORT),
        *given[name],
    )
    assert done.code == 0, done.err
    log = log_of(tmp_path / "out")
    assert log["log"][-1]["step"] == 2
    assert log["recipe"]["learning_rate"] == NUMBERS[name]["learning_rate"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--group", "1"], "group is '1': input should be greater than or equal to 2"),
        (["--beta", "-1"], "beta is '-1': input should be greater than or equal to 0"),
        (["--trainer.no-such-field", "1"], "trainer names 'no_such_field', which GRPOConfig does not have"),
        (["--rewards", "nowhere:f"], "the reward 'nowhere:f' cannot be imported"),
        (["--trainer.use-vllm", "true"], "trainer names 'use_vllm', which TRL's own sampling reads"),
    ],
)
def test_options_that_cannot_be_are_told_in_one_line(
    options: list[str], told: str, base: Path, tmp_path: Path, solon: Run
) -> None:
    cases = write(tmp_path / "cases.jsonl", recipes.cases())
    done = solon("train", "grpo", "--model", base, "--data", cases, "--out", tmp_path / "out", *SHORT, *options)
    assert done.code == 2
    assert told in done.told


def test_what_is_missing_is_named_alone(base: Path, tmp_path: Path, solon: Run) -> None:
    done = solon("train", "sample", "--model", base, "--out", tmp_path / "out")
    assert (done.code, done.told) == (2, "solon: data is missing: give one, there is no default")


def test_samples_do_not_go_where_a_file_is(base: Path, tmp_path: Path, solon: Run) -> None:
    cases = write(tmp_path / "cases.jsonl", recipes.cases())
    done = solon("train", "sample", "--model", base, "--data", cases, "--out", cases)
    assert done.code == 2
    assert "cannot be made (File exists): name another one" in done.told
