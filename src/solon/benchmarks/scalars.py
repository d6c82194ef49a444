"""Scalar models on benchmarks: a response has one score, whatever stands beside it, so there is nothing to vote."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from solon.benchmarks.baselines import by_rule
from solon.benchmarks.benchmark import Item, Mode, Way
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.judging import Ballots
from solon.checkpoint import Checkpoint
from solon.config import SamplingConfig
from solon.errors import UserError
from solon.files import write_json
from solon.samplers.seam import Failure
from solon.scorers.opening import open_scorer
from solon.types import Case, Judgment, Message, Unread

FORM = "scalar"
"""What the `solon.json` of a model says that `solon train scalar` made."""
WAYS = (Way("score", "mean"),)
SCORES = "scores.json"
Kept: TypeAlias = float | dict[str, Any]
"""A response's score, or why there is none."""
_ANYONES = {"model", "served_model", "seed", "api_key_env", "concurrency", "timeout"}
_JUDGES = (SamplingConfig.model_fields.keys() - _ANYONES) | {"k", "skip_greedy", "meta", "meta_api_key_env"}


def is_scalar(model: str) -> bool:
    """Tell whether a model is a folder that `solon train scalar` made.

    Raises:
        UserError: its `solon.json` cannot be read.
    """
    said = Checkpoint.of(model)
    return said is not None and said.form == FORM


def check(config: BenchConfig) -> None:
    """Refuse what only a judge can be told.

    Raises:
        UserError: such an option is set.
    """
    told = sorted(config.model_fields_set & _JUDGES)
    if told:
        raise UserError(
            f"{', '.join(told)}: a scalar model scores every response once, so there is no prompt, no order and no "
            "vote to set; leave it out"
        )


def score_items(model: str, items: Sequence[Item], mode: Mode, folder: Path) -> list[Ballots]:
    """Score every response of all items, a conversation that is too long without its end, and keep the scores.

    Raises:
        UserError: the model cannot be loaded, or the scores cannot be written.
    """
    asked = list(dict.fromkeys(one for item in items for one in _conversations(item.case)))
    found = dict(zip(asked, asyncio.run(_scores(model, asked)), strict=True))
    kept = [[_plain(found[one]) for one in _conversations(item.case)] for item in items]
    write_json(folder / SCORES, {"ids": [item.case.id for item in items], "scores": kept})
    return _ballots(items, mode, kept)


def scores_of(folder: Path, items: Sequence[Item], mode: Mode) -> list[Ballots]:
    """Return what `score_items` kept in a folder.

    Raises:
        UserError: there are no scores, or they are those of other items.
    """
    path = folder / SCORES
    if not path.exists():
        raise UserError(f"'{path}' is not there: run the benchmark again")
    kept = json.loads(path.read_text("utf-8"))
    if kept["ids"] != [item.case.id for item in items]:
        raise UserError(f"'{path}' holds the scores of other items: run the benchmark again")
    return _ballots(items, mode, kept["scores"])


def _conversations(case: Case) -> list[tuple[Message, ...]]:
    return [(*case.prompt, Message("assistant", response)) for response in case.responses]


async def _scores(model: str, asked: Sequence[tuple[Message, ...]]) -> list[float | Failure]:
    scorer = open_scorer(model, cut=True)
    try:
        return await scorer.score(asked)
    finally:
        await scorer.close()


def _plain(score: float | Failure) -> Kept:
    return {"reason": score.reason, "detail": score.detail} if isinstance(score, Failure) else score


def _ballots(items: Sequence[Item], mode: Mode, kept: Sequence[Sequence[Kept]]) -> list[Ballots]:
    known = {
        conversation: score
        for item, scores in zip(items, kept, strict=True)
        for conversation, score in zip(_conversations(item.case), scores, strict=True)
    }

    def judge(case: Case) -> Judgment | Unread:
        scores = [known[conversation] for conversation in _conversations(case)]
        faults = [score for score in scores if isinstance(score, dict)]
        if faults:
            return Unread(**faults[0])
        return Judgment(tuple(score for score in scores if not isinstance(score, dict)), (), "", "")

    return by_rule(items, mode, judge)
