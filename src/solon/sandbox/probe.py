"""What a model checks rightly when it is told which criteria to check: one forward pass, no sampling."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

from solon.order import stable_hash
from solon.sandbox.corpus import inspection
from solon.sandbox.criteria import HARD
from solon.sandbox.encoding import encode
from solon.sandbox.world import cases

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM


def probe(
    model: Qwen3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    *,
    count: int = 200,
    seed: int = 0,
    n: int | None = None,
) -> dict[str, float]:
    """Return the share of right checks per criterion, over easy and over hard ones, on inspections of dev cases.

    The model reads true inspections and its likeliest next token is taken wherever a yes or no is due.
    """
    import torch

    yes, no = tokenizer.convert_tokens_to_ids(["Ġyes", "Ġno"])
    right: dict[str, list[bool]] = defaultdict(list)
    for labeled in cases("dev", count, seed=seed, n=n):
        exercise = inspection(labeled.case, random.Random(stable_hash("probe", seed, labeled.case.id)))
        ids, _ = encode(exercise, tokenizer)
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]
        due = [place for place, token in enumerate(ids) if token in (yes, no)]
        names = [check.split(" ")[-2 if check.count(" ") == 1 else -3] for check in _checks(exercise.answer)]
        for place, name in zip(due, names, strict=True):
            right[name].append(int(logits[place - 1].argmax()) == ids[place])
    rows = {name: sum(found) / len(found) for name, found in sorted(right.items())}
    for kind, hard in (("easy", False), ("hard", True)):
        pooled = [value for name, found in right.items() if (name in HARD) == hard for value in found]
        rows[kind] = sum(pooled) / len(pooled)
    return rows


def _checks(answer: str) -> list[str]:
    return [check for line in answer.split("\n") for check in line.split("] ", 1)[1].split(", ")]
