"""The scalar baseline: a reward model that scores one response at a time, trained by Bradley-Terry on ordered pairs.

A case comes with all its pairs, and each of its responses is computed once however many pairs it stands in
(arXiv 2203.02155, section 3.5). Text is encoded as the scorers encode it. The trained model is measured against a bag
of words that learned from the very same pairs, and against preferring the longer response.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.files import write_json
from solon.training.comparing import compared
from solon.training.config import PairsConfig, ScalarConfig
from solon.training.labeled import read_labeled
from solon.training.pairs import Pairing, pairings, split_of
from solon.training.steps import Steps

if TYPE_CHECKING:
    from transformers import PreTrainedModel

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
        counts |= {f"{name}: skipped {reason}": count for reason, count in pairing.skipped.items()}
    if not train.cases:
        told = ", ".join(f"{value} {name}" for name, value in counts.items() if value)
        raise UserError(
            f"no case is left to train on ({told or 'the data are empty'}): a case needs two or more responses, rated "
            "differently or with a best one, and the split train or none"
        )
    return Parts(train, held, counts)


def _train(config: ScalarConfig, data: Parts, tell: Steps | None) -> Path:
    from datasets import Dataset
    from transformers import AutoModelForSequenceClassification
    from trl import RewardConfig

    from solon.training.arguments import built
    from solon.training.bradley_terry import CaseTrainer, WholeCases
    from solon.training.models import adapted, load, save
    from solon.training.resuming import resumed
    from solon.training.seeding import seeded
    from solon.training.texts import encoded, ended
    from solon.training.watch import watched

    tokenizer, cases = ended(config), data.train.cases
    with seeded(config.seed):
        head = {"num_labels": 1, "pad_token_id": tokenizer.pad_token_id}
        model = adapted(load(config, AutoModelForSequenceClassification, **head), config, "SEQ_CLS")
        texts, held = encoded(config, cases, model), encoded(config, data.held.cases, model)
        trainer = CaseTrainer(
            model=model,
            args=built(RewardConfig, config, {"max_length": None}),
            train_dataset=Dataset.from_list(texts.rows(cases)),
            processing_class=tokenizer,
            data_collator=WholeCases(tokenizer.pad_token_id),
        )
        watched(trainer, tell).train(resume_from_checkpoint=resumed(config))
    counts = data.counts | {"trained on: texts cut": texts.cut, "measured on: texts cut": held.cut}
    report = {"counts": counts, "measured": _measured(config, data, trainer.model, held, tokenizer.pad_token_id)}
    write_json(config.out / "report.json", report)
    log = {"recipe": config.model_dump(mode="json"), "report": report, "log": trainer.state.log_history}
    return save(trainer, config, Checkpoint(FORM, ""), log)


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
