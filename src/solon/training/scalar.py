"""The scalar baseline: a reward model that scores one response at a time, trained by Bradley-Terry on ordered pairs.

A case comes with all its pairs, and each of its responses is computed once however many pairs it stands in
(arXiv 2203.02155, section 3.5). Text is encoded as the scorers encode it. The trained model is measured against a bag
of words that learned from the very same pairs, and against preferring the longer response.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.files import write_json
from solon.order import stable_hash
from solon.training.comparing import compared, credit
from solon.training.config import PairsConfig, ScalarConfig
from solon.training.labeled import read_labeled
from solon.training.pairs import PairedCase, Pairing, pairings, split_of
from solon.training.steps import Steps

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from solon.training.bradley_terry import CaseTrainer, Row
    from solon.training.epochs import BestEpoch
    from solon.training.texts import Texts

FORM = "scalar"
"""What `solon.json` says of a scalar model: no judge's form, and none that a meta model reads."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is learned from, what is measured on, and how many cases are neither or have no pairs."""

    train: Pairing
    held: Pairing
    counts: dict[str, int]


def scalar(config: ScalarConfig, tell: Steps | None = None) -> Path:
    """Train a scalar model and return its checkpoint folder; `out/report.json` holds its accuracies and the baselines'.

    Raises:
        UserError: a file cannot be read, no case has an ordered pair, or the model cannot be loaded.
    """
    return _train(config, split(config), tell)


def split(config: PairsConfig) -> Parts:
    """Read the data and draw their pairs.

    Raises:
        UserError: a line cannot be read, or nothing is left to train on.
    """
    cases = read_labeled(config.data)
    named = Counter(split_of(one.case) or "none" for one in cases)
    train = pairings(
        [one for one in cases if split_of(one.case) in (None, "train")], config.pairs, config.seed, config.ties
    )
    held = pairings([one for one in cases if split_of(one.case) == config.measure], config.pairs, config.seed)
    counts = {f"split {name}": count for name, count in sorted(named.items())}
    for name, pairing in (("trained on", train), ("measured on", held)):
        counts |= {f"{name}: cases": len(pairing.cases), f"{name}: pairs": pairing.count}
        counts |= {f"{name}: left out {reason}": count for reason, count in pairing.skipped.items()}
    if not train.cases:
        parts = [f"{count:,} {reason}" for reason, count in train.skipped.items()]
        parts += [f"{count:,} of the split '{name}'" for name, count in named.items() if name not in ("none", "train")]
        told = ", ".join(parts)
        raise UserError(
            f"no case is left to train on ({told or 'the data are empty'}): a case needs two or more responses, rated "
            "differently or with a best one, and the split train or none"
        )
    return Parts(train, held, counts)


def _train(config: ScalarConfig, data: Parts, tell: Steps | None) -> Path:
    from transformers import AutoModelForSequenceClassification

    from solon.training.models import adapted, load, save
    from solon.training.pooling import mean_pooled
    from solon.training.seeding import seeded
    from solon.training.texts import encoded, ended

    tokenizer, (cases, choosing) = ended(config), _parted(config, data.train.cases)
    with seeded(config.seed):
        head = {"num_labels": 1, "pad_token_id": tokenizer.pad_token_id}
        model = load(config, AutoModelForSequenceClassification, **head)
        model = adapted(mean_pooled(model) if config.pooling == "mean" else model, config, "SEQ_CLS")
        texts, held = encoded(config, cases, model), encoded(config, data.held.cases, model)
        best = _best_epoch(config, choosing, model, tokenizer.pad_token_id) if choosing else None
        trainer = _fitted(config, model, tokenizer, texts.rows(cases), best, tell)
    counts = data.counts | {"trained on: texts cut": texts.cut, "measured on: texts cut": held.cut}
    report = {"counts": counts, "measured": _measured(config, data, trainer.model, held, tokenizer.pad_token_id)}
    report |= {"epochs": best.measured} if best else {}
    write_json(config.out / "report.json", report)
    log = {"recipe": config.model_dump(mode="json"), "report": report, "log": trainer.state.log_history}
    return save(trainer, config, Checkpoint(FORM, ""), log)


def _fitted(
    config: ScalarConfig,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence["Row"],
    best: "BestEpoch | None",
    tell: Steps | None,
) -> "CaseTrainer":
    from datasets import Dataset
    from trl import RewardConfig

    from solon.training.arguments import built
    from solon.training.bradley_terry import CaseTrainer, WholeCases
    from solon.training.resuming import resumed
    from solon.training.watch import watched

    mean = fmean(len(row["chosen_ids"]) for row in rows) if config.alike == "pairs" else None
    trainer = CaseTrainer(
        model=model,
        args=built(RewardConfig, config, {"max_length": None}),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        data_collator=WholeCases(tokenizer.pad_token_id, mean),
        callbacks=[best] if best else None,
    )
    watched(trainer, tell).train(resume_from_checkpoint=resumed(config))
    if best:
        best.restore(trainer.model)
    return trainer


def _parted(config: ScalarConfig, cases: Sequence[PairedCase]) -> tuple[tuple[PairedCase, ...], tuple[PairedCase, ...]]:
    """Return the cases that are learned from, and those that choose the epoch.

    Raises:
        UserError: a share is held out, and all of the cases or none of them fell into it.
    """
    held = [stable_hash("held out", config.seed, one.case.id) % 10_000 < 10_000 * config.held_out for one in cases]
    taught = tuple(one for one, out in zip(cases, held, strict=True) if not out)
    choosing = tuple(one for one, out in zip(cases, held, strict=True) if out)
    if not taught or (config.held_out and not choosing):
        raise UserError(
            f"held_out is {config.held_out}, which leaves {len(taught)} cases to train on and {len(choosing)} to "
            "choose the epoch by: give more cases, or another share"
        )
    return taught, choosing


def _best_epoch(config: ScalarConfig, cases: Sequence[PairedCase], model: "PreTrainedModel", pad: int) -> "BestEpoch":
    """Keep the epoch that orders the pairs of these cases best, every case alike."""
    from solon.training.bradley_terry import scored
    from solon.training.epochs import BestEpoch
    from solon.training.texts import encoded

    texts = encoded(config, cases, model)

    def ordered(model: "PreTrainedModel") -> float:
        found = iter(scored(model, [ids for case in texts.ids for ids in case.values()], pad))
        scores = [{i: next(found) for i in case} for case in texts.ids]
        return fmean(fmean(credit(s, pair) for pair in one.pairs) for one, s in zip(cases, scores, strict=True))

    return BestEpoch(config.out / "states", ordered)


def _measured(
    config: ScalarConfig, data: Parts, model: "PreTrainedModel", texts: "Texts", pad: int
) -> list[dict[str, object]]:
    """Return the accuracies on held-out pairs, of the model and of its baselines; no row where no case is held out."""
    from solon.training.baselines import by_text, words
    from solon.training.bradley_terry import scored

    cases = data.held.cases
    if not cases:
        return []
    found = iter(scored(model, [ids for case in texts.ids for ids in case.values()], pad))
    scorers = {
        "scalar": [{i: next(found) for i in case} for case in texts.ids],
        "bag of words": words(data.train.cases, cases, config.seed),
        "longer wins": by_text(cases, len),
    }
    return compared(cases, scorers, config.seed)
