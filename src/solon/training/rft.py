"""Rejective fine-tuning, the cold start (arXiv 2504.02495, section 3.2): learn from one's own right judgments.

Samples that are wrong by equation 10 are rejected, plain ones also where a case is too easy. What is left is learned
without the hint in its prompt, mixed with general instruction data.
"""

from collections.abc import Sequence
from pathlib import Path

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.files import write_json
from solon.forms import load_form
from solon.samplers.reasoning import with_reasoning
from solon.training.config import RftConfig
from solon.training.forms import spoken_by
from solon.training.instructions import Turns, mixed, read_instructions
from solon.training.rejection import Kept, reject
from solon.training.samples import teaching_samples
from solon.training.steps import Steps


def rft(config: RftConfig, tell: Steps | None = None) -> Path:
    """Fine-tune a model on sampled judgments and return its checkpoint folder; `out/report.json` says what was kept.

    Raises:
        UserError: a file cannot be read, no sample is left after rejection, or the model cannot be loaded.
    """
    sampled, skipped = teaching_samples(config.samples)
    rejection = reject(sampled, config.use)
    if not rejection.kept:
        raise UserError(f"no sample is left to learn from: {rejection.counts}; sample more cases, or with hint=all")
    judgments = [] if config.instruction_share == 1 else targets(rejection.kept, config.seed)
    general = mixed(len(judgments), read_instructions(config.instructions), config.instruction_share, config.seed)
    if not judgments and not general:
        raise UserError("instruction_share is 1 and there are no instructions: name files of them, or lower it")
    counts = {"cases": len(sampled), **rejection.counts, "judgments": len(judgments), "instructions": len(general)}
    counts |= {f"left out {reason}": count for reason, count in skipped.items()}
    spoken = spoken_by(config.model, [one.form for one in sampled])
    return _fine_tune(config, [*judgments, *general], counts, spoken, tell)


def targets(kept: Sequence[Kept], seed: int) -> list[tuple[Turns, str]]:
    """Put kept samples as (prompt, answer) pairs, the responses in the order each saw and never with a hint.

    The reasoning of a thinking model stands before its answer, as `samplers.reasoning` would split it off again.
    """
    forms = {name: load_form(name) for name in {one.sampled.form for one in kept}}
    found = []
    for one in kept:
        case, form = one.sampled.labeled.case, forms[one.sampled.form]
        prompt = form.render(case, one.trajectory.order, one.sampled.mode, seed=seed)
        found.append((prompt, with_reasoning(one.trajectory.reasoning, one.trajectory.text)))
    return found


def _fine_tune(
    config: RftConfig,
    pairs: list[tuple[Turns, str]],
    counts: dict[str, int],
    spoken: Checkpoint,
    tell: Steps | None,
) -> Path:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from solon.training.arguments import built
    from solon.training.encoding import AnswerEncoder
    from solon.training.models import adapter, load, load_tokenizer, save
    from solon.training.resuming import resumed
    from solon.training.seeding import seeded
    from solon.training.watch import watched

    tokenizer = load_tokenizer(config)
    with seeded(config.seed):
        model = load(config)
        encoded = AnswerEncoder(model, tokenizer, config.max_length).encode(pairs)
        counts = counts | encoded.left_out
        if not encoded.rows:
            raise UserError(f"no sequence is left ({encoded.left_out}): raise max_length, now {config.max_length}")
        state = resumed(config)
        write_json(config.out / "report.json", counts)
        trainer = SFTTrainer(
            model=model,
            args=built(SFTConfig, config, {"max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True}}),
            train_dataset=Dataset.from_list(encoded.rows),
            processing_class=tokenizer,
            peft_config=adapter(config, "CAUSAL_LM"),
        )
        watched(trainer, tell).train(resume_from_checkpoint=state)
    recipe = config.model_dump(mode="json")
    return save(trainer, config, spoken, {"recipe": recipe, "counts": counts, "log": trainer.state.log_history})
