"""A folder of stages is of one kind: other sizes or another base are refused before anything is reused."""

from pathlib import Path

import pytest

from solon.cli.lab import Lab, Sizes
from solon.cli.stages import Stages
from solon.errors import UserError
from solon.sandbox import checkpoint


def test_other_sizes_are_refused(tmp_path: Path) -> None:
    Stages(tmp_path, checkpoint(), cases=10).begin(held_out=5)
    Stages(tmp_path, checkpoint(), cases=10).begin(held_out=5)
    with pytest.raises(UserError, match=r"cases was 10, now 20. Use another --out"):
        Stages(tmp_path, checkpoint(), cases=20).begin(held_out=5)
    with pytest.raises(UserError, match="held_out was 5, now 6"):
        Stages(tmp_path, checkpoint(), cases=10).begin(held_out=6)


def test_another_base_is_refused(tmp_path: Path) -> None:
    Stages(tmp_path, checkpoint("base")).begin()
    with pytest.raises(UserError, match="base was"):
        Stages(tmp_path, checkpoint("rl")).begin()


def test_a_lab_has_the_sizes_it_was_begun_with(tmp_path: Path) -> None:
    Lab(tmp_path, checkpoint(), 7, Sizes()).begin()
    with pytest.raises(UserError, match="sizes was"):
        Lab(tmp_path, checkpoint(), 7, Sizes(main=8)).begin()
