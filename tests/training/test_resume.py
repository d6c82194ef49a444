"""A training that is killed goes on from its last whole state and ends where it would have ended."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from solon.errors import UserError
from solon.training.config import GrpoConfig, RftConfig
from solon.training.grpo import grpo
from solon.training.models import last_state
from solon.training.rft import rft
from tests.training import families, recipes

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LONG: dict[str, Any] = {"steps": 10, "save_every": 1}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("qwen3", tmp_path_factory.mktemp("base"))


def steps(out: Path) -> int:
    """Return how many steps the last whole state holds."""
    state = last_state(out / "states")
    return 0 if state is None else int(state.rpartition("-")[2])


def killed(config: GrpoConfig, after: int) -> None:
    """Run the command in a process of its own, and kill it when so many steps are saved."""
    file = config.out / "grpo.toml"
    fields = config.model_dump(mode="json", exclude_defaults=True)
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items()), "utf-8")
    command = [sys.executable, "-c", "from solon.cli import main; main()", "train", "grpo", "--config", str(file)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and steps(config.out) < after:
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -9, "it should have been at work"


def half_written(out: Path, step: int) -> None:
    """Leave a state as it is while it is being written."""
    state = out / "states" / f"checkpoint-{step}"
    state.mkdir(exist_ok=True)
    (state / "trainer_state.json").unlink(missing_ok=True)


def logged(folder: Path) -> list[tuple[int, float | None]]:
    log = json.loads((folder / "log.json").read_text())["log"]
    return [(row["step"], row.get("loss")) for row in log]


def test_a_killed_command_ends_with_the_weights_of_an_undisturbed_one(base: Path, tmp_path: Path) -> None:
    straight = recipes.run("grpo", base, tmp_path / "straight", **LONG)
    config = recipes.grpo_config(base, tmp_path / "killed", **LONG)
    killed(config, after=2)
    reached = steps(config.out)
    assert 2 <= reached < 10
    half_written(config.out, 10)
    done: list[int] = []
    resumed = grpo(config, lambda step, total: done.append(step))
    assert done == list(range(reached + 1, 11)), "it goes on, and does not begin anew"
    assert recipes.same(straight, resumed)
    assert logged(straight) == logged(resumed)


@pytest.mark.parametrize(
    ("recipe", "options"),
    [("rft", {}), ("grpo", {"lora": recipes.LORA}), ("grpo trl", {}), ("meta", {"save_every": 2})],
    ids=["rft", "grpo lora", "grpo trl", "meta"],
)
def test_so_does_every_training_that_breaks_off(
    recipe: str, options: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    def breaking(step: int, total: int) -> None:
        if step == 4:
            raise KeyboardInterrupt

    options = LONG | options
    straight = recipes.run(recipe, base, tmp_path / "straight", **options)
    with pytest.raises(KeyboardInterrupt):
        recipes.run(recipe, base, tmp_path / "broken", tell=breaking, **options)
    reached = steps(tmp_path / "broken")
    assert reached == 4 - options["save_every"]
    done: list[int] = []
    resumed = recipes.run(recipe, base, tmp_path / "broken", tell=lambda step, total: done.append(step), **options)
    assert done == list(range(reached + 1, 11))
    assert recipes.same(straight, resumed)
    assert logged(straight) == logged(resumed)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"learning_rate": 1e-3}, "learning_rate was 0.01, now 0.001"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"lora": recipes.LORA}, r"lora was \{\}, now \{"),
        ({"steps": 3}, "steps was 2, now 3"),
    ],
)
def test_a_training_does_not_go_on_as_another_one(
    change: dict[str, Any], told: str, base: Path, tmp_path: Path
) -> None:
    recipes.run("rft", base, tmp_path, save_every=1)
    with pytest.raises(UserError, match=rf"was begun with another recipe: {told}.*Use another --out"):
        recipes.run("rft", base, tmp_path, save_every=1, **change)


def test_nor_on_other_data_or_from_another_model(base: Path, tmp_path: Path) -> None:
    before = tmp_path / "base"
    shutil.copytree(base, before)
    out = tmp_path / "out"
    config = RftConfig(model=str(before), out=out, samples=[recipes.samples(tmp_path / "s.jsonl")], **recipes.SHORT)
    first = rft(config.model_copy(update={"save_every": 1}))
    assert recipes.same(first, rft(config)), "what the weights do not depend on may change"
    recipes.samples(tmp_path / "s.jsonl", count=9)
    with pytest.raises(UserError, match=r"another recipe: content of .*s.jsonl was \w+, now \w+\. Use another"):
        rft(config)
    recipes.samples(tmp_path / "s.jsonl")
    families.model("qwen3", seed=1).save_pretrained(before)
    with pytest.raises(UserError, match=r"another recipe: content of .*model.safetensors was \w+, now \w+\. Use"):
        rft(config)


def test_without_a_state_any_training_begins(base: Path, tmp_path: Path) -> None:
    recipes.run("rft", base, tmp_path)
    shutil.rmtree(tmp_path / "states" / "checkpoint-2")
    recipes.run("rft", base, tmp_path, learning_rate=1e-3)


def test_the_last_whole_state_is_taken(tmp_path: Path) -> None:
    assert last_state(tmp_path / "none") is None
    for step, text in ((9, "{}"), (10, '{"global_step": 10'), (11, None), (100, ""), (2, "{}")):
        state = tmp_path / f"checkpoint-{step}"
        state.mkdir()
        if text is not None:
            (state / "trainer_state.json").write_text(text)
    assert last_state(tmp_path) == str(tmp_path / "checkpoint-9")
    shutil.rmtree(tmp_path / "checkpoint-9")
    assert last_state(tmp_path) == str(tmp_path / "checkpoint-2")
