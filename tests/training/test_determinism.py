"""The same recipe with the same seed gives the same weights, and leaves the caller's chance alone."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from solon.training.seeding import seeded
from tests.training import families, recipes


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("llama3", tmp_path_factory.mktemp("base"))


def chance() -> list[Any]:
    """Return the states of all generators that libraries share."""
    return [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["rft", "grpo", "grpo trl", "meta"])
@pytest.mark.parametrize("lora", [{}, recipes.LORA | {"lora_dropout": 0.1}], ids=["full", "lora"])
def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(
    recipe: str, lora: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    first = recipes.run(recipe, base, tmp_path / "first", lora=lora)
    drawn = random.random(), np.random.rand(), torch.rand(3)
    before = chance()
    second = recipes.run(recipe, base, tmp_path / "second", lora=lora)
    assert chance() == before, drawn
    assert recipes.same(first, second)
    other = recipes.run(recipe, base, tmp_path / "other", lora=lora, seed=1)
    assert not recipes.same(first, other)


def test_the_callers_generators_are_given_back_also_after_an_error() -> None:
    before, drawn = chance(), []

    def broken() -> None:
        with seeded(3):
            drawn.append((random.random(), float(np.random.rand()), torch.rand(1).item()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert chance() == before
    random.random()
    with pytest.raises(ZeroDivisionError):
        broken()
    assert drawn[0] == drawn[1]
