"""`solon train`: the commands as a user types them, with options in files and flags, and the paper's recipes."""

import json
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
        *("--steps", 2, "--lora.lora-alpha", 4, "--trainer.max-grad-norm", 0.5),
    )
    assert done.code == 0, done.err
    recipe = log_of(tmp_path / "out")["recipe"]
    print(recipe)
    assert (recipe["batch"], recipe["steps"]) == (8, 2)


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
    rates = {"rft": 5e-6, "grpo": 4e-7, "meta": 1e-5}
    assert log["recipe"]["learning_rate"] == rates[name]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--group", "1"], "group is '1': input should be greater than or equal to 2"),
        (["--beta", "-1"], "beta is '-1': input should be greater than or equal to 0"),
        (["--trainer.no-such-field", "1"], "trainer names 'no_such_field', which GRPOConfig does not have"),
        (["--rewards", "nowhere:f"], "the reward 'nowhere:f' cannot be imported"),
    ],
)
def test_options_that_cannot_be_are_told_in_one_line(
    options: list[str], told: str, base: Path, tmp_path: Path, solon: Run
) -> None:
    cases = write(tmp_path / "cases.jsonl", recipes.cases())
    done = solon("train", "grpo", "--model", base, "--data", cases, "--out", tmp_path / "out", *SHORT, *options)
    assert done.code == 2
    assert told in done.told
