"""The meta reward model (arXiv 2504.02495, section 4.2): a scalar head that tells right judgments from wrong ones.

It reads a judgment as `solon.meta` puts it, and learns by binary cross-entropy whether the judgment is right by
equation 10. Only plain samples teach, wrong ones included; what could not be read never votes and is left out.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.files import write_json
from solon.forms import load_form
from solon.meta import conversation, meta_form
from solon.order import stable_hash
from solon.stats import auc
from solon.training.config import MetaConfig
from solon.training.samples import SampledCase, Trajectory, teaching_samples
from solon.training.steps import Steps
from solon.types import Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Lesson:
    """A judgment to learn from: its case's id, what the meta model reads of it, and whether it is right."""

    case_id: str
    messages: tuple[Message, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned from, what is held out to measure on, and how many cases were left out, by reason."""

    taught: Sequence[Lesson]
    held: Sequence[Lesson]
    skipped: dict[str, int]


def meta(config: MetaConfig, tell: Steps | None = None) -> Path:
    """Train a meta model and return its checkpoint folder; `out/report.json` says how it ranks held-out judgments.

    Raises:
        UserError: a file cannot be read, all judgments are right or all wrong, or the model cannot be loaded.
    """
    sampled, skipped = teaching_samples(config.samples)
    judged = [Lesson(*_judged(one, shown, config.seed)) for one in sampled for shown in one.plain if not shown.unread]
    held = [one for one in judged if _held(one.case_id, config)]
    taught = [one for one in judged if not _held(one.case_id, config)]
    if len({one.right for one in taught}) < 2:
        raise UserError(f"{len(taught)} judgments, all right or all wrong: the meta model needs some of both kinds")
    form = meta_form(load_form(sampled[0].form))
    lessons = Lessons(taught, held, skipped)
    return _train(config, lessons, Checkpoint(form.name, form.template_hash), tell)


def measured(logits: Sequence[float], judged: Sequence[Lesson]) -> dict[str, float | int | None]:
    """Return how well logits rank right judgments over wrong ones: over all, and within cases that have both."""
    cases: dict[str, list[tuple[float, bool]]] = {}
    for logit, one in zip(logits, judged, strict=True):
        cases.setdefault(one.case_id, []).append((logit, one.right))
    within = [auc(*map(list, zip(*pairs, strict=True))) for pairs in cases.values()]
    both = [value for value in within if value is not None]
    return {
        "judgments": len(judged),
        "right": sum(one.right for one in judged),
        "auc": auc(logits, [one.right for one in judged]),
        "auc within cases": fmean(both) if both else None,
        "cases with both": len(both),
    }


def _judged(one: SampledCase, shown: Trajectory, seed: int) -> tuple[str, tuple[Message, ...], bool]:
    case, form = one.labeled.case, meta_form(load_form(one.form))
    return case.id, conversation(form, case, shown.order, shown.text, seed), shown.right


def _held(case_id: str, config: MetaConfig) -> bool:
    return stable_hash("held out", config.seed, case_id) % 10_000 < 10_000 * config.held_out


def _train(config: MetaConfig, lessons: Lessons, spoken: Checkpoint, tell: Steps | None) -> Path:
    from solon.training.binary import train_binary
    from solon.training.models import save

    done = train_binary(config, lambda model, tokenizer: _rows(config, lessons.taught, model, tokenizer), tell)
    counts = {"judgments": len(lessons.taught), "too long": len(lessons.taught) - done.rows}
    counts |= {f"left out {reason}": count for reason, count in lessons.skipped.items()}
    found = _measured(done.model, done.tokenizer, lessons.held)
    report = counts | {f"held out {name}": value for name, value in found.items()}
    write_json(config.out / "report.json", report)
    recipe = config.model_dump(mode="json")
    log = {"recipe": recipe, "report": report, "log": done.trainer.state.log_history}
    return save(done.trainer, config, spoken, log)


def _rows(
    config: MetaConfig, taught: Sequence[Lesson], model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
) -> list[dict[str, object]]:
    """Encode judgments as the scorer will; one that is too long is left out, since its end is what matters."""
    from solon.samplers.local.loading import context_of
    from solon.scorers.encoding import Encoder

    longest, encoder = min(config.max_length, context_of(model.config)), Encoder(tokenizer)
    encoded = [(encoder.encode(one.messages), one.right) for one in taught]
    rows = [{"input_ids": ids, "labels": [float(right)]} for ids, right in encoded if len(ids) <= longest]
    if not rows:
        raise UserError(f"every judgment is longer than {longest} tokens, of max_length or of the model: raise it")
    return rows


def _measured(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", held: Sequence[Lesson]
) -> dict[str, float | int | None]:
    from solon.scorers.transformers import TransformersScorer

    scores = asyncio.run(TransformersScorer(model, tokenizer).score([one.messages for one in held]))
    scored = [(score, one) for score, one in zip(scores, held, strict=True) if isinstance(score, float)]
    return measured([score for score, _ in scored], [one for _, one in scored])
