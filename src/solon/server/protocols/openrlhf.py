"""OpenRLHF's remote reward model (0.11.2): `POST /get_reward`, one query a request in practice.

Its client gives up for good after five quick tries, so a request is never turned away: it is held until its deadline,
and a query without a reward gets the stand-in with `solon_valid` 0.0. All values are numbers, and the keys
are always the same.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from solon.rewards import valid
from solon.server.protocols.rollouts import Rollout, members
from solon.server.refusal import Refusal
from solon.server.reply import Json, encoded
from solon.server.routing import DirectRoute
from solon.server.service import Service
from solon.server.wire import REFUSALS, RolloutOptions
from solon.turns import rollout

PATHS = {"/get_reward": "openrlhf"}
_PROMPT = "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n"
_EXAMPLE: JsonDict = {"query": [_PROMPT + "Scattering.<|im_end|>"], "prompts": [_PROMPT], "labels": [""]}


class GetReward(BaseModel):
    """Prompts with their responses, as the policy's tokenizer decodes them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]}, use_attribute_docstrings=True)

    query: list[str] = Field(min_length=1)
    """Prompt and response together, special tokens kept."""
    prompts: list[str] | None = None
    """The prompts alone: what each query begins with."""
    labels: list[object] | None = None
    """The rows' labels; one that is a text is taken as a reference answer."""


class ExtraLogs(BaseModel):
    """Figures that the trainer averages and logs."""

    solon_valid: list[float]
    solon_k_used: list[float]
    solon_unread: list[float]


class Rewarded(BaseModel):
    """A reward per query, and its score as a share of the scale (0 to 1), which dynamic filtering compares."""

    rewards: list[float]
    scores: list[float]
    extra_logs: ExtraLogs


def routes(service: Service) -> APIRouter:
    """Return the route of OpenRLHF."""
    router = APIRouter(route_class=DirectRoute, tags=["trainers"])

    @router.post("/get_reward", response_model=Rewarded, responses=REFUSALS)
    async def get_reward(body: GetReward, options: Annotated[RolloutOptions, Query()]) -> Response:
        """Reward queries; held until the deadline when there is no room."""
        found = await members(service, "openrlhf", _rollouts(body), options, hold=True)
        answer = {
            "rewards": [service.number(member) for member in found],
            "scores": [service.share(member) for member in found],
            "extra_logs": {
                "solon_valid": [valid(member.reward) for member in found],
                "solon_k_used": [float(member.group.read) for member in found],
                "solon_unread": [float(member.group.unread) for member in found],
            },
        }
        return Json(encoded(answer))

    return router


def _rollouts(body: GetReward) -> list[Rollout]:
    n = len(body.query)
    prompts, labels = body.prompts or [""] * n, body.labels or [None] * n
    if len(prompts) != n or len(labels) != n:
        raise Refusal(422, "invalid", f"{n} queries, {len(prompts)} prompts, {len(labels)} labels: one each is needed")
    return [
        Rollout(*rollout(query, prompt), label)
        for query, prompt, label in zip(body.query, prompts, labels, strict=True)
    ]
