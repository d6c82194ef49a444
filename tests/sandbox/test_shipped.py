"""Checkpoints of finished trainings as the package ships them."""

import json
import shutil
from pathlib import Path

import pytest

from solon.checkpoint import SHIPPED, Checkpoint
from solon.errors import UserError
from solon.forms.sandbox import SANDBOX_PRINCIPLES
from solon.samplers.seam import Request, Sampled
from solon.sandbox import cases, checkpoint, ship
from solon.sandbox.criteria import parse
from solon.sandbox.shipped import TRAINED
from solon.sandbox.world import implied
from solon.types import Judgment

torch = pytest.importorskip("torch")
LARGEST = 12 << 20


def made(run: Path, names: tuple[str, ...] = TRAINED) -> Path:
    """Make what trainings leave: the base in single precision under every name, with a log that holds paths."""
    from safetensors.torch import load_file, save_file

    for name in names:
        folder = run / name / "checkpoint"
        shutil.copytree(checkpoint(), folder)
        weights = {key: tensor.float() for key, tensor in load_file(folder / "model.safetensors").items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        recipe = {"model": "/a/b", "out": "/a/c", "samples": ["/a/d"], "seed": 1}
        log = {"recipe": recipe, "counts": {"cases": 3}, "log": [{"loss": 1.0}, {"loss": 0.5}]}
        (folder / "log.json").write_text(json.dumps(log), "utf-8")
    return run


def test_weights_are_halved_and_logs_name_no_path(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folders = ship(made(tmp_path / "run"), tmp_path / "shipped")
    assert [folder.name for folder in folders] == ["rft", "rl", "meta"]
    for folder in folders:
        weights = load_file(folder / "model.safetensors")
        assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
        told = json.loads((folder / "log.json").read_text("utf-8"))
        assert told == {"recipe": {"seed": 1}, "counts": {"cases": 3}, "last": {"loss": 0.5}}


def test_an_unfinished_run_ships_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"meta.*came to its end"):
        ship(made(tmp_path / "run", ("rft", "rl")), tmp_path / "shipped")
    assert not (tmp_path / "shipped").exists()


def test_one_training_alone_ships(tmp_path: Path) -> None:
    run = made(tmp_path / "run", ("meta",))
    assert ship(run, tmp_path / "shipped", ["meta"]) == [tmp_path / "shipped" / "meta"]
    assert [folder.name for folder in (tmp_path / "shipped").iterdir()] == ["meta"]
    with pytest.raises(UserError, match="'base' is not shipped; the trained checkpoints are rft, rl, meta"):
        ship(run, tmp_path / "shipped", ["base"])


def test_what_ships_is_small_and_says_what_it_speaks() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) < LARGEST
    forms = {path.name: Checkpoint.of(str(path)) for path in SHIPPED.iterdir()}
    assert {name: spoken.form for name, spoken in forms.items() if spoken} == {
        **dict.fromkeys(("base", "rft", "rl"), "sandbox"),
        "meta": "sandbox-meta",
    }


async def test_the_judge_writes_principles_of_a_request_alone_though_it_was_reinforced_on_judgments() -> None:
    from solon.samplers.transformers import TransformersSampler

    given = [one.case for one in cases("dev", 24, seed=2)]
    requests = [Request(SANDBOX_PRINCIPLES.render(case, ()), max_tokens=40) for case in given]
    true = []
    for case, answer in zip(given, await TransformersSampler.load(checkpoint("rl")).sample(requests), strict=True):
        (sample,) = answer.samples
        assert isinstance(sample, Sampled)
        read = SANDBOX_PRINCIPLES.outcome(sample.text, 0, sample.finish)
        assert isinstance(read, Judgment)
        true += [parse(principle.text.rpartition(" ")[0]) in implied(case) for principle in read.principles]
    assert sum(true) > 0.75 * len(true)
