"""slime's remote reward model: `POST /slime`, one sample a request, answered with a bare number or an object.

A bare number cannot say that it is a stand-in: use `?form=object` with `--reward-key score --eval-reward-key score`,
and mask samples whose `solon_valid` is 0.0, since slime's own mask comes after the group's baseline. When the queue is
full the answer is 503: slime's client tries ten times.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from solon.rewards import valid
from solon.server.protocols.rollouts import Rollout, members
from solon.server.reply import Json, encoded
from solon.server.routing import DirectRoute
from solon.server.service import Service
from solon.server.wire import REFUSALS, RolloutOptions, Turn
from solon.turns import plain_of, rollout

PATHS = {"/slime": "slime"}


class Sample(BaseModel):
    """A sample of slime's."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "Why is the sky blue?", "response": "Scattering.", "label": None}]}
    )

    prompt: str | list[Turn]
    response: str
    label: object = None


class SlimeOptions(RolloutOptions):
    """Query parameters."""

    form: Literal["number", "object"] = "number"
    """Answer with a bare number, or an object whose `score` is the reward."""


class Scored(BaseModel):
    """A reward as an object."""

    score: float
    share: float
    solon_valid: float
    solon_k_used: float
    solon_unread: float


def routes(service: Service) -> APIRouter:
    """Return the route of slime."""
    router = APIRouter(route_class=DirectRoute, tags=["trainers"])

    @router.post("/slime", response_model=float | Scored, responses=REFUSALS)
    async def slime(body: Sample, options: Annotated[SlimeOptions, Query()]) -> Response:
        """Reward a sample."""
        (member,) = await members(service, "slime", [_rollout(body)], options)
        score = service.number(member)
        told = {
            "score": score,
            "share": service.share(member),
            "solon_valid": valid(member.reward),
            "solon_k_used": float(member.group.read),
            "solon_unread": float(member.group.unread),
        }
        return Json(encoded(told if options.form == "object" else score))

    return router


def _rollout(body: Sample) -> Rollout:
    """Return a sample without a chat template's marks."""
    if not isinstance(body.prompt, str):
        return Rollout(body.prompt, plain_of(body.response), body.label)
    turns, response = rollout(body.prompt + body.response, body.prompt)
    return Rollout(turns, response, body.label)
