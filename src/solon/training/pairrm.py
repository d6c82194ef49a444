"""PairRM, the pairwise scalar baseline (LLM-Blender, arXiv 2306.02561): two responses are read together.

The model reads the conversation and both responses in one text, and its one logit says that the response shown first is
the better one, learned by binary cross-entropy. Every pair is shown in both orders, once with label 1 and once with 0,
so that no case favors a place; the authors draw one order per pair, which halves the cost and balances on average only.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.files import write_json
from solon.forms.form import Form
from solon.training.comparing import compared
from solon.training.config import PairRMConfig
from solon.training.duels import agreement, duel, duel_form, duels, verdict_of
from solon.training.pairs import PairedCase
from solon.training.scalar import Parts, split
from solon.training.steps import Steps

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def pairrm(config: PairRMConfig, tell: Steps | None = None) -> Path:
    """Train a pairwise scalar model and return its checkpoint folder; `out/report.json` holds its accuracies.

    Raises:
        UserError: a file cannot be read, no case has an ordered pair, or the model cannot be loaded.
    """
    return _train(config, split(config), duel_form(config.model), tell)


def _train(config: PairRMConfig, data: Parts, form: Form, tell: Steps | None) -> Path:
    from solon.training.binary import train_binary
    from solon.training.models import save

    cases = data.train.cases
    done = train_binary(config, lambda model, tokenizer: _rows(config, form, cases, model, tokenizer), tell)
    counts = data.counts | {"trained on: pairs too long": data.train.count - done.rows // 2}
    report = {"counts": counts, **_measured(config, form, data.held.cases, done.model, done.tokenizer)}
    write_json(config.out / "report.json", report)
    log = {"recipe": config.model_dump(mode="json"), "report": report, "log": done.trainer.state.log_history}
    return save(done.trainer, config, Checkpoint(form.name, form.template_hash), log)


def _rows(
    config: PairRMConfig,
    form: Form,
    cases: Sequence[PairedCase],
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
) -> list[dict[str, object]]:
    """Encode every pair in both orders as the scorer will; one that is too long is left out, not cut."""
    from solon.samplers.local.loading import context_of
    from solon.scorers.encoding import Encoder

    longest, encoder = min(config.max_length, context_of(model.config)), Encoder(tokenizer)
    rows: list[dict[str, object]] = []
    for one in cases:
        for better, worse in one.pairs:
            orders = [(better, worse), (worse, better)]
            ids = [encoder.encode(duel(form, one.case, order, config.seed)) for order in orders]
            if max(map(len, ids)) <= longest:
                rows += [{"input_ids": ids[0], "labels": [1.0]}, {"input_ids": ids[1], "labels": [0.0]}]
    if not rows:
        raise UserError(f"every pair is longer than {longest} tokens, of max_length or of the model: raise it")
    return rows


def _measured(
    config: PairRMConfig,
    form: Form,
    held: Sequence[PairedCase],
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
) -> dict[str, object]:
    """Return the accuracies on held-out pairs, of the model and of longer-wins, and how often both orders agree."""
    from solon.scorers.transformers import TransformersScorer
    from solon.training.baselines import by_text

    logits = asyncio.run(duels(TransformersScorer(model, tokenizer), form, [one.case for one in held], config.seed))
    scores = [verdict_of(found, one.case.n).scores for one, found in zip(held, logits, strict=True)]
    read = [(one, found) for one, found in zip(held, scores, strict=True) if found is not None]
    cases = [one for one, _ in read]
    scorers = {"pairrm": [dict(enumerate(found)) for _, found in read], "longer wins": by_text(cases, len)}
    rows = compared(cases, scorers, config.seed) if cases else []
    return {"measured": rows, "cases that could not be read": len(held) - len(cases), "orders agree": agreement(logits)}
