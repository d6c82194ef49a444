"""The service behind every protocol: a query and its responses in, a group out; single responses gather in cohorts."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solon.data.fields import MalformedLine, messages, response
from solon.errors import UserError
from solon.rewards import Kind, mean, share, stand_in
from solon.server.client import gone
from solon.server.cohorts import Caller, Cohorts, HungUp
from solon.server.desk import NOTHING, Desk
from solon.server.engine import Engine, Judged
from solon.server.group import Group, Part, Query, digest, group_of, judge_group
from solon.server.keeping import Keeping
from solon.server.logs import Log
from solon.server.metrics import Metrics
from solon.server.refusal import Refusal
from solon.server.settings import Settings
from solon.server.times import Deadline
from solon.types import Content

_MARGIN = 0.5
_FAULTS = 8


@dataclass(frozen=True, slots=True)
class Member:
    """One response of a group."""

    group: Group
    place: int

    @property
    def score(self) -> float | None:
        """Its score, or None."""
        return self.group.scores[self.place]

    @property
    def reward(self) -> float | None:
        """Its reward, or None."""
        return self.group.rewards[self.place]

    @property
    def reason(self) -> str | None:
        """Why it has no reward, or None."""
        return self.group.reason if self.score is None else None


class Service:
    """Judges for all protocols.

    Args:
        engine: what judges.
        settings: how.
        keeping: where judgments are kept.
        log: where events go.

    Raises:
        UserError: groups are to be larger than any may be.
    """

    def __init__(self, engine: Engine, settings: Settings, keeping: Keeping, log: Log) -> None:
        if settings.group_size > settings.max_responses:
            raise UserError(
                f"group_size is {settings.group_size}, and at most {settings.max_responses} responses are judged "
                "together: make groups smaller, or raise max_responses"
            )
        self.settings, self.keeping, self.log = settings, keeping, log
        self.desk = Desk(engine, keeping, settings.in_flight, settings.queue, self._failed)
        self.metrics = Metrics(self.desk)
        self.cohorts: Cohorts[tuple[str, Query], tuple[Content, Deadline], Member] = Cohorts(
            self._cohort, self.metrics.released
        )

    def deadline(self, asked: float | None = None) -> Deadline:
        """Return when a request is answered at the latest."""
        most = self.settings.answer_within
        within = min(asked or most, most)
        return Deadline(asyncio.get_running_loop().time() + within, within < most / 2)

    def query(
        self,
        prompt: str | Sequence[Mapping[str, Any]],
        *,
        k: int | None = None,
        reward: Kind | None = None,
        reference: str | None = None,
        principles: Sequence[str] = (),
    ) -> Query:
        """Read what is asked.

        Raises:
            Refusal: it is malformed, or asks for too many judgments (422).
        """
        if k is not None and k > self.settings.max_k:
            raise Refusal(422, "invalid", f"k is {k}; at most {self.settings.max_k} are allowed")
        if any(not principle.strip() for principle in principles):
            raise Refusal(422, "invalid", "a principle is blank: leave it out")
        try:
            said = messages(prompt if isinstance(prompt, str) else list(prompt))
        except MalformedLine as error:
            raise Refusal(422, "invalid", str(error)) from error
        how = (k or self.desk.engine.k, reward or self.settings.reward)
        return Query(said, *how, reference, tuple(principles))

    def responses(self, given: Sequence[object]) -> list[Content]:
        """Read responses.

        Raises:
            Refusal: one is malformed, or there are too many (422).
        """
        self.check(len(given))
        try:
            return [response(one, f"response {i}") for i, one in enumerate(given)]
        except MalformedLine as error:
            raise Refusal(422, "invalid", str(error)) from error

    def check(self, count: int) -> None:
        """Raise a refusal (422) of so many responses to one prompt if they are too many."""
        if count > (most := self.settings.max_responses):
            raise Refusal(422, "invalid", f"{count} responses are given; at most {most} are allowed")

    def size(self, asked: int | None) -> int:
        """Return how many members a group has where a request asks for so many, None for the server's own number.

        Raises:
            Refusal: no group may be so large (422).
        """
        if (asked or 0) > (most := self.settings.max_responses):
            raise Refusal(422, "invalid", f"group_size is {asked}; at most {most} are allowed")
        return asked or self.settings.group_size

    async def group(self, query: Query, responses: Sequence[Content], name: str, deadline: Deadline) -> Group:
        """Judge a complete group; `name` identifies its content.

        Raises:
            Refusal: it is too large, or the engine cannot judge such a group (422).
        """
        self.check(len(responses))
        group = await judge_group(self.desk, query, responses, name, self.settings.group_max, deadline)
        self.metrics.judged(group)
        return group

    async def member(
        self, query: Query, response: Content, name: str, size: int, deadline: Deadline, own: str | None = None
    ) -> Member:
        """Judge a response with the others of its group, as far as they come in time.

        `name` is the group's; `own` is what the caller calls this response, so that it is the same if it comes again.

        Raises:
            Refusal: the client hung up while the group was gathering (499, which nobody reads).
        """
        now = asyncio.get_running_loop().time()
        until = now + min(self.settings.group_wait, (deadline.at - now) / 2)
        caller = Caller((own, response), own is not None, gone())
        try:
            async with self.desk.until(deadline):
                return await self.cohorts.join((name, query), (response, deadline), size, until, caller)
        except TimeoutError:
            return lost(query.reward, "shutting_down" if self.desk.closing else "deadline")
        except HungUp as error:
            raise Refusal(499, "hung_up", "the client hung up") from error

    def number(self, member: Member) -> float:
        """Return a member's reward or, where it has none, the stand-in that changes its group the least."""
        if member.reward is not None:
            return member.reward
        group = member.group
        return stand_in(group.kind, mean(group.rewards), self.settings.neutral, self.desk.engine.scale)

    def share(self, member: Member) -> float:
        """Return a member's score as a share of the scale, 0 to 1; without one the mean of its group, or the middle."""
        scale, score = self.desk.engine.scale, member.score
        return share(stand_in("mean", mean(member.group.scores), scale=scale) if score is None else score, scale)

    def count(self, protocol: str, members: Sequence[Member]) -> None:
        """Count what became of the responses that a protocol asked about."""
        for member in members:
            self.metrics.rewarded(protocol, member.reason)

    def misfit(self, query: Query, refusal: Refusal) -> Member:
        """Return a response of a group that is refused, for callers who take no refusal; the log says why."""
        self.log("misfit", message=refusal.message)
        return lost(query.reward, "misfit")

    def ready(self) -> str | None:
        """Say why no more requests should be sent here, or None."""
        if self.desk.closing:
            return "the server is about to end"
        if self.desk.faults >= _FAULTS:
            return f"nothing could be read of the last {self.desk.faults} cases"
        return "the queue is full" if self.desk.full else None

    def close(self, seconds: float) -> None:
        """Begin to end: judge the cohorts as they are, and cut off in so many seconds what is still under way."""
        self.log("draining", seconds=seconds, open=self.desk.open)
        self.desk.close(asyncio.get_running_loop().time() + seconds)
        self.cohorts.release()

    async def _cohort(self, key: tuple[str, Query], members: Sequence[tuple[Content, Deadline]]) -> list[Member]:
        name, query = key
        deadline = _common([until for _, until in members])
        try:
            responses = [content for content, _ in members]
            group = await self.group(query, responses, named(name, digest(query, responses)), deadline)
        except Refusal as refusal:
            return [self.misfit(query, refusal)] * len(members)
        except Exception as error:
            self._failed(error)
            return [lost(query.reward, "failed_call") for _ in members]
        return members_of(group)

    def _failed(self, error: Exception) -> None:
        self.metrics.failed()
        self.log.error("engine", error)


def members_of(group: Group) -> list[Member]:
    """Return all responses of a group."""
    return [Member(group, i) for i in range(group.n)]


def named(name: str, told: str) -> str:
    """Return what identifies a case: what its caller calls it, if anything, and the digest of its content."""
    return f"{name}.{told}" if name else told


def lost(kind: Kind, reason: str) -> Member:
    """Return a response that was not judged, and why."""
    return Member(group_of(1, kind, (Part((0,), Judged(NOTHING, cut=reason)),)), 0)


def _common(deadlines: Sequence[Deadline]) -> Deadline:
    """Return when a cohort is answered: a little before the first of its members' limits, but for the hastiest.

    Those have less than half of the time that the most patient one has.
    """
    now = asyncio.get_running_loop().time()
    latest = max(deadlines, key=lambda one: one.at)
    patient = [one for one in deadlines if one.at - now >= (latest.at - now) / 2]
    first = min(patient, key=lambda one: one.at, default=latest)
    left = first.at - now
    return Deadline(now + left - min(_MARGIN, left / 10), first.hasty)
