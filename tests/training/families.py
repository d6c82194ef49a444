"""Freshly configured tiny models of three families, each with the chat template and the end tokens of its own kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from tests.samplers.tiny import CONFIGS

_QWEN = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_LLAMA = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n"
    "{{ message.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_LLAMA_ENDS = ("<|eom_id|>", "<|eot_id|>")
_GEMMA = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}\n"
    "{{ message.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
_CORPUS = [
    "Request: Why is the sky blue?\n[1] c: best\n[2] c: other 1\nJudge.",
    "Principles: brief 3, has river 2.\n[1] brief yes: 4\n\\boxed{4, 6}",
]
_VOCABULARY = 384


@dataclass(frozen=True)
class Family:
    """A family's special tokens, which of them the tokenizer names, and those that end a turn in its own models.

    `turn` ends the model's turn; it need not be the tokenizer's EOS token.
    """

    config: str
    template: str
    special: tuple[str, ...]
    named: Mapping[str, str]
    ends: tuple[str, ...]
    turn: str


FAMILIES = {
    "qwen3": Family(
        "qwen3",
        _QWEN,
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
        ("<|im_end|>", "<|endoftext|>"),
        "<|im_end|>",
    ),
    "llama3": Family(
        "llama",
        _LLAMA,
        (
            "<|begin_of_text|>",
            "<|end_of_text|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|eom_id|>",
            "<|eot_id|>",
        ),
        {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"},
        ("<|end_of_text|>", *_LLAMA_ENDS),
        "<|eot_id|>",
    ),
    "gemma3": Family(
        "gemma3",
        _GEMMA,
        ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"},
        ("<eos>", "<end_of_turn>"),
        "<end_of_turn>",
    ),
}


def tokenizer(family: str) -> PreTrainedTokenizerFast:
    """Train a byte-level tokenizer with the family's special tokens; Llama's has no pad token, as its models ship."""
    kind = FAMILIES[family]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, special_tokens=list(kind.special), initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(_CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, chat_template=kind.template, **kind.named)


def model(family: str, context: int = 4096, seed: int = 0, **sizes: int) -> PreTrainedModel:
    """Return a model with random weights that ends its turns as the family's models do; `sizes` make it larger."""
    kind, tokens = FAMILIES[family], tokenizer(family)
    named = {f"{name}_id": tokens.convert_tokens_to_ids(token) for name, token in kind.named.items()}
    ends = [tokens.convert_tokens_to_ids(token) for token in kind.ends]
    blank = {"pad_token_id": None, "bos_token_id": None}
    changes = blank | named | {"vocab_size": _VOCABULARY, "max_position_embeddings": context, "eos_token_id": ends}
    config = type(CONFIGS[kind.config])(**(CONFIGS[kind.config].to_dict() | changes | sizes))
    generator = torch.Generator().manual_seed(seed)
    made = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for weights in made.parameters():
            if weights.dim() > 1:
                weights.normal_(0.0, 0.1, generator=generator)
    made.generation_config.eos_token_id = ends
    made.generation_config.pad_token_id = named.get("pad_token_id")
    return made


def save(family: str, folder: Path, **options: Any) -> Path:
    """Write a checkpoint as its makers ship it, and return its folder."""
    model(family, **options).save_pretrained(folder)
    tokenizer(family).save_pretrained(folder)
    return folder
