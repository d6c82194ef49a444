"""Solon: generalist generative reward modeling.

A language model writes the principles that a query calls for, critiques every response by them and scores each one;
many such judgments vote. Nothing heavy is imported until it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from solon.errors import SamplerError, SolonError, UserError
from solon.types import Best, Case, Judgment, LabeledCase, Message, Principle, Ratings, Right, Unread, Verdict

if TYPE_CHECKING:
    from solon.data import read_cases
    from solon.judge import Judge
    from solon.store import Store

_LAZY = {"Judge": "solon.judge", "Store": "solon.store", "read_cases": "solon.data"}

__all__ = [
    "Best",
    "Case",
    "Judge",
    "Judgment",
    "LabeledCase",
    "Message",
    "Principle",
    "Ratings",
    "Right",
    "SamplerError",
    "SolonError",
    "Store",
    "Unread",
    "UserError",
    "Verdict",
    "read_cases",
]


def __getattr__(name: str) -> object:
    """Import what is behind a public name when it is first used."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'solon' has no attribute '{name}'")
