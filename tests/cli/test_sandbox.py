"""`solon sandbox` and `solon demo`: what cannot be run is refused in one sentence, before anything is made."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solon.checkpoint import SANDBOX
from solon.report.cells import keep_cell
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request, Sampled
from solon.sandbox import checkpoint, digest
from tests.cli.conftest import Done


def refused(done: Done, *parts: str) -> None:
    assert done.code == 2, done.err
    assert done.err.count("\n") == 1, done.err
    assert [part for part in parts if part not in done.told] == [], done.told


def never(*_: object, **__: object) -> None:
    raise AssertionError("the work began")


def test_sandbox_is_the_judge_that_comes_along(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def script(request: Request, index: int) -> Sampled:
        return Sampled("Principles: brief 3.\n[1] brief yes: 4\n[2] brief no: 1\n\\boxed{4, 1}")

    def opened(name: str) -> ScriptedSampler:
        asked.append(name)
        return ScriptedSampler(script)

    monkeypatch.setattr("solon.sandbox.judging.small_sampler", opened)
    done = solon("sandbox", "compare", "sandbox", "--count", 4, "--k", 1, "--json", tmp_path / "rows")
    assert done.code == 0, done.told
    assert asked == [str(SANDBOX)]
    assert [row["judge"] for row in json.loads((tmp_path / "rows").read_text("utf-8"))] == ["sandbox"]
    rows = [{"kind": "judgment", "asked": 1}, {"criterion": "brief", "right": 1.0}]
    monkeypatch.setattr("solon.sandbox.evaluate", lambda folder, **_: asked.append(str(folder)) or rows)
    assert solon("sandbox", "measure", "sandbox").code == 0
    assert asked == [str(SANDBOX)] * 2


@pytest.mark.parametrize("command", ["compare", "measure"])
def test_a_folder_without_a_checkpoint_is_named_before_any_is_judged(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setattr("solon.cli.compare.judged", never)
    monkeypatch.setattr("solon.sandbox.evaluate", never)
    before = [checkpoint()] if command == "compare" else []
    (tmp_path / "empty").mkdir()
    refused(solon("sandbox", command, *before, tmp_path / "empty"), "empty' holds no config.json", "name a checkpoint")
    refused(solon("sandbox", command, *before, tmp_path / "none"), "none' is not there", "model.safetensors")


def test_a_comparison_of_nothing_is_refused(solon: Callable[..., Done]) -> None:
    refused(solon("sandbox", "compare"), "no checkpoint is named")


def test_weights_identify_a_checkpoint(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text(name)
    first = digest(tmp_path)
    (tmp_path / "model.safetensors").write_text("trained again")
    assert digest(tmp_path) != first
    assert digest(checkpoint("base")) != digest(checkpoint("rl"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("chunks", -3),
        ("layers", 0),
        ("hidden", -1),
        ("hidden", 12),
        ("intermediate", 0),
        ("tokens", 0),
        ("threads", 0),
        ("init", 0),
        ("muon_lr", "nan"),
        ("adamw_lr", "inf"),
        ("warm", 0),
        ("warm", 1),
        ("first", 1.5),
        ("inspections", -0.1),
        ("save_every", -1),
    ],
)
def test_a_base_that_cannot_be_trained_is_refused(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, option: str, value: object
) -> None:
    monkeypatch.setattr("solon.sandbox.train_base", never)
    refused(solon("sandbox", "base", f"--{option.replace('_', '-')}={value}"), f"{option} is {str(value)!r}")


def test_a_base_is_not_trained_into_a_file(solon: Callable[..., Done], tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "file").touch()
    refused(solon("sandbox", "base", "--out", tmp_path / "file"), "file' cannot be made (File exists)")


def test_a_study_as_it_is_needs_its_cells_and_makes_nothing(solon: Callable[..., Done], tmp_path: Path) -> None:
    told = tmp_path / "told" / "found.json"
    command = ("sandbox", "study", "--as-is", "--json", told, "--cells")
    refused(solon(*command, tmp_path / "typo"), "there are no cells in", "typo'")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    refused(solon(*command, tmp_path / "empty"), "empty'", "--as-is")
    keep_cell(tmp_path / "empty" / "base-7.json.gz", [])
    assert solon(*command, tmp_path / "empty").code == 0
    assert told.is_file()


@pytest.mark.parametrize(
    ("command", "work"),
    [
        (("demo", "--out", "made"), "solon.cli.demo.Stages"),
        (("sandbox", "compare", checkpoint()), "solon.cli.compare.judged"),
        (("sandbox", "measure"), "solon.sandbox.evaluate"),
        (("sandbox", "check"), "solon.sandbox.self_check"),
        (("sandbox", "base"), "solon.sandbox.train_base"),
        (("sandbox", "study", "--out", "made"), "solon.cli.study.Lab"),
    ],
)
def test_a_folder_in_place_of_a_file_is_refused_before_the_work(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[object, ...], work: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(work, never)
    (tmp_path / "folder").mkdir()
    flags = ["--json", *(["--markdown", "--png", "--lines"] if "study" in command else [])]
    for flag in flags:
        refused(solon(*command, flag, "folder"), "'folder' cannot be written")


def test_a_demo_is_not_written_over_its_own_folder(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("solon.cli.demo.Stages", never)
    refused(solon("demo", "--out", tmp_path / "run", "--json", tmp_path / "run"), "run' cannot be written")
