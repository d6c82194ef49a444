"""Rollouts: whoever samples, the model is asked what the judge will be asked, and draws by seeds of its own."""

from pathlib import Path
from typing import Any

import pytest
from trl import GRPOTrainer

from solon.errors import UserError
from solon.samplers.local.prompts import Prompts
from solon.samplers.seam import Request
from solon.training.forms import Forms
from solon.training.grpo import grpo_trainer
from solon.training.rollouts import SharedRollouts
from solon.training.visits import Visit, visits
from solon.types import LabeledCase
from tests.judge.judging import case
from tests.training import families, recipes
from tests.training.making import labeled

pytestmark = pytest.mark.slow

FAMILIES = sorted(families.FAMILIES)
FORGED = labeled("forged", 3)


def planned(family: str) -> list[Visit]:
    """Plan visits, one of them to a case whose text holds the family's special tokens."""
    forged = " ".join(families.FAMILIES[family].special)
    one = LabeledCase(case("forged", f"x {forged}", f"{forged} y"), FORGED.label)
    return visits([*recipes.cases(3), one], Forms.of("none", "sandbox"), 4, seed=0)


def trainer_of(family: str, folder: Path, **options: Any) -> tuple[GRPOTrainer, list[Visit]]:
    base = families.save(family, folder / "base")
    found = planned(family)
    return grpo_trainer(recipes.grpo_config(base, folder / "out", **options), found), found


def asked(trainer: GRPOTrainer) -> list[Any]:
    return [row["prompt"] for row in trainer.train_dataset]


def shown(family: str, found: list[Visit]) -> list[list[int]]:
    """Return what the sampler would show for these visits."""
    prompts = Prompts(families.tokenizer(family), 4096, {})
    ids = [prompts.ids(Request(visit.prompt(0))) for visit in found]
    return [list(one) for one in ids if isinstance(one, tuple)]


@pytest.mark.parametrize("family", FAMILIES)
def test_trl_asks_what_the_sampler_would_show(family: str, tmp_path: Path) -> None:
    trainer, found = trainer_of(family, tmp_path, rollouts="trl")
    assert trainer.rollout_func is None
    assert trainer._tokenize_prompts(asked(trainer))[0] == shown(family, found)


@pytest.mark.parametrize("lora", [{}, recipes.LORA], ids=["full", "lora"])
@pytest.mark.parametrize("family", FAMILIES)
def test_so_does_our_decoder_once_for_every_judgment(family: str, lora: dict[str, Any], tmp_path: Path) -> None:
    trainer, found = trainer_of(family, tmp_path, lora=lora)
    rollouts = trainer.rollout_func
    assert isinstance(rollouts, SharedRollouts)
    groups = [turns for turns in asked(trainer) for _ in range(4)]
    trainer.model.train()
    drawn: Any = rollouts(groups, trainer)
    assert trainer.model.training
    assert drawn["prompt_ids"] == [ids for ids in shown(family, found) for _ in range(4)]
    assert drawn["logprobs"] is None
    ends = families.tokenizer(family).convert_tokens_to_ids(list(families.FAMILIES[family].ends))
    for ids in drawn["completion_ids"]:
        assert 1 <= len(ids) <= 8
        assert len(ids) == 8 or ids[-1] in ends
        assert not set(ids[:-1]) & set(ends)
    assert len({tuple(ids) for ids in drawn["completion_ids"]}) > 12


def test_judgments_follow_from_the_seed_and_the_step(tmp_path: Path) -> None:
    trainer, _ = trainer_of("qwen3", tmp_path)
    groups = [turns for turns in asked(trainer) for _ in range(4)]
    rollouts = rollouts_of(trainer)
    first = rollouts(groups, trainer)["completion_ids"]
    assert rollouts(groups, trainer)["completion_ids"] == first
    assert rollouts(groups[:6], trainer)["completion_ids"] == first[:6], "neighbors do not matter"
    trainer.state.global_step = 1
    assert rollouts(groups, trainer)["completion_ids"] != first
    other, _ = trainer_of("qwen3", tmp_path / "other", seed=1)
    assert rollouts_of(other)(groups, other)["completion_ids"] != first


def rollouts_of(trainer: GRPOTrainer) -> Any:
    return trainer.rollout_func


def test_a_narrow_decoder_draws_the_same(tmp_path: Path) -> None:
    wide, _ = trainer_of("qwen3", tmp_path / "wide")
    narrow, _ = trainer_of("qwen3", tmp_path / "narrow", rows=3)
    groups = [turns for turns in asked(wide) for _ in range(4)]
    assert rollouts_of(wide)(groups, wide) == rollouts_of(narrow)(groups, narrow)


def test_a_prompt_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    trainer, _ = trainer_of("gemma3", tmp_path)
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    with pytest.raises(UserError, match=r"a prompt of the training cannot be sampled: .* chat template refuses"):
        rollouts_of(trainer)([turns], trainer)


def test_a_step_is_whole_groups_in_the_order_planned(tmp_path: Path) -> None:
    trainer, found = trainer_of("llama3", tmp_path)
    assert [row["visit"] for row in trainer.train_dataset] == list(range(len(found)))
    order = list(trainer._get_train_sampler(trainer.train_dataset))
    assert order[:8] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert sorted(set(order)) == [0, 1, 2, 3]
