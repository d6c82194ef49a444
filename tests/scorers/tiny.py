"""Tiny random models of one label, of four families, made on the spot; tokenizers with and without a chat template."""

from typing import Any

import torch
from tokenizers import processors
from transformers import AutoModelForSequenceClassification, BertConfig, PreTrainedModel, PreTrainedTokenizerFast

from tests.samplers import tiny

CONFIGS = tiny.CONFIGS | {
    "bert": BertConfig(
        vocab_size=320,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
    )
}


def model(family: str, labels: int = 1, **changes: Any) -> PreTrainedModel:
    """Return a model whose random weights are large enough that scores differ clearly."""
    config = type(CONFIGS[family])(**(CONFIGS[family].to_dict() | {"num_labels": labels} | changes))
    generator = torch.Generator().manual_seed(0)
    made = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for weights in made.parameters():
            if weights.dim() > 1:
                weights.normal_(0.0, 0.3, generator=generator)
    return made


def tokenizer(family: str) -> PreTrainedTokenizerFast:
    """Return a chat tokenizer, and for BERT one that writes [CLS] and [SEP] and knows no chat."""
    if family != "bert":
        return tiny.tokenizer()
    made = tiny.tokenizer(template=None)
    made.add_special_tokens({"cls_token": "<|im_start|>", "sep_token": "<|im_end|>"})
    made.eos_token = None
    made.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A <|im_end|>", special_tokens=[("<|im_start|>", 1), ("<|im_end|>", 2)]
    )
    return made
