"""Semi-scalar judging (CLoud, arXiv 2408.11791): a scalar head reads a response with a critique of it.

The head's rewards of all responses in one draw of critiques are one judgment, so k critiques vote as k judgments do, by
the mean (equation 12 of arXiv 2504.02495). A draw in which one critique could not be read is unread as a whole: means
over different draws could not be compared.
"""

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import fmean, pvariance, variance
from typing import NamedTuple

from solon.forms.form import Form
from solon.forms.sandbox import terse
from solon.meta import META, conversation
from solon.samplers.seam import Failure
from solon.scorers.seam import Conversation, Scorer
from solon.training.critiques import Criticized, alone
from solon.types import Judgment, Unread, Verdict
from solon.vote import vote


def head_form(critique: Form) -> Form:
    """Return how the response stands before its critique: plainly, or for the sandbox as the critic itself saw it."""
    return critique if critique.layout is terse else META


def read_by_head(one: Criticized, response: int, draw: int, seed: int = 0) -> Conversation:
    """Put one response and one critique of it as the conversation that the head reads."""
    text = one.critiques[response][draw].text
    return conversation(head_form(one.form), alone(one.case, response), (0,), text, seed)


async def rewarded(scorer: Scorer, cases: Sequence[Criticized], seed: int = 0) -> list[Verdict]:
    """Score every critique with the head, and vote; `verdict.scores` are the mean rewards of a case's responses.

    The verdicts hold one outcome per draw, so curves over k are made of them as of any judge's.
    """
    asked = [
        (place, draw, response)
        for place, one in enumerate(cases)
        for draw in range(one.draws)
        if _fault(one, draw) is None
        for response in range(one.case.n)
    ]
    rewards = await scorer.score([read_by_head(cases[place], r, draw, seed) for place, draw, r in asked])
    found = dict(zip(asked, rewards, strict=True))
    return [_verdict(one, found, place) for place, one in enumerate(cases)]


class Spread(NamedTuple):
    """How far rewards lie apart, as standard deviations in the rewards' own unit.

    `samples`: those that one response gets in several samples, pooled over all responses (None with one sample each).
    `responses`: the mean rewards of the responses of one case, pooled over cases (None where all have one response).
    `cases`: the mean rewards of cases. Means of few samples hold some of the samples' spread.
    """

    samples: float | None
    responses: float | None
    cases: float

    @property
    def relative(self) -> float | None:
        """The spread within a case that sampling makes, relative to the spread between cases."""
        return None if self.samples is None or not self.cases else self.samples / self.cases


def spread(verdicts: Sequence[Verdict]) -> Spread | None:
    """Measure the rewards of any judge that samples, by words or by a head; None where no sample could be read."""
    read = [list(zip(*(judgment.scores for judgment in one.judgments), strict=True)) for one in verdicts]
    rewards = [responses for responses in read if responses]
    if not rewards:
        return None
    means = [[fmean(samples) for samples in responses] for responses in rewards]
    return Spread(
        samples=_pooled([samples for responses in rewards for samples in responses]),
        responses=_pooled(means),
        cases=sqrt(pvariance([fmean(one) for one in means])),
    )


def _pooled(groups: Sequence[Sequence[float]]) -> float | None:
    """Return the root of the mean variance of groups of two or more values, weighed by their degrees of freedom."""
    told = [(variance(group), len(group) - 1) for group in groups if len(group) > 1]
    free = sum(count for _, count in told)
    return sqrt(fsum(value * count for value, count in told) / free) if free else None


def _fault(one: Criticized, draw: int) -> Unread | None:
    """Return why a draw cannot be judged: its first critique that could not be read."""
    unread = (c[draw] for c in one.critiques if c[draw].unread is not None)
    return next((Unread(c.unread, "a critique could not be read", c.text) for c in unread if c.unread), None)


def _verdict(one: Criticized, found: dict[tuple[int, int, int], float | Failure], place: int) -> Verdict:
    n = one.case.n
    outcomes = [_fault(one, draw) or _judgment(one, draw, found, place) for draw in range(one.draws)]
    return vote(outcomes, n, orders=[tuple(range(n))] * one.draws)


def _judgment(
    one: Criticized, draw: int, found: dict[tuple[int, int, int], float | Failure], place: int
) -> Judgment | Unread:
    text = "\n\n".join(critiques[draw].text for critiques in one.critiques)
    rewards: list[float] = []
    for response in range(one.case.n):
        reward = found[place, draw, response]
        if isinstance(reward, Failure):
            return Unread(reward.reason, reward.detail, text)
        rewards.append(reward)
    return Judgment(tuple(rewards), (), text, text)
