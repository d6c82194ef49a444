"""Groups: the responses to one prompt that are judged together, in one prompt, in overlapping chunks, or in pairs."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum

from solon.rewards import Duels, Kind, grouped, rewards
from solon.server.chunks import chunks, one_scale
from solon.server.desk import Desk
from solon.server.engine import Judged
from solon.server.refusal import Refusal
from solon.server.times import Deadline
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


@dataclass(frozen=True, slots=True)
class Group:
    """What judging a group came to, by member; a member without a score has None, and neither has it a reward.

    A score is the mean over judgments, on one scale, or over comparisons; `best` are the members that share the top.
    `parts` are the cases that were judged: one that shows all members, or several that show a chunk or a pair. `read`
    judgments were read, and `unread` samples could not be.
    """

    n: int
    kind: Kind
    parts: tuple[Part, ...]
    scores: Sequence[float | None]
    rewards: Sequence[float | None]
    best: tuple[int, ...]
    read: int
    unread: int

    @property
    def reason(self) -> str | None:
        """Why some member has no score, or None."""
        if None not in self.scores:
            return None
        lost = [part.judged for part in self.parts if part.judged.verdict.sums is None]
        return next((judged.cut for judged in lost if judged.cut), None) or _unread(lost)


def group_of(n: int, kind: Kind, parts: Sequence[Part]) -> Group:
    """Return what the judged cases of a group come to."""
    scores = _scores(n, kind, parts)
    known = [(i, score) for i, score in enumerate(scores) if score is not None]
    best = tuple(known[i][0] for i in top([score for _, score in known])) if known else ()
    read = asked = 0
    for part in parts:
        read += len(part.judged.verdict.judgments)
        asked += len(part.judged.verdict.outcomes)
    return Group(n, kind, tuple(parts), scores, rewards(scores, kind), best, read, asked - read)


async def judge_group(
    desk: Desk, query: Query, responses: Sequence[Content], name: str, most: int, deadline: Deadline
) -> Group:
    """Judge responses to one query together, at most `most` of them in one prompt.

    `name` identifies the content (see `digest`): a case of the same name is the same samples.

    Raises:
        Refusal: the engine cannot judge such a case (422).
    """
    n = len(responses)
    pairs = query.reward == "pairwise" and n > 1
    laid_out = list(combinations(range(n), 2)) if pairs else chunks(n, most)
    k = query.k + query.k % 2 if pairs else query.k
    cases = [_case(query, responses, members, name) for members in laid_out]
    if fault := desk.engine.misfit(cases[0], k):
        raise Refusal(422, "misfit", f"this cannot be judged: {fault}")
    if len(cases) == 1 and not pairs:
        return group_of(n, query.reward, (Part(laid_out[0], await desk.judge(cases[0], k, deadline)),))
    judged = await asyncio.gather(*(desk.judge(case, k, deadline) for case in cases))
    return group_of(n, query.reward, list(map(Part, laid_out, judged)))


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


def _case(query: Query, responses: Sequence[Content], members: tuple[int, ...], name: str) -> Case:
    if len(members) == len(responses):
        return Case(name, query.prompt, tuple(responses), query.reference, query.principles)
    shown = tuple(responses[i] for i in members)
    return Case(f"{name}/{'-'.join(map(str, members))}", query.prompt, shown, query.reference, query.principles)


def _scores(n: int, kind: Kind, parts: Sequence[Part]) -> list[float | None]:
    if kind == "pairwise" and n > 1:
        return grouped(n, _duels(parts))
    if len(parts) == 1:
        return list(parts[0].judged.verdict.scores or (None,) * n)
    scored = {part.members: part.judged.verdict.scores for part in parts}
    return one_scale(n, {members: scores for members, scores in scored.items() if scores is not None})


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
