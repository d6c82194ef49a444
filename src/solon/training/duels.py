"""Duels: two responses of a case shown in one order to a scalar model, and what the duels of all say of each response.

Inference of PairRM (LLM-Blender, arXiv 2306.02561): n responses meet in all n * (n - 1) ordered pairs. Half the
difference of a pair's two logits is what one is better by, whatever the model prefers of the two places; a response's
score is its mean over opponents (the paper's MaxLogits adds up instead).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from math import fsum
from typing import TypeAlias

from solon.checkpoint import Checkpoint
from solon.forms import is_terse
from solon.forms.form import Form
from solon.forms.sandbox import SANDBOX_PAIRWISE
from solon.meta import META
from solon.samplers.seam import Failure
from solon.scorers.seam import Scorer
from solon.training.pairs import Pair
from solon.types import Case, Judgment, Message, Unread, Verdict
from solon.vote import vote

PAIRRM = replace(META, name="pairrm", responses=range(2, 3))
SANDBOX_PAIRRM = replace(SANDBOX_PAIRWISE, name="sandbox-pairrm", responses=range(2, 3))
DUEL_FORMS: dict[str, Form] = {form.name: form for form in (PAIRRM, SANDBOX_PAIRRM)}
"""How a pair is shown: plainly, as a meta model sees responses, or in lines that a model of the sandbox knows."""

Logits: TypeAlias = Mapping[Pair, float | Failure]
"""The logit of every duel of a case, by (shown first, shown second), the case's own indices."""


def duel_form(model: str) -> Form:
    """Return the form that a model reads duels in: the one that it was trained on, else one that suits it."""
    checkpoint = Checkpoint.of(model)
    named = checkpoint.form if checkpoint else ""
    return DUEL_FORMS.get(named) or (SANDBOX_PAIRRM if is_terse(named) else PAIRRM)


def duel(form: Form, case: Case, pair: Pair, seed: int = 0) -> tuple[Message, ...]:
    """Put two responses of a case, the first of the pair shown first, as the conversation that the model reads."""
    two = replace(case, responses=tuple(case.responses[i] for i in pair))
    return form.render(two, (0, 1), seed=seed)


async def duels(scorer: Scorer, form: Form, cases: Sequence[Case], seed: int = 0) -> list[Logits]:
    """Let all responses of every case meet each other, in both orders."""
    asked = [(place, pair) for place, case in enumerate(cases) for pair in permutations(range(case.n), 2)]
    logits = await scorer.score([duel(form, cases[place], pair, seed) for place, pair in asked])
    found: list[dict[Pair, float | Failure]] = [{} for _ in cases]
    for (place, pair), logit in zip(asked, logits, strict=True):
        found[place][pair] = logit
    return list(found)


def verdict_of(logits: Logits, n: int) -> Verdict:
    """Return the verdict of a case's duels: its one judgment holds the mean over opponents of (l_ij - l_ji) / 2.

    The scores of a case sum to 0; a lone response scores 0. One duel that failed leaves the case unread, since means
    over different opponents cannot be compared.
    """
    return vote([_judgment(logits, n)], n, orders=[tuple(range(n))])


def agreement(logits: Sequence[Logits]) -> float | None:
    """Return the share of pairs that have the same winner in both orders; None where there is no pair."""
    both = [(first, one[j, i]) for one in logits for (i, j), first in one.items() if i < j]
    read = [(a, b) for a, b in both if not isinstance(a, Failure) and not isinstance(b, Failure)]
    return sum(a * b < 0 for a, b in read) / len(read) if read else None


def _judgment(logits: Logits, n: int) -> Judgment | Unread:
    read: dict[Pair, float] = {}
    for pair, logit in logits.items():
        if isinstance(logit, Failure):
            return Unread(logit.reason, logit.detail)
        read[pair] = logit
    halves = [[(read[i, j] - read[j, i]) / 2 for j in range(n) if j != i] for i in range(n)]
    return Judgment(tuple(fsum(row) / max(1, len(row)) for row in halves), (), "", "")
