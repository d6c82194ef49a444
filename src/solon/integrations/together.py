"""A trainer's batch, judged: equal neighbors in one case each, and every response with what became of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from solon.integrations.cases import Group, answer_of, groups
from solon.integrations.client import Prompt, client
from solon.integrations.neutral import NEUTRAL
from solon.integrations.reply import Reply
from solon.integrations.settings import Settings


@dataclass(frozen=True, slots=True)
class Judged:
    """One response: its reward and mean score, None where there is none, and the reply on its case."""

    reward: float | None
    score: float | None
    reply: Reply


def grouped(
    prompts: Sequence[Prompt], completions: Sequence[object], labels: Sequence[object], told: Settings
) -> list[Group]:
    """Return the cases that a batch makes."""
    return list(groups(prompts, [answer_of(each, told) for each in completions], labels, told))


def spread(made: Sequence[Group], replies: Sequence[Reply]) -> list[Judged]:
    """Return every response's share of the replies, in the batch's order."""
    found: dict[int, Judged] = {}
    for group, reply in zip(made, replies, strict=True):
        for place, reward, score in zip(group.places, reply.rewards, reply.scores, strict=True):
            found[place] = Judged(reward, score, reply)
    return [found[place] for place in range(len(found))]


async def judged(
    prompts: Sequence[Prompt], completions: Sequence[object], labels: Sequence[object], told: Settings
) -> list[Judged]:
    """Ask the server about a batch, all cases at once."""
    made = grouped(prompts, completions, labels, told)
    judge = client(told).judge
    replies = await asyncio.gather(*(judge(each.prompt, each.responses, reference=each.reference) for each in made))
    return spread(made, replies)


def numbers(prompts: Sequence[Prompt], found: Sequence[Judged], told: Settings) -> list[float]:
    """Return the rewards with a stand-in where one is missing: what is known of its prompt's neighbors."""
    sent: list[float] = []
    for _, same in groupby(range(len(found)), prompts.__getitem__):
        sent += NEUTRAL.filled("", [found[place].reward for place in same], told)
    return sent
