"""What all trainers' protocols share: rollouts in, members of groups out, and a number where there is no reward."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from solon.server.group import Group, Query, digest
from solon.server.refusal import Refusal
from solon.server.service import Member, Service, lost, members_of, named
from solon.server.times import Deadline
from solon.server.wire import RolloutOptions
from solon.turns import shown
from solon.types import Content


@dataclass(frozen=True, slots=True)
class Rollout:
    """One response of a policy; `group` names its group where the trainer tells one, else its query does.

    `own` is its own name in that group, so that it is the same if it is sent again.
    """

    prompt: str | Sequence[Mapping[str, Any]]
    response: str
    label: object = None
    group: str = ""
    principles: Sequence[str] = ()
    own: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rollout that was read."""

    group: str
    query: Query
    response: Content
    own: str | None


async def members(
    service: Service, protocol: str, rollouts: Sequence[Rollout], options: RolloutOptions, *, hold: bool = False
) -> list[Member]:
    """Judge rollouts, each with its group, and return them in their order; whatever cannot be judged has a reason.

    Groups gather over requests where their size is known and more than one; else those in this request that answer the
    same query are a group.

    Raises:
        Refusal: a rollout is malformed, or a group is to be larger than any may be (422); unless requests are to be
            held, there are more responses to one prompt than may be judged together (422), or there is no room (503).
    """
    if len(rollouts) > service.settings.max_items:
        most = service.settings.max_items
        raise Refusal(422, "invalid", f"{len(rollouts)} rollouts are given; at most {most} are allowed")
    size = service.size(options.group_size)
    deadline = service.deadline(options.deadline_s)
    asked = [_read(service, rollout, options) for rollout in rollouts]
    try:
        async with service.desk.admitted(deadline, hold=hold):
            found = await _judged(service, asked, size, deadline, hold)
    except Refusal as refusal:
        if not hold or refusal.status != 503:
            raise
        found = [lost(one.query.reward, refusal.code) for one in asked]
    service.count(protocol, found)
    return found


def usage(found: Sequence[Member]) -> dict[str, int]:
    """Return what the groups of these members cost, as OpenAI tells it."""
    costs = [part.judged.cost for group in {id(one.group): one.group for one in found}.values() for part in group.parts]
    prompt, completion = (sum(cost.prompt_tokens for cost in costs), sum(cost.completion_tokens for cost in costs))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _read(service: Service, rollout: Rollout, options: RolloutOptions) -> _Asked:
    reference = rollout.label if isinstance(rollout.label, str) and rollout.label.strip() else None
    query = service.query(
        rollout.prompt, k=options.k, reward=options.reward, reference=reference, principles=rollout.principles
    )
    text = shown(rollout.response, reasoning=service.settings.judge_reasoning)
    return _Asked(rollout.group, query, service.responses([text])[0], rollout.own)


async def _judged(service: Service, asked: Sequence[_Asked], size: int, deadline: Deadline, hold: bool) -> list[Member]:
    if size > 1:
        each = (service.member(one.query, one.response, one.group, size, deadline, one.own) for one in asked)
        return list(await asyncio.gather(*each))
    groups: dict[tuple[str, Query], list[int]] = {}
    for i, one in enumerate(asked):
        groups.setdefault((one.group, one.query), []).append(i)
    if not hold:
        service.check(max(map(len, groups.values())))
    judged = await asyncio.gather(
        *(_complete(service, *key, [asked[i].response for i in places], deadline) for key, places in groups.items())
    )
    placed = dict(zip(chain.from_iterable(groups.values()), chain.from_iterable(judged), strict=True))
    return [placed[i] for i in range(len(asked))]


async def _complete(
    service: Service, name: str, query: Query, responses: Sequence[Content], deadline: Deadline
) -> list[Member]:
    try:
        group: Group = await service.group(query, responses, named(name, digest(query, responses)), deadline)
    except Refusal as refusal:
        return [service.misfit(query, refusal)] * len(responses)
    return members_of(group)
