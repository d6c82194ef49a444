"""`solon serve`: what it can be told."""

import pytest

pytest.importorskip("fastapi")
from solon.config import JudgeConfig
from solon.server.settings import Settings


def test_no_option_of_the_server_is_one_of_the_judge() -> None:
    assert not Settings.model_fields.keys() & JudgeConfig.model_fields.keys()
