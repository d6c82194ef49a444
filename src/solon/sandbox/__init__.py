"""A world with exact ground truth and a tiny language model that judges it: the embedded default and the test bed.

`cases` writes labeled cases, `self_check` measures the world's own ceilings, `train_base` trains the base model from
nothing, `evaluate` measures a checkpoint, `checkpoint` is the folder of a shipped one, and `instructions` are general
instruction data in the world's language.
"""

from solon.sandbox.annotator import random_principles
from solon.sandbox.config import BaseConfig
from solon.sandbox.corpus import instructions
from solon.sandbox.evaluate import evaluate
from solon.sandbox.selfcheck import self_check
from solon.sandbox.shipped import STUDIED, TRAINED, checkpoint, digest, ship
from solon.sandbox.training import train_base
from solon.sandbox.world import SPLITS, cases, of_other_kinds, true_principles

__all__ = [
    "SPLITS",
    "STUDIED",
    "TRAINED",
    "BaseConfig",
    "cases",
    "checkpoint",
    "digest",
    "evaluate",
    "instructions",
    "of_other_kinds",
    "random_principles",
    "self_check",
    "ship",
    "train_base",
    "true_principles",
]
