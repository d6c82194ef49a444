"""Tiny models that a scalar can be trained from, and data that it can learn."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from solon.training.config import ScalarConfig
from solon.types import LabeledCase, Ratings
from tests.judge.judging import case
from tests.training import families
from tests.training.making import write

SHORT: dict[str, Any] = {"steps": 2, "batch": 4, "micro_batch": 2, "learning_rate": 1e-2, "warmup": 0.0}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = ("user", "assistant", ":", "why", "?", "yes", "no", "or", "sea", "sky")


def save(family: str, folder: Path) -> Path:
    """Write a checkpoint of a family with random weights: an encoder's (`bert`) or a decoder's."""
    return bert(folder) if family == "bert" else families.save(family, folder)


def bert(folder: Path, context: int = 64) -> Path:
    """Write a BERT as its makers ship it: no head, no chat template, and an end token that goes by another name."""
    words = {word: i for i, word in enumerate((*SPECIAL, *WORDS))}
    backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", words["[SEP]"]), ("[CLS]", words["[CLS]"]))
    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=backend, **named).save_pretrained(folder)
    size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(words), max_position_embeddings=context, pad_token_id=0, **size)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    return folder


def cases(count: int = 8, split: str | None = None, first: int = 0) -> list[LabeledCase]:
    """Make cases of two to four responses: yes is better than no, and two that say yes are alike."""
    made = []
    for i in range(first, first + count):
        said = [f"yes {'sea ' * (i % 3)}", "no sky", "yes sky", "no or no"][: 2 + i % 3]
        one = replace(case(f"c{i}", *said), tags={"meta": {"split": split}} if split else {})
        made.append(LabeledCase(one, Ratings(tuple(float(text.startswith("yes")) for text in said))))
    return made


def config(model: Path, out: Path, data: Sequence[LabeledCase] | None = None, **options: Any) -> ScalarConfig:
    """Write data beside a training's output, and return its configuration."""
    out.mkdir(parents=True, exist_ok=True)
    file = write(out / "cases.jsonl", cases() if data is None else data)
    return ScalarConfig(**SHORT | {"model": str(model), "out": out, "data": [file]} | options)
