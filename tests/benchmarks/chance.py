"""A tiny language model that judges by dice: after any prompt it boxes two random scores, or it writes that it cannot.

Its attention and its layers are zero, so that the next token depends on the last one alone: the embedding is one-hot
and the head holds the logarithms of the chances.
"""

from math import log, sqrt
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SCORES = range(1, 11)
FIRST, SECOND = [f"{score}," for score in SCORES], [f"{score}}}" for score in SCORES]
WORDS = ["<pad>", "<unk>", "<judge>", "</s>", "undecided", "\\boxed{", *FIRST, *SECOND]
TEMPLATE = "{% for turn in messages %}{{ turn.content }} {% endfor %}{% if add_generation_prompt %}<judge>{% endif %}"
SIZE = 32
READ = 0.65
"""How likely a judgment is to hold a box at a temperature of 1."""


def chances() -> dict[str, dict[str, float]]:
    """Return how likely each word is after each other one; the likeliest box is 9, 2."""
    return {
        "<judge>": {"\\boxed{": READ, "undecided": 1 - READ},
        "\\boxed{": {word: 0.11 if word == "9," else 0.89 / 9 for word in FIRST},
        **{word: {end: 0.11 if end == "2}" else 0.89 / 9 for end in SECOND} for word in FIRST},
        **{word: {"</s>": 1.0} for word in (*SECOND, "undecided")},
    }


def save(folder: Path) -> Path:
    """Write the model and its tokenizer into a folder that `transformers serve` takes."""
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "</s>", "additional_special_tokens": ["<judge>"]}
    PreTrainedTokenizerFast(tokenizer_object=backend, chat_template=TEMPLATE, **names).save_pretrained(folder)
    sizes = {"vocab_size": SIZE, "hidden_size": SIZE, "intermediate_size": SIZE, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 32768}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, pad_token_id=0, bos_token_id=None, eos_token_id=3))
    with torch.no_grad():
        for weights in model.parameters():
            weights.fill_(1.0 if weights.dim() == 1 else 0.0)
        model.model.embed_tokens.weight.copy_(torch.eye(SIZE))
        model.lm_head.weight.fill_(-30 / sqrt(SIZE))
        for word, after in chances().items():
            for found, chance in after.items():
                model.lm_head.weight[WORDS.index(found), WORDS.index(word)] = log(chance) / sqrt(SIZE)
    model.generation_config.update(do_sample=True, top_k=0, eos_token_id=3, pad_token_id=0)
    model.save_pretrained(folder)
    return folder
