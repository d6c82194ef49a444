"""Groups: the responses to one prompt that are judged together, in one prompt, in overlapping chunks, or in pairs."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import fsum

from solon.server.chunks import chunks, one_scale
from solon.server.desk import Desk
from solon.server.engine import Judged
from solon.server.refusal import Refusal
from solon.server.rewards import Duels, Kind, grouped, rewards
from solon.stats import top
from solon.types import Case, Content, Image, Judgment, Message, Text


@dataclass(frozen=True, slots=True)
class Query:
    """What the members of a group have in common, and how they are to be judged and rewarded."""

    prompt: tuple[Message, ...]
    k: int
    reward: Kind = "mean"
    reference: str | None = None
    principles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A case that was judged for a group, and which members it showed."""

    members: tuple[int, ...]
    judged: Judged


@dataclass(frozen=True)
class Group:
    """What judging a group came to, by member; a member without a score has None.

    `parts` are the cases that were judged: one that shows all members, or several that show a chunk or a pair.
    """

    n: int
    kind: Kind
    parts: tuple[Part, ...]

    @cached_property
    def scores(self) -> list[float | None]:
        """The score of every member: the mean over judgments, on one scale, or over its comparisons."""
        if len(self.parts) == 1:
            return list(self.parts[0].judged.verdict.scores or (None,) * self.n)
        if self.kind == "pairwise":
            return grouped(self.n, _duels(self.parts))
        scored = {part.members: part.judged.verdict.scores for part in self.parts}
        return one_scale(self.n, {members: scores for members, scores in scored.items() if scores is not None})

    @cached_property
    def rewards(self) -> list[float | None]:
        """The reward of every member."""
        return rewards(self.scores, self.kind)

    @cached_property
    def best(self) -> tuple[int, ...]:
        """The members that share the top score."""
        known = [(i, score) for i, score in enumerate(self.scores) if score is not None]
        return tuple(known[i][0] for i in top([score for _, score in known])) if known else ()

    @property
    def reason(self) -> str | None:
        """Why some member has no score, or None."""
        if None not in self.scores:
            return None
        lost = [part.judged for part in self.parts if part.judged.verdict.sums is None]
        return next((judged.cut for judged in lost if judged.cut), None) or _unread(lost)

    @property
    def read(self) -> int:
        """How many judgments were read."""
        return sum(len(part.judged.verdict.judgments) for part in self.parts)

    @property
    def unread(self) -> int:
        """How many samples could not be read."""
        return sum(len(part.judged.verdict.outcomes) for part in self.parts) - self.read


async def judge_group(
    desk: Desk, query: Query, responses: Sequence[Content], name: str, most: int, deadline: float
) -> Group:
    """Judge responses to one query together, at most `most` of them in one prompt.

    `name` becomes the id of the case, with the content's hash: the same case is the same run of samples.

    Raises:
        Refusal: the engine cannot judge such a case (422).
    """
    n = len(responses)
    pairs = query.reward == "pairwise" and n > 1
    laid_out = list(combinations(range(n), 2)) if pairs else chunks(n, most)
    k = query.k + query.k % 2 if pairs else query.k
    cases = [_case(query, [responses[i] for i in members], name, k) for members in laid_out]
    if fault := desk.engine.misfit(cases[0], k):
        raise Refusal(422, "misfit", f"this cannot be judged: {fault}")
    if len(cases) == 1:
        return Group(n, query.reward, (Part(laid_out[0], await desk.judge(cases[0], k, deadline)),))
    judged = await asyncio.gather(*(desk.judge(case, k, deadline) for case in cases))
    return Group(n, query.reward, tuple(map(Part, laid_out, judged)))


def digest(query: Query, responses: Sequence[Content]) -> str:
    """Identify what is judged by its content, in 16 hexadecimal digits."""
    said = hashlib.sha256()
    for turn in query.prompt:
        said.update(f"\x1e{turn.role}\x1f".encode("utf-8", "surrogatepass"))
        _add(said, turn.content)
    for response in responses:
        said.update(b"\x1d")
        _add(said, response)
    rest = (query.reference, query.principles, query.k == 1)
    if rest != (None, (), False):
        said.update(repr(rest).encode("utf-8", "backslashreplace"))
    return said.hexdigest()[:16]


def _add(said: "hashlib._Hash", parts: Sequence[Text | Image]) -> None:
    for part in parts:
        said.update(b"\x1c" if isinstance(part, Text) else b"\x1b")
        said.update((part.text if isinstance(part, Text) else part.url).encode("utf-8", "surrogatepass"))


def _case(query: Query, responses: Sequence[Content], name: str, k: int) -> Case:
    told = digest(query, responses)
    identity = f"{name}.{told}" if name else told
    return Case(identity, query.prompt, tuple(responses), query.reference, query.principles)


def _duels(parts: Sequence[Part]) -> Duels:
    """Return what pairs scored in either order: the mean over the judgments that saw it."""
    duels = {}
    for part in parts:
        verdict = part.judged.verdict
        for order in ((0, 1), (1, 0)):
            pairs = zip(verdict.outcomes, verdict.orders, strict=True)
            seen = [one.scores for one, shown in pairs if shown == order and isinstance(one, Judgment)]
            if seen:
                means = [fsum(scores[i] for scores in seen) / len(seen) for i in order]
                duels[part.members[order[0]], part.members[order[1]]] = (means[0], means[1])
    return duels


def _unread(lost: Sequence[Judged]) -> str:
    reasons = {reason for judged in lost for reason in judged.verdict.unread}
    return "failed_call" if reasons == {"failed_call"} else "unread"
