"""Judges that write no scores, on the study's cases: scalar heads on a response, on a pair, and on a critique."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from solon.cli.lab import Lab, Row
from solon.cli.stages import MAX_TOKENS
from solon.data.writing import case_line
from solon.files import write_whole
from solon.report.arm import scored_row
from solon.samplers.processes import small_sampler
from solon.samplers.seam import Failure
from solon.scorers.transformers import TransformersScorer
from solon.training.config import CritiqueConfig
from solon.training.criticizing import criticize
from solon.training.critiques import Criticized
from solon.training.duels import duel_form, duels, verdict_of
from solon.training.semiscalar import rewarded, spread
from solon.types import Judgment, LabeledCase, Message, Unread, Verdict
from solon.vote import vote


def scalar(lab: Lab, held: Sequence[LabeledCase]) -> Row:
    """Score every response alone with a Bradley-Terry model."""
    folder = lab.stages.scalar()
    texts = [(*one.case.prompt, Message("assistant", said)) for one in held for said in one.case.responses]
    scores = iter(asyncio.run(TransformersScorer.load(folder).score(texts)))
    return scored_row(held, [_alone([next(scores) for _ in one.case.responses]) for one in held], (), ())


def pairrm(lab: Lab, held: Sequence[LabeledCase]) -> Row:
    """Let all responses of a case meet in pairs."""
    folder = lab.stages.pairrm()
    logits = asyncio.run(duels(TransformersScorer.load(folder), duel_form(str(folder)), [one.case for one in held]))
    return scored_row(held, [verdict_of(found, one.case.n) for found, one in zip(logits, held, strict=True)], (), ())


def cloud(lab: Lab, held: Sequence[LabeledCase], ks: Sequence[int]) -> Row:
    """Score every response with critiques of it: one greedy, then several sampled ones that vote."""
    folder = lab.stages.cloud()
    greedy, votes = (_rewarded(lab, folder, held, k) for k in (1, ks[-1]))
    found = spread(votes)
    return scored_row(held, greedy, votes, ks) | {"spread": found and found._asdict()}


def _rewarded(lab: Lab, head: Path, held: Sequence[LabeledCase], k: int) -> list[Verdict]:
    out = lab.folder / "runs" / f"critiques_{k}"
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "cases.jsonl", map(case_line, held))
    own = {"model": str(lab.base), "data": [out / "cases.jsonl"], "out": out, "k": k, "max_tokens": MAX_TOKENS}
    config = CritiqueConfig.model_validate(own | {"seed": lab.seed, "temperature": float(k > 1)})
    said = criticize(config, sampler=small_sampler(str(lab.base)))
    told = [Criticized(one.case, said.form, found) for one, found in zip(held, said.critiques, strict=True)]
    return asyncio.run(rewarded(TransformersScorer.load(head), told, lab.seed))


def _alone(scores: Sequence[float | Failure]) -> Verdict:
    failed = next((score for score in scores if isinstance(score, Failure)), None)
    values = tuple(score for score in scores if not isinstance(score, Failure))
    outcome = Judgment(values, (), "", "") if failed is None else Unread(failed.reason, failed.detail)
    return vote([outcome], len(scores), orders=[tuple(range(len(scores)))])
