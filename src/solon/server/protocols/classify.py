"""Scalar reward models as vLLM serves them (`POST /classify`), and as SGLang does (the same path with `text`).

For tools that know only these: verl's stock reward loop, OpenRLHF's and others. An input is a conversation in a chat
template's marks, or messages; its last turn is the assistant's and is judged. An input without a reward gets the
stand-in, with `solon_valid` 0.0 beside it.
"""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from solon.rewards import valid
from solon.server.protocols.rollouts import Rollout, members, usage
from solon.server.refusal import Refusal
from solon.server.reply import Json, encoded
from solon.server.routing import DirectRoute
from solon.server.service import Member, Service
from solon.server.wire import REFUSALS, RolloutOptions, Turn
from solon.turns import prompt_of, turns_of

PATHS = {"/classify": "classify"}
_TEXT = "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\nRayleigh scattering.<|im_end|>\n"


class Classify(BaseModel):
    """vLLM's `input` or `messages`, or SGLang's `text`; other fields are those servers' and change nothing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "solon", "input": _TEXT, "use_activation": False}]},
        use_attribute_docstrings=True,
    )

    model: str | None = None
    input: str | list[str] | None = None
    messages: list[Turn] | None = None
    text: str | list[str] | None = None
    use_activation: bool | None = None
    """False asks for the reward itself; else its share of the scale, 0 to 1, is answered."""


class Class(BaseModel):
    """An input's reward."""

    index: int
    label: str
    probs: list[float]
    num_classes: int
    solon_valid: float


class Classified(BaseModel):
    """Rewards in the order of the inputs."""

    id: str
    object: str
    created: int
    model: str
    data: list[Class]
    usage: dict[str, int]


class Pooled(BaseModel):
    """An input's reward, as SGLang shows it."""

    embedding: list[float]
    solon_valid: float


def routes(service: Service) -> APIRouter:
    """Return the route of scalar reward models."""
    router = APIRouter(route_class=DirectRoute, tags=["scalar reward models"])

    @router.post("/classify", response_model=Classified | list[Pooled], responses=REFUSALS)
    async def classify(body: Classify, options: Annotated[RolloutOptions, Query()]) -> Response:
        """Reward conversations."""
        if body.text is not None:
            found = await members(service, "classify", inputs(body.text), options)
            told: Any = [{"embedding": [service.number(one)], "solon_valid": valid(one.reward)} for one in found]
        else:
            given = [conversation(list(body.messages))] if body.messages is not None else inputs(body.input)
            found = await members(service, "classify", given, options)
            told = _classified(service, body, found)
        return Json(encoded(told))

    return router


def inputs(given: str | list[str] | None) -> list[Rollout]:
    """Return the rollouts that templated texts hold.

    Raises:
        Refusal: there is none, or it does not end with an assistant's turn (422).
    """
    if not given:
        raise Refusal(422, "invalid", "no input: texts in a chat template's marks, or messages, are needed")
    return [conversation(turns_of(text)) for text in ([given] if isinstance(given, str) else given)]


def conversation(turns: list[Any]) -> Rollout:
    """Return a conversation as a rollout: its last turn is judged.

    Raises:
        Refusal: its last turn is not the assistant's (422).
    """
    if len(turns) < 2 or turns[-1]["role"] != "assistant":
        raise Refusal(
            422,
            "invalid",
            "the last turn must be the assistant's, after a user's: send messages, or a template's text",
        )
    if not isinstance(turns[-1]["content"], str):
        raise Refusal(422, "invalid", "the last turn's content must be a text: parts are not scored here")
    prompt, response = prompt_of(turns)
    return Rollout(prompt, response)


def _classified(service: Service, body: Classify, found: list[Member]) -> dict[str, object]:
    raw = body.use_activation is False
    values = [service.number(one) if raw else service.share(one) for one in found]
    data = [
        {"index": i, "label": "LABEL_0", "probs": [value], "num_classes": 1, "solon_valid": valid(one.reward)}
        for i, (one, value) in enumerate(zip(found, values, strict=True))
    ]
    created = int(time.time())
    head = {"id": f"classify-{created}", "object": "list", "created": created, "model": body.model or "solon"}
    return head | {"data": data, "usage": usage(found)}
