"""A byte-level tokenizer for the tiny model, trained on its corpus: world words are one token, any text can be said.

Nothing is lost in decoding, and the chat template, with Qwen's marks, takes any number of turns by any roles.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from solon.sandbox.corpus import exercises
from solon.types import plain

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, START, END = SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")
_MARKS = (*(f"[{place}]" for place in range(1, 10)), "\\boxed{")

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'text' -%}{{- part['text'] -}}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{{- '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


def train_tokenizer(seed: int, *, count: int = 6000) -> PreTrainedTokenizerFast:
    """Train the tokenizer on `count` exercises of the corpus, and on the numbers up to 20."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    texts = [f"{n} {n}, {n}" for n in range(21)] * 3 + ["system", "user", "assistant"] * 3
    for exercise in islice(exercises(seed, 0, inspections=0.35), count):
        texts += [plain(exercise.messages[0].content), exercise.answer]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=3000,
        min_frequency=3,
        initial_alphabet=sorted(alphabet),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.add_tokens([AddedToken(mark, normalized=False) for mark in _MARKS])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token=PAD, eos_token=END, model_max_length=4096, clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
