"""Scalar reward models as SGLang serves them: `POST /v1/embeddings`, where an embedding is the reward alone.

verl's stock reward loop and others read `data[-1].embedding[-1]`. An input is a conversation in a chat template's marks
that ends with the assistant's turn; without a reward it gets the stand-in, with `solon_valid` 0.0 beside it.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from solon.rewards import valid
from solon.server.protocols.classify import inputs
from solon.server.protocols.rollouts import members, usage
from solon.server.reply import Json, encoded
from solon.server.routing import DirectRoute
from solon.server.service import Service
from solon.server.wire import REFUSALS, RolloutOptions

PATHS = {"/v1/embeddings": "embeddings"}
_TEXT = "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\nRayleigh scattering.<|im_end|>\n"


class Embed(BaseModel):
    """Conversations in a chat template's marks; other fields of the API change nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "solon", "input": [_TEXT]}]})

    model: str | None = None
    input: str | list[str]


class Embedding(BaseModel):
    """An input's reward."""

    object: str
    index: int
    embedding: list[float]
    solon_valid: float


class Embedded(BaseModel):
    """Rewards in the order of the inputs."""

    object: str
    model: str
    data: list[Embedding]
    usage: dict[str, int]


def routes(service: Service) -> APIRouter:
    """Return the route."""
    router = APIRouter(route_class=DirectRoute, tags=["scalar reward models"])

    @router.post("/v1/embeddings", response_model=Embedded, responses=REFUSALS)
    async def embeddings(body: Embed, options: Annotated[RolloutOptions, Query()]) -> Response:
        """Reward conversations."""
        found = await members(service, "embeddings", inputs(body.input), options)
        data = [
            {"object": "embedding", "index": i, "embedding": [service.number(one)], "solon_valid": valid(one.reward)}
            for i, one in enumerate(found)
        ]
        told = {"object": "list", "model": body.model or "solon", "data": data, "usage": usage(found)}
        return Json(encoded(told))

    return router
