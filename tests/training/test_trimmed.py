"""GRPO without the padding trains as TRL does with it, and computes less."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from trl import GRPOTrainer

from solon.training import trimmed as module
from solon.training.trimmed import parts, trimmed
from tests.training import families, recipes

pytestmark = pytest.mark.slow

lengths = st.lists(st.integers(1, 90), min_size=1, max_size=80)


@pytest.mark.parametrize("family", sorted(families.FAMILIES))
def test_the_weights_are_those_of_trls_own_trainer(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = families.save(family, tmp_path / "base")
    options = {"batch": 48, "micro_batch": 24, "learning_rate": 0.1, "trainer": {"optim": "sgd"}}
    ours = recipes.weights(recipes.run("grpo", base, tmp_path / "ours", **options))
    monkeypatch.setattr(module, "TrimmedGRPOTrainer", GRPOTrainer)
    theirs = recipes.weights(recipes.run("grpo", base, tmp_path / "theirs", **options))
    start = recipes.weights(base)
    assert ours.keys() == theirs.keys()
    assert any(not torch.allclose(ours[name], start[name], atol=1e-4) for name in ours)
    for name, weights in ours.items():
        assert torch.allclose(weights, theirs[name], atol=1e-6), name


@given(lengths, st.integers(1, 40))
def test_every_row_is_in_one_part_of_rows_of_like_length(lengths: list[int], largest: int) -> None:
    found = list(parts(lengths, largest))
    assert sorted(row for part in found for row in part) == list(range(len(lengths)))
    for part in found:
        assert len(part) <= largest
        inside = [lengths[row] for row in part]
        assert inside == sorted(inside, reverse=True)
        assert all(inside[0] <= 1.25 * length for length in inside[16:]), "only the fewest rows may be uneven"


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=6), st.integers(1, 4))
def test_only_columns_that_all_rows_pad_are_cut(shapes: list[tuple[int, int]], spare: int) -> None:
    prompt, completion = max(p for p, _ in shapes) + spare, max(c for _, c in shapes) + spare
    ids = torch.zeros(len(shapes), prompt + completion, dtype=torch.long)
    for row, (before, behind) in enumerate(shapes):
        ids[row, prompt - before : prompt + behind] = torch.arange(1, before + behind + 1)
    mask = (ids > 0).long()
    left, kept, right = trimmed(ids, mask, completion)
    assert left.shape == kept.shape
    assert 0 <= right < completion, "one column of the completions always stays"
    assert right == min(spare, completion - 1)
    for row in range(len(shapes)):
        assert left[row][kept[row] > 0].tolist() == ids[row][mask[row] > 0].tolist()
    assert kept[:, 0].any(), "no column of padding is left in front"
