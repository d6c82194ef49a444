"""A scalar head trained by binary cross-entropy on its logit: what the meta model and PairRM have in common.

With one label transformers would take squared error; as a problem of several labels, of which there is one, it takes
binary cross-entropy on logits.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from solon.training.arguments import built
from solon.training.config import TrainConfig
from solon.training.models import adapted, load, load_tokenizer
from solon.training.resuming import resumed
from solon.training.seeding import seeded
from solon.training.steps import Steps
from solon.training.watch import watched

Rows: TypeAlias = list[dict[str, object]]
"""Rows of `input_ids` and `labels`, a list of one number, 0 or 1."""


class Trained(NamedTuple):
    """A trainer that came to its end, with its model and tokenizer, and how many rows it learned from."""

    trainer: Trainer
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    rows: int


def train_binary(
    config: TrainConfig, encode: Callable[[PreTrainedModel, PreTrainedTokenizerBase], Rows], tell: Steps | None
) -> Trained:
    """Train a head on the rows that `encode` makes for the model and its tokenizer."""
    tokenizer = load_tokenizer(config)
    head = {"num_labels": 1, "problem_type": "multi_label_classification", "pad_token_id": tokenizer.pad_token_id}
    with seeded(config.seed):
        model = adapted(load(config, AutoModelForSequenceClassification, **head), config, "SEQ_CLS")
        rows = encode(model, tokenizer)
        trainer = Trainer(
            model=model,
            args=built(TrainingArguments, config, {}),
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        trainer.model_accepts_loss_kwargs = False  # the loss is a mean: each batch of a step counts by its share
        watched(trainer, tell).train(resume_from_checkpoint=resumed(config))
    return Trained(trainer, model, tokenizer, len(rows))
