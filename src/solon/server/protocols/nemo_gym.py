"""NeMo-Gym's resource server: `POST /verify` for one rollout, `POST /compare` for all responses to a conversation.

A rollout without a reward gets the stand-in *and* the mask (`mask_sample`, `_ng_failure_class`), since the
mask alone is applied after the group's baseline. The keys are always the same.
"""

from itertools import combinations
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict, JsonValue

from solon.rewards import valid
from solon.server.protocols.rollouts import Rollout, members
from solon.server.refusal import Refusal
from solon.server.reply import Json, encoded
from solon.server.routing import DirectRoute
from solon.server.service import Member, Service
from solon.server.wire import REFUSALS, RolloutOptions

PATHS = {"/verify": "nemo_gym", "/compare": "nemo_gym"}
_SAID: JsonDict = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "Scattering."}]}]}
_HISTORY: JsonValue = [{"role": "user", "content": "Why is the sky blue?"}]
_ASKED: JsonDict = {"input": _HISTORY}
_NAMES = (("prompt_id", "_ng_task_index", "task_index"), ("_ng_rollout_index", "rollout_index"))
"""What names a rollout's group, and the rollout in its group."""


class Verify(BaseModel):
    """A rollout as NeMo-Gym's agents return it; further fields come back as they are."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"examples": [{"responses_create_params": _ASKED, "response": _SAID}]}
    )

    responses_create_params: dict[str, Any]
    response: dict[str, Any]
    principle: str | None = None


class Verified(BaseModel):
    """The rollout with its reward."""

    model_config = ConfigDict(extra="allow")

    reward: float
    mask_sample: bool
    solon_valid: float


class Compare(BaseModel):
    """Responses to one conversation."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"conversation_history": _HISTORY, "response_objs": [_SAID, _SAID]}]}
    )

    conversation_history: list[dict[str, Any]] = Field(min_length=1)
    response_objs: list[dict[str, Any]] = Field(min_length=1)
    principle: str | None = None


class Comparison(BaseModel):
    """Two responses: scores from 1 to 5, and who is better, from 1 (the first, by far) over 3.5 (a tie) to 6."""

    response_i: int
    response_j: int
    judge_idx: int
    score_1: float
    score_2: float
    ranking: float


class Compared(BaseModel):
    """A reward per response; `mask_sample` marks stand-ins."""

    rewards: list[float]
    comparison_results: list[Comparison]
    metrics: dict[str, float]
    mask_sample: list[bool]


def routes(service: Service) -> APIRouter:
    """Return the routes of NeMo-Gym."""
    router = APIRouter(route_class=DirectRoute, tags=["trainers"])

    @router.post("/verify", response_model=Verified, responses=REFUSALS)
    async def verify(body: Verify, options: Annotated[RolloutOptions, Query()]) -> Response:
        """Reward a rollout, with its group where the size of groups is known."""
        whole = body.model_dump()
        names = [next((str(whole[key]) for key in keys if whole.get(key) is not None), None) for keys in _NAMES]
        said = _input(body.responses_create_params), _text(body.response)
        asked = Rollout(*said, None, names[0] or "", _given(body.principle), names[1])
        (member,) = await members(service, "nemo_gym", [asked], options, hold=True)
        return Json(encoded(whole | _verified(service, member)))

    @router.post("/compare", response_model=Compared, responses=REFUSALS)
    async def compare(body: Compare, options: Annotated[RolloutOptions, Query()]) -> Response:
        """Reward all responses to a conversation, judged together."""
        given = _given(body.principle)
        history = _input({"input": body.conversation_history})
        asked = [Rollout(history, _text(one), None, "", given) for one in body.response_objs]
        alone = options.model_copy(update={"group_size": 1})
        found = await members(service, "nemo_gym", asked, alone, hold=True)
        return Json(encoded(_compared(service, found)))

    return router


def _verified(service: Service, member: Member) -> dict[str, object]:
    return {
        "reward": service.number(member),
        "mask_sample": member.score is None,
        "_ng_failure_class": member.reason and f"solon_{member.reason}",
        "solon_valid": valid(member.reward),
        "solon_k_used": float(member.group.read),
    }


def _compared(service: Service, found: list[Member]) -> dict[str, object]:
    known = [(i, service.share(member)) for i, member in enumerate(found) if member.score is not None]
    return {
        "rewards": [service.number(member) for member in found],
        "comparison_results": [_comparison(*pair) for pair in combinations(known, 2)],
        "metrics": {
            "solon_valid": sum(valid(member.reward) for member in found) / len(found),
            "solon_k_used": float(found[0].group.read),
            "solon_unread": float(found[0].group.unread),
        },
        "mask_sample": [member.score is None for member in found],
    }


def _comparison(first: tuple[int, float], second: tuple[int, float]) -> dict[str, float]:
    (i, one), (j, other) = first, second
    return {
        "response_i": i,
        "response_j": j,
        "judge_idx": 0,
        "score_1": 1 + 4 * one,
        "score_2": 1 + 4 * other,
        "ranking": ranking(one - other),
    }


def ranking(lead: float) -> float:
    """Return who is better on NeMo's scale from 1 to 6, by how much of the scale (-1 to 1) the first is ahead."""
    if lead == 0:
        return 3.5
    strength = 2 if abs(lead) >= 0.5 else 1 if abs(lead) >= 0.2 else 0
    return float(3 - strength if lead > 0 else 4 + strength)


def _given(principle: str | None) -> tuple[str, ...]:
    return (principle,) if principle and principle.strip() else ()


def _input(parameters: dict[str, Any]) -> list[dict[str, Any]] | str:
    """Return the conversation of a Responses-API request: its turns of text, instructions first."""
    said, instructions = parameters.get("input"), parameters.get("instructions")
    if isinstance(said, str):
        said = [{"role": "user", "content": said}]
    if not isinstance(said, list):
        raise Refusal(422, "invalid", "'input' is missing: a text or a list of messages is needed")
    turns = [{"role": one["role"], "content": _joined(one.get("content"))} for one in said if _is_turn(one)]
    return [{"role": "system", "content": instructions}, *turns] if isinstance(instructions, str) else turns


def _is_turn(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("role"), str)


def _text(response: dict[str, Any]) -> str:
    """Return what the assistant says in a Responses-API object; its reasoning items are left out."""
    output = response.get("output")
    if not isinstance(output, list):
        raise Refusal(422, "invalid", "'output' of a response is missing: a list of items is needed")
    said = [_joined(item.get("content")) for item in output if isinstance(item, dict) and item.get("type") == "message"]
    return "\n".join(said)


def _joined(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
