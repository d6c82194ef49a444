"""Judges that write no scores, on the study's cases: scalar heads on a response, on a pair, and on a critique."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from solon.cli.lab import Lab
from solon.cli.stages import MAX_TOKENS
from solon.data.writing import case_line
from solon.files import write_whole
from solon.samplers.processes import small_sampler
from solon.samplers.seam import Failure
from solon.scorers.transformers import TransformersScorer
from solon.training.config import CritiqueConfig
from solon.training.criticizing import criticize
from solon.training.critiques import Criticized
from solon.training.duels import duel_form, duels, verdict_of
from solon.training.semiscalar import rewarded
from solon.types import Judgment, LabeledCase, Message, Unread, Verdict
from solon.vote import vote


def scalar(folder: Path, held: Sequence[LabeledCase]) -> list[Verdict]:
    """Score every response alone with a Bradley-Terry model."""
    texts = [(*one.case.prompt, Message("assistant", said)) for one in held for said in one.case.responses]
    scores = iter(asyncio.run(TransformersScorer.load(folder).score(texts)))
    return [_alone([next(scores) for _ in one.case.responses]) for one in held]


def pairrm(folder: Path, held: Sequence[LabeledCase]) -> list[Verdict]:
    """Let all responses of a case meet in pairs."""
    logits = asyncio.run(duels(TransformersScorer.load(folder), duel_form(str(folder)), [one.case for one in held]))
    return [verdict_of(found, one.case.n) for found, one in zip(logits, held, strict=True)]


def cloud(lab: Lab, held: Sequence[LabeledCase], k: int) -> list[Verdict]:
    """Score every response with k critiques of it by the base model, which vote; k = 1 is a greedy one."""
    out = lab.folder / "runs" / f"critiques_{k}"
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "cases.jsonl", map(case_line, held))
    own = {"model": str(lab.base), "data": [out / "cases.jsonl"], "out": out, "k": k, "max_tokens": MAX_TOKENS}
    config = CritiqueConfig.model_validate(own | {"seed": lab.seed, "temperature": float(k > 1)})
    said = criticize(config, sampler=small_sampler(str(lab.base)))
    told = [Criticized(one.case, said.form, found) for one, found in zip(held, said.critiques, strict=True)]
    return asyncio.run(rewarded(TransformersScorer.load(lab.stages.cloud()), told, lab.seed))


def _alone(scores: Sequence[float | Failure]) -> Verdict:
    failed = next((score for score in scores if isinstance(score, Failure)), None)
    values = tuple(score for score in scores if not isinstance(score, Failure))
    outcome = Judgment(values, (), "", "") if failed is None else Unread(failed.reason, failed.detail)
    return vote([outcome], len(scores), orders=[tuple(range(len(scores)))])
