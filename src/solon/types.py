"""The nouns: cases, labels, principles, judgments and verdicts, as frozen values that every stage passes on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Order: TypeAlias = tuple[int, ...]
"""A permutation of 0..n-1: `order[place]` is the case's own index of the response shown at `place`."""

Span: TypeAlias = tuple[int, int]
"""Half-open character offsets into a judgment's text."""

PromptMode: TypeAlias = Literal["self", "given", "given+self", "none"]
"""Whose principles a prompt asks for: the judge's, the case's, both, or none (the ablation)."""

PrinciplesMode: TypeAlias = Literal[PromptMode, "query"]
"""Who writes the principles of a run: as a prompt asks for them, or a call of its own that sees the query alone."""

Reason: TypeAlias = Literal[
    "truncated",
    "no_principles",
    "no_scores",
    "wrong_count",
    "out_of_range",
    "refused",
    "unsupported_content",
    "too_long",
    "failed_call",
    "deadline",
]
"""Why a sample could not be read as a judgment."""


@dataclass(frozen=True, slots=True)
class Text:
    """A content part of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A content part that shows an image; `url` is a location or a `data:` URL."""

    url: str


Content: TypeAlias = tuple[Text | Image, ...]
"""What a message or a response says: its parts, in the order they are shown."""


def content(text: str) -> Content:
    """Wrap plain text as content."""
    return (Text(text),)


def plain(parts: Content) -> str:
    """Return the text of content with its images left out."""
    return "".join(part.text for part in parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: Content


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation and the n >= 1 responses to judge. It holds no label, so no prompt can leak one.

    `tags` are kept through every report and never put in a prompt. `left_out` says of a trimmed case how many
    characters of each response are left out of its middle.
    """

    id: str
    prompt: tuple[Message, ...]
    responses: tuple[Content, ...]
    reference: str | None = None
    principles: tuple[str, ...] = ()
    tags: Mapping[str, object] = field(default_factory=dict, hash=False)
    left_out: tuple[int, ...] = field(default=(), repr=False)

    @property
    def n(self) -> int:
        """The number of responses."""
        return len(self.responses)


@dataclass(frozen=True, slots=True)
class Ratings:
    """A ground-truth rating per response, higher is better; ties are allowed."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """The ground truth is only the index of the best response, in the case's own order."""

    index: int


@dataclass(frozen=True, slots=True)
class Right:
    """The ground truth of a single response: correct or not."""

    value: bool


Label: TypeAlias = Ratings | Best | Right


@dataclass(frozen=True, slots=True)
class LabeledCase:
    """A case with its ground truth."""

    case: Case
    label: Label


@dataclass(frozen=True, slots=True)
class Principle:
    """A criterion that a judgment applies, with the weight that the judge gave it as written (40 for `40%`), if any."""

    text: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """Where principles, critique and scores stand in a judgment's text; None for a part it does not have."""

    principles: Span | None = None
    critique: Span | None = None
    scores: Span | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """One sample that could be read.

    `scores` holds one number per response: as the reader returns it in the order shown, everywhere else restored to
    the case's own order. `text` is the whole completion and `spans` index into it. `mass` stands where scores are
    expectations over tokens: the least probability that what they are taken over covers. `principles_mode` says who
    wrote the principles; a reader leaves it to the conductor. `left_out`, where the case was trimmed, holds the
    characters of each response (in the case's own order) that were not shown.
    """

    scores: tuple[float, ...]
    principles: tuple[Principle, ...]
    critique: str
    text: str
    spans: Spans = Spans()
    mass: float | None = None
    left_out: tuple[int, ...] = ()
    principles_mode: PrinciplesMode = "self"


@dataclass(frozen=True, slots=True)
class Unread:
    """One sample that could not be read: a reason, never a number."""

    reason: Reason
    detail: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class First:
    """What a scorer gives the responses of a case before anything is written about them.

    `scores` are raw, in the case's own order: any real numbers, higher is better, of another unit than a judgment's.
    `tokens` were read for them; None where the scorer does not tell.
    """

    scores: tuple[float, ...]
    tokens: int | None = None

    @property
    def margin(self) -> float | None:
        """How far the best is above the second, in the scorer's unit; None for a single response."""
        if len(self.scores) < 2:
            return None
        second, best = sorted(self.scores)[-2:]
        return best - second


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the vote says of one case, in the case's own order of responses.

    `outcomes` are all samples asked for, read or not, and `orders` the order that each of them saw. `sums` are the
    scores of the counted judgments, added up (equation 14 of arXiv 2504.02495; weighted, if weights vote) and None when
    none counts; `total` is the number of judgments added up (or their weight). `tied` lists the responses that
    share the top. `agreement` (n > 1) is the share of read judgments whose strict best is the verdict's;
    `position_consistency` (n = 2) is 1.0 when the votes of both orders have the same top, else 0.0. `weights`, where
    judgments were weighed, are one per sample, and None for one that was not.
    """

    outcomes: tuple[Judgment | Unread, ...]
    orders: tuple[Order, ...]
    sums: tuple[float, ...] | None
    total: float
    tied: tuple[int, ...]
    agreement: float | None
    position_consistency: float | None
    weights: tuple[float | None, ...] | None = None

    @property
    def scores(self) -> tuple[float, ...] | None:
        """The mean score of every response, or None when no judgment counts."""
        return None if self.sums is None else tuple(score / self.total for score in self.sums)

    @property
    def best(self) -> int | None:
        """The response that alone has the top score, or None."""
        return self.tied[0] if len(self.tied) == 1 else None

    @property
    def judgments(self) -> tuple[Judgment, ...]:
        """The samples that could be read."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Judgment))

    @property
    def left_out(self) -> tuple[int, ...]:
        """How many characters of each response no judgment was shown; empty where all of them were."""
        return self.judgments[0].left_out if self.judgments else ()

    @property
    def unweighed(self) -> int:
        """How many judgments were to be weighed and could not be: they were read, and do not vote."""
        pairs = zip(self.outcomes, self.weights or (), strict=self.weights is not None)
        return sum(isinstance(outcome, Judgment) and weight is None for outcome, weight in pairs)

    @property
    def unread(self) -> dict[Reason, int]:
        """How many samples could not be read, by reason."""
        return dict(sorted(Counter(o.reason for o in self.outcomes if isinstance(o, Unread)).items()))
