"""Mean pooling: a BERT whose head reads all tokens, in a checkpoint that transformers loads as it is."""

import asyncio
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from transformers import AutoModelForSequenceClassification, BertConfig, BertForSequenceClassification

from solon.errors import UserError
from solon.scorers.opening import open_scorer
from solon.training.pooling import mean_pooled
from solon.training.scalar import scalar
from solon.types import Message
from tests.training import scalars
from tests.training.recipes import same

pytestmark = pytest.mark.slow


def test_the_head_reads_the_mean_of_all_tokens_whatever_the_padding() -> None:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=50, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_labels=1)
    plain = BertForSequenceClassification(config).eval()
    pooled = mean_pooled(plain).eval()
    ids, mask = torch.randint(1, 50, (3, 12)), torch.ones(3, 12).long()
    ids[1, 7:], mask[1, 7:] = 0, 0
    states = plain.bert(ids, attention_mask=mask).last_hidden_state
    mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    read = pooled.bert(ids, attention_mask=mask).pooler_output
    assert torch.cosine_similarity(read, mean, dim=-1).min() > 0.95
    assert torch.cosine_similarity(plain.bert(ids, attention_mask=mask).pooler_output, mean, dim=-1).max() < 0.8
    assert pooled.config.num_hidden_layers == 3
    assert plain.config.num_hidden_layers == 2


def test_what_is_trained_loads_and_scores_as_any_other_and_is_the_same_for_a_seed(tmp_path: Path) -> None:
    base = scalars.bert(tmp_path / "base")
    folders = [
        scalar(scalars.config(base, tmp_path / name, pooling="mean", alike="pairs")) for name in ("first", "second")
    ]
    assert same(*folders)
    model = AutoModelForSequenceClassification.from_pretrained(folders[0])
    assert (type(model), model.config.num_hidden_layers) == (BertForSequenceClassification, 3)
    talk = (Message("user", "why ?"), Message("assistant", "yes"))
    (score,) = asyncio.run(open_scorer(str(folders[0])).score([talk]))
    assert isinstance(score, float)


def test_other_models_and_adapters_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is for BERT, and '.*qwen3' is Qwen3ForSequenceClassification: leave it out"):
        scalar(scalars.config(scalars.save("qwen3", tmp_path / "qwen3"), tmp_path / "out", pooling="mean"))
    with pytest.raises(ValidationError, match="a LoRA adapter does not hold"):
        scalars.config(tmp_path, tmp_path / "out", pooling="mean", lora={"r": 2})
