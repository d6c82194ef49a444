"""Rule-based online reinforcement learning (arXiv 2504.02495, section 3.2): GRPO on the outcome of whole judgments.

A prompt is sampled `group` times; a judgment that is right by equation 10 earns 1, any other -1, and what differs
within the group is what is learned, held by a KL penalty to the model that the training started from.
"""

import warnings
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from solon.errors import UserError
from solon.files import write_json
from solon.training.config import GrpoConfig
from solon.training.forms import Forms, spoken_by
from solon.training.labeled import read_labeled, teaching
from solon.training.steps import Steps
from solon.training.visits import Visit, visits
from solon.types import LabeledCase, plain

if TYPE_CHECKING:
    from trl import GRPOConfig, GRPOTrainer

    from solon.samplers.local.prompts import Prompts


def grpo(config: GrpoConfig, tell: Steps | None = None) -> Path:
    """Train a judge on labeled cases and return its checkpoint folder; `out/report.json` says which cases taught.

    Raises:
        UserError: the data hold a malformed or unlabeled line, or nothing to learn from; the model cannot be loaded;
            the training diverges.
    """
    taught = teaching(read_labeled(config.data))
    cases = [one for one in taught.cases if not _easy(one, config.easy)]
    if not cases:
        told = "every plain sample was" if config.easy is None else f"{config.easy} or more plain samples were"
        raise UserError(f"all {len(taught.cases)} cases are too easy: {told} right; set easy to 0")
    forms = Forms.of(config.model, config.form, config.single_form)
    if config.batch % config.group:
        raise UserError(f"batch is {config.batch} judgments a step; make it a multiple of group, {config.group}")
    fit = _fitting(cases, forms, config)
    prompts = config.batch // config.group
    count = prompts * (config.steps or ceil(config.epochs * len(fit) / prompts))
    planned = visits(fit, forms, count, config.seed, config.principles)
    counts = {"cases": len(fit), "too easy": len(taught.cases) - len(cases), "too long": len(cases) - len(fit)}
    counts |= {f"left out {reason}": count for reason, count in taught.skipped.items()}
    return _reinforce(config, planned, counts, tell)


def _easy(one: LabeledCase, times: int | None) -> bool:
    """Tell whether the case's pass count, if it has one, is `times`, or where that is open all that were drawn."""
    passed, plain = one.case.tags.get("plain_right"), one.case.tags.get("plain")
    enough = len(plain) if times is None and isinstance(plain, list) else times
    return isinstance(passed, int) and enough is not None and 0 < enough <= passed


def _fitting(cases: Sequence[LabeledCase], forms: Forms, config: GrpoConfig) -> list[LabeledCase]:
    from solon.training.fitting import fitting

    found = fitting(cases, forms, config)
    if not found:
        raise UserError(
            f"no prompt leaves room for {config.max_tokens} tokens of judgment: raise max_length, {config.max_length} "
            "now, lower max_tokens, or take a model with a longer context"
        )
    return found


def grpo_arguments(config: GrpoConfig, prompts: int) -> "GRPOConfig":
    """Return what TRL is told: GRPO as in equation 15 of arXiv 2504.02495, one update per batch of fresh judgments.

    Args:
        config: the training.
        prompts: how many prompts it visits in all, in the order of the data.
    """
    from trl import GRPOConfig

    from solon.training.arguments import built

    own = {
        "loss_type": "grpo",
        "beta": config.beta,
        "scale_rewards": "group",
        "num_generations": config.group,
        "max_completion_length": config.max_tokens,
        "temperature": config.temperature,
        "shuffle_dataset": False,
        "max_steps": prompts * config.group // config.batch,
    }
    return built(GRPOConfig, config, own)


def _rows(planned: Sequence[Visit], prompts: "Prompts", seed: int) -> list[dict[str, object]]:
    """Return TRL's data set: prompts as messages in which no special token can be forged, and the visits' numbers."""
    turns = [visit.prompt(seed) for visit in planned]
    return [
        {
            "prompt": [{"role": turn.role, "content": prompts.harmless(plain(turn.content))} for turn in prompt],
            "visit": number,
        }
        for number, prompt in enumerate(turns)
    ]


def grpo_trainer(config: GrpoConfig, planned: Sequence[Visit]) -> "GRPOTrainer":
    """Build TRL's trainer for planned visits; it draws from the global generators, which the caller seeds."""
    from datasets import Dataset

    from solon.samplers.local.loading import context_of
    from solon.samplers.local.prompts import Prompts
    from solon.samplers.transformers import eos_of
    from solon.training.models import adapter, load, load_tokenizer
    from solon.training.rewards import Reader, reward_functions
    from solon.training.rollouts import SharedRollouts
    from solon.training.trimmed import TrimmedGRPOTrainer

    model, tokenizer = load(config), load_tokenizer(config)
    prompts = Prompts(tokenizer, context_of(model.config), {})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using 'rollout_func'", UserWarning)
        return TrimmedGRPOTrainer(
            model=model,
            reward_funcs=reward_functions(config.rewards, Reader(planned, tokenizer, eos_of(model, tokenizer))),
            args=grpo_arguments(config, len(planned)),
            train_dataset=Dataset.from_list(_rows(planned, prompts, config.seed)),
            processing_class=tokenizer,
            peft_config=adapter(config, "CAUSAL_LM"),
            rollout_func=SharedRollouts(config, tokenizer, prompts) if config.rollouts == "shared" else None,
        )


def _reinforce(config: GrpoConfig, planned: Sequence[Visit], counts: dict[str, int], tell: Steps | None) -> Path:
    from solon.training.models import save
    from solon.training.resuming import resumed
    from solon.training.seeding import seeded
    from solon.training.watch import watched

    with seeded(config.seed):
        state = resumed(config)
        write_json(config.out / "report.json", counts)
        trainer = grpo_trainer(config, planned)
        watched(trainer, tell).train(resume_from_checkpoint=state)
    spoken = spoken_by(config.model, [visit.form.file or visit.form.name for visit in planned])
    recipe = config.model_dump(mode="json")
    return save(trainer, config, spoken, {"recipe": recipe, "counts": counts, "log": trainer.state.log_history})
