"""Model folders: what is none ends in one sentence, and what is one judges."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Done
from tests.cli.rows import row
from tests.cli.test_faults import refused
from tests.samplers import tiny


def test_models_that_cannot_be(solon: Callable[..., Done], file: Callable[..., Path], tmp_path: Path) -> None:
    cases, folder = file(row("a")), tmp_path / "model"
    folder.mkdir()
    refused(solon("judge", cases, "--model", tmp_path / "gone"), "gone")
    refused(solon("judge", cases, "--model", folder), "holds no config.json")
    refused(solon("judge", cases, "--model", folder, "--served-model", "x"), "are for servers, and")
    tiny.model().save_pretrained(folder)
    tiny.tokenizer(template=None).save_pretrained(folder)
    refused(solon("judge", cases, "--model", folder), "chat template")
    tiny.tokenizer().save_pretrained(folder)
    done = solon("judge", cases, "--model", folder, "--k", 2, "--max-tokens", 4)
    assert (done.code, done.lines[0]["scores"], done.lines[0]["asked"]) == (0, None, 2)
    (folder / "solon.json").write_text("{}")
    refused(solon("judge", cases, "--model", folder), "must hold form, template_hash")
