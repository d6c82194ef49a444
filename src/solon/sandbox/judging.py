"""Judge sandbox cases with a checkpoint of the sandbox: processes of one thread each, and a run file to resume from."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from solon.judge import Judge, Progress
from solon.order import Orders
from solon.samplers.processes import ProcessSampler
from solon.sandbox.shipped import digest
from solon.store import Store
from solon.types import LabeledCase, PrinciplesMode, Verdict

MAX_TOKENS = 160


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on labeled cases, and how many tokens a judgment has on average."""

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
    tell: Callable[[Progress], None] | None = None,
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
        tell: called as samples arrive.
    """
    sampler = ProcessSampler(str(checkpoint), processes=os.cpu_count() or 1)
    heat = float(k > 1) if temperature is None else temperature
    weigher = None if meta is None else str(meta)
    options = {"seed": seed, "principles": principles, "orders": orders, "max_tokens": MAX_TOKENS}
    with (
        Judge(sampler, form=form, meta=weigher, k=k, temperature=heat, **options) as judge,
        Store(store or ":memory:", judge.identity() | {"model": digest(checkpoint)}) as kept,
    ):
        verdicts = judge.batch([one.case for one in labeled], kept, tell)
        usage = kept.usage()
    return Judged(tuple(labeled), tuple(verdicts), usage.completion_tokens / usage.samples)
