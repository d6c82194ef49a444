"""The native protocol's bodies, and what all protocols answer when they refuse."""

from typing import Annotated, Any, TypeAlias

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from typing_extensions import TypedDict

from solon.rewards import Kind

_EXAMPLE: JsonDict = {
    "prompt": "Explain entropy to a child.",
    "responses": ["It is a measure of disorder.", "Think of a messy room."],
    "k": 8,
}
_MEMBER: JsonDict = {
    "prompt": "Explain entropy to a child.",
    "responses": ["Think of a messy room."],
    "group_id": "step-7/prompt-12",
    "group_size": 8,
    "reward": "centered",
}
PartOf: TypeAlias = dict[str, Any]
"""A part of content as OpenAI lays it out: `{"type": "text", "text": ...}` or an `image_url`."""


class Turn(TypedDict):
    """A message of a conversation."""

    role: str
    content: str | list[PartOf]


class Said(TypedDict):
    """A response as an object."""

    content: str | list[PartOf]


class Body(BaseModel):
    """A body of the native protocol: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class JudgeRequest(Body):
    """Responses to one prompt, to be judged together."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE, _MEMBER]})

    prompt: str | list[Turn] = Field(validation_alias=AliasChoices("prompt", "messages"))
    """A text, or messages whose last one is the user's; `messages` is another name of it."""
    responses: list[str | Said] = Field(min_length=1)
    """One or more responses."""
    principles: tuple[str, ...] = ()
    """Principles to judge by, in place of the judge's own."""
    reference: str | None = None
    """An answer that is known to be right."""
    k: int | None = Field(default=None, ge=1)
    """How many judgments vote; by default the server's."""
    group_id: str | None = None
    """What the members of a group have in common; with one response the request waits for the others."""
    group_size: int | None = Field(default=None, ge=1)
    """How many members the group has; it is judged when so many have come, or when its time is up."""
    id: str | None = Field(default=None, min_length=1, max_length=512)
    """The caller's name of the judgment, its own in a group; by default a hash of its content."""
    reward: Kind | None = None
    """What a reward is; by default the server's."""
    deadline_s: float | None = Field(default=None, gt=0)
    """Seconds until the answer; at most the server's."""


class BatchRequest(Body):
    """Many judgments in one request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE | {"id": "a"}, _MEMBER]}]})

    items: list[Annotated[object, WithJsonSchema({"$ref": "#/components/schemas/JudgeRequest"})]]
    """Requests as for /v1/judge; one that is malformed fails alone."""


class Weighted(BaseModel):
    """A principle with the weight that the judge gave it."""

    text: str
    weight: float | None


class SampleReply(BaseModel):
    """One sample, read or not: the order it saw, its scores in the caller's order, and why it could not be read."""

    order: list[int]
    scores: list[float | None]
    text: str
    finish: str | None
    unread: str | None
    detail: str | None


class UsageReply(BaseModel):
    """What was billed."""

    prompt_tokens: int
    completion_tokens: int
    calls: int


class Place(BaseModel):
    """Where a response stands in the group that it was judged with."""

    size: int
    place: int


class JudgeReply(BaseModel):
    """A judgment. A response without a reward has null, `valid` false, and there is a `reason`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    scores: list[float | None]
    rewards: list[float | None]
    valid: list[bool]
    reason: str | None = None
    """deadline, unread, failed_call, misfit or shutting_down; null when all are valid."""
    best: list[int]
    """The responses that share the top score."""
    agreement: float | None = None
    position_consistency: float | None = None
    k_used: int
    unread: int
    principles: list[Weighted]
    critiques: list[str]
    samples: list[SampleReply]
    usage: UsageReply
    group: Place | None = None


class Fault(BaseModel):
    """What went wrong: a code for programs and a message for people."""

    code: str
    message: str


class ErrorReply(BaseModel):
    """An error."""

    error: Fault


class ItemError(BaseModel):
    """An item of a batch that failed."""

    id: str | None
    error: Fault


class BatchReply(BaseModel):
    """Judgments in the caller's order."""

    items: list[JudgeReply | ItemError]


class RolloutOptions(BaseModel):
    """Query parameters of the protocols that trainers speak."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    reward: Kind | None = None
    """What a reward is; by default the server's."""
    k: int | None = Field(default=None, ge=1)
    """How many judgments vote; by default the server's."""
    group_size: int | None = Field(default=None, ge=1)
    """How many responses to one prompt make a group; by default the server's."""
    deadline_s: float | None = Field(default=None, gt=0)
    """Seconds until the answer; at most the server's."""


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorReply, "description": told}
    for status, told in {
        401: "No valid API key",
        408: "The body did not arrive in time",
        413: "The body is too large",
        422: "Malformed, or more than is allowed",
        503: "The queue is full, or the server is about to end; see Retry-After",
    }.items()
}
