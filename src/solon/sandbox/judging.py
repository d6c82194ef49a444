"""Judge sandbox cases with a checkpoint of the sandbox: processes of one thread each, and a run file to resume from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from solon.judge import Judge
from solon.order import Orders
from solon.plan import Tell
from solon.samplers.processes import small_sampler
from solon.samplers.seam import Sampled
from solon.sandbox.shipped import digest
from solon.store import Store
from solon.tokenprob import boxed_probability
from solon.types import Judgment, LabeledCase, PrinciplesMode, Verdict

MAX_TOKENS = 160


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on labeled cases, and the mean tokens of a judgment with its share of principles written apart."""

    labeled: tuple[LabeledCase, ...]
    verdicts: tuple[Verdict, ...]
    tokens: float


def judged(
    checkpoint: Path,
    labeled: Sequence[LabeledCase],
    k: int,
    *,
    seed: int = 0,
    store: Path | None = None,
    meta: Path | None = None,
    form: str = "sandbox",
    principles: PrinciplesMode = "self",
    orders: Orders = "balanced",
    temperature: float | None = None,
    sure: bool = False,
    tell: Tell | None = None,
) -> Judged:
    """Judge labeled cases k times each and vote; k = 1 is greedy, unless a temperature is given.

    Args:
        checkpoint: the judge's folder.
        labeled: the cases.
        k: judgments per case.
        seed: the run's seed.
        store: the run file; without one nothing is kept.
        meta: the folder of a meta model that weighs the judgments.
        form: the form that the cases are put in.
        principles: who writes the principles.
        orders: in which orders the responses are shown.
        temperature: of the samples; 1 where k > 1, which the base model was trained at.
        sure: let the verdicts' weights be the probabilities with which the boxes were drawn.
        tell: called as samples arrive.
    """
    sampler = small_sampler(str(checkpoint))
    heat = float(k > 1) if temperature is None else temperature
    weigher = None if meta is None else str(meta)
    options = {"seed": seed, "principles": principles, "orders": orders, "max_tokens": MAX_TOKENS}
    options |= {"top_logprobs": int(sure)}
    with (
        Judge(sampler, form=form, meta=weigher, k=k, temperature=heat, **options) as judge,
        Store(store or ":memory:", judge.identity() | {"model": digest(checkpoint)}) as kept,
    ):
        verdicts = judge.batch([one.case for one in labeled], kept, tell)
        if sure:
            verdicts = [_sure(kept, one.case.id, verdict) for one, verdict in zip(labeled, verdicts, strict=True)]
        usage = kept.usage()
    tokens = (usage.completion_tokens + usage.principles_tokens) / max(1, usage.samples)
    return Judged(tuple(labeled), tuple(verdicts), tokens)


def _sure(store: Store, case_id: str, verdict: Verdict) -> Verdict:
    samples = store.samples(case_id)
    pairs = [(samples[place], outcome) for place, outcome in enumerate(verdict.outcomes)]
    weights = [
        boxed_probability(s, o) if isinstance(s, Sampled) and isinstance(o, Judgment) else None for s, o in pairs
    ]
    return replace(verdict, weights=tuple(weights))
