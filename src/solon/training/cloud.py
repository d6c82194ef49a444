"""CLoud, the semi-scalar baseline (arXiv 2408.11791): a scalar head that reads a response with a critique of it.

A first model has criticized every response on its own (`solon.training.criticizing`); here a second one learns the
reward by Bradley-Terry on ordered pairs of a case, each response with its own critique. The paper trains critic and
head in one model, with the critic's loss beside the head's; apart, as here, the critic stays the one whose critiques
were sampled. Critiques of one draw are compared with each other, so a case comes once per draw.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.files import write_json
from solon.training.comparing import compared
from solon.training.config import CloudConfig
from solon.training.critiques import Criticized
from solon.training.pairs import PairedCase
from solon.training.scalar import Parts, split
from solon.training.semiscalar import read_by_head, rewarded, spread
from solon.training.steps import Steps

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Rows(NamedTuple):
    """A row per case and draw with the token ids of both sides of its pairs, how many pairs, and what is left out."""

    rows: list[dict[str, list[list[int]]]]
    pairs: int
    left_out: dict[str, int]


def cloud(config: CloudConfig, tell: Steps | None = None) -> Path:
    """Train a head on critiques and return its checkpoint folder; `out/report.json` holds its accuracies.

    Raises:
        UserError: a file cannot be read or holds no critiques, no case has an ordered pair, or the model cannot be
            loaded.
    """
    data = split(config)
    forms = {Criticized.of(one.case).form for one in (*data.train.cases, *data.held.cases)}
    if len(forms) > 1:
        names = ", ".join(sorted(form.name for form in forms))
        raise UserError(f"the critiques are of several forms ({names}), and a head reads those of one: part the files")
    (form,) = forms
    return _train(config, data, Checkpoint(form.name, form.template_hash), tell)


def _train(config: CloudConfig, data: Parts, spoken: Checkpoint, tell: Steps | None) -> Path:
    from datasets import Dataset
    from transformers import AutoModelForSequenceClassification
    from trl import RewardConfig

    from solon.training.arguments import built
    from solon.training.bradley_terry import CaseTrainer, WholeCases
    from solon.training.models import adapted, load, save
    from solon.training.resuming import resumed
    from solon.training.seeding import seeded
    from solon.training.texts import ended
    from solon.training.watch import watched

    tokenizer = ended(config)
    with seeded(config.seed):
        head = {"num_labels": 1, "pad_token_id": tokenizer.pad_token_id}
        model = adapted(load(config, AutoModelForSequenceClassification, **head), config, "SEQ_CLS")
        taught = _rows(config, data.train.cases, model, tokenizer)
        trainer = CaseTrainer(
            model=model,
            args=built(RewardConfig, config, {"max_length": None}),
            train_dataset=Dataset.from_list(taught.rows),
            processing_class=tokenizer,
            data_collator=WholeCases(tokenizer.pad_token_id),
        )
        watched(trainer, tell).train(resume_from_checkpoint=resumed(config))
    counts = data.counts | {"trained on: pairs of critiques": taught.pairs} | taught.left_out
    report = {"counts": counts, **_measured(config, data.held.cases, model, tokenizer)}
    write_json(config.out / "report.json", report)
    log = {"recipe": config.model_dump(mode="json"), "report": report, "log": trainer.state.log_history}
    return save(trainer, config, spoken, log)


def _rows(
    config: CloudConfig,
    cases: Sequence[PairedCase],
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
) -> Rows:
    """Encode responses with their critiques as the scorer will; pairs with one that is unread or too long are left out.

    A critique is not cut: its end tells the most.
    """
    from solon.samplers.local.loading import context_of
    from solon.scorers.encoding import Encoder

    longest, encoder = min(config.max_length, context_of(model.config)), Encoder(tokenizer)
    rows, left_out, count = [], Counter[str](), 0
    for one in cases:
        told = Criticized.of(one.case)
        for draw in range(told.draws):
            read = [i for i in one.members if told.critiques[i][draw].unread is None]
            ids = {i: encoder.encode(read_by_head(told, i, draw, config.seed)) for i in read}
            fitting = {i: text for i, text in ids.items() if len(text) <= longest}
            pairs = [(i, j) for i, j in one.pairs if i in fitting and j in fitting]
            left_out["trained on: critiques unread"] += len(one.members) - len(read)
            left_out["trained on: texts too long"] += len(ids) - len(fitting)
            count += len(pairs)
            if pairs:
                rows.append({"chosen_ids": [ids[i] for i, _ in pairs], "rejected_ids": [ids[j] for _, j in pairs]})
    if not rows:
        raise UserError(f"no pair of critiques is left ({dict(left_out)}): raise max_length, or sample critiques anew")
    return Rows(rows, count, dict(left_out))


def _measured(
    config: CloudConfig,
    held: Sequence[PairedCase],
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
) -> dict[str, object]:
    """Return the accuracies on held-out pairs, of the mean over all critiques and of longer-wins, and the spread."""
    from solon.scorers.transformers import TransformersScorer
    from solon.training.baselines import by_text

    told = [Criticized.of(one.case) for one in held]
    verdicts = asyncio.run(rewarded(TransformersScorer(model, tokenizer), told, config.seed))
    read = [(one, verdict.scores) for one, verdict in zip(held, verdicts, strict=True) if verdict.scores is not None]
    cases = [one for one, _ in read]
    scorers = {"cloud": [dict(enumerate(scores)) for _, scores in read], "longer wins": by_text(cases, len)}
    found = spread(verdicts)
    return {
        "measured": compared(cases, scorers, config.seed) if cases else [],
        "critiques per response": max((one.draws for one in told), default=0),
        "cases that could not be read": len(held) - len(cases),
        "spread of rewards": found and found._asdict() | {"samples / cases": found.relative},
    }
