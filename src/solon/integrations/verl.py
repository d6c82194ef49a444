"""verl: `compute_score` for the reward loop, and a reward manager that has each rollout group judged together.

    reward.custom_reward_function.path=pkg://solon.integrations.verl     # each response alone
    reward.reward_manager.source=importlib                               # groups, by their `uid`
    reward.reward_manager.name=SolonRewardManager
    reward.reward_manager.module.path=pkg://solon.integrations.verl

Settings are those of `Settings`, by environment or as `reward_kwargs`. verl takes no missing reward: the stand-in of
`neutral` is sent with `solon_valid` 0.0, so that it can be filtered. The keys are the same in every case, all numbers.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from solon.integrations.cases import answer_of, cohort, group_id, reference_of
from solon.integrations.client import Prompt, client, in_background
from solon.integrations.neutral import NEUTRAL
from solon.integrations.reply import Reply
from solon.integrations.settings import Settings, settings
from solon.integrations.together import judged, numbers
from solon.rewards import valid

if TYPE_CHECKING:
    from verl import DataProto

KEYS = ("score", "solon_valid", "solon_score", "solon_agreement", "solon_k")
"""What every score holds: the reward, whether it is one, the mean score, the judges' agreement, how many voted.

Where there is none, `solon_score` repeats the reward and the last two are 0.
"""


async def compute_score(
    data_source: object = None,
    solution_str: str | None = None,
    ground_truth: object = None,
    extra_info: Mapping[str, Any] | None = None,
    reward_router_address: str | None = None,
    reward_model_tokenizer: object = None,
    **given: Any,
) -> dict[str, float] | list[dict[str, float]]:
    """Return the score of one response, or, called with verl's plural names, of a batch.

    Args:
        data_source: not used.
        solution_str: the response.
        ground_truth: shown to the judge as the reference answer where it is a text (`reference=False`: never).
        extra_info: holds the prompt, as `raw_prompt`, `prompt` or `question`; else the ground truth is the prompt.
        reward_router_address: not used; the server is the setting `url`.
        reward_model_tokenizer: not used.
        given: settings, or `data_sources`, `solution_strs`, `ground_truths`, `extra_infos`.

    Raises:
        UserError: the server's address or key is wrong, or a setting is unknown.
    """
    plural = {name: given.pop(name, None) for name in ("data_sources", "solution_strs", "ground_truths", "extra_infos")}
    if plural["solution_strs"] is not None:
        return await _batch(plural, settings(**given))
    prompt, reference = _asked(extra_info, ground_truth)
    return await _scored(prompt, solution_str or "", reference, settings(**given))


def compute_score_batch(**given: Any) -> list[dict[str, float]]:
    """Return the scores of a batch by verl's plural names, synchronously: for the `batch` manager of older versions."""
    found = in_background(compute_score(**given))
    return found if isinstance(found, list) else [found]


async def _scored(
    prompt: Prompt, response: str, label: object, told: Settings, uid: str = "", size: int | None = None
) -> dict[str, float]:
    """Judge one response, as a member of the group `uid` where it has one."""
    name, reference = uid or group_id(prompt, label), reference_of(label, told)
    reply = await client(told).judge(
        prompt, [answer_of(response, told)], reference=reference, **cohort(name, told, size)
    )
    (sent,) = NEUTRAL.filled(name, reply.rewards, told)
    return _score(reply.rewards[0], reply.scores[0], reply, sent)


async def _batch(plural: Mapping[str, Any], told: Settings) -> list[dict[str, float]]:
    said = list(plural["solution_strs"])
    infos, truths = (_listed(plural[name], len(said)) for name in ("extra_infos", "ground_truths"))
    asked = [_asked(info, truth) for info, truth in zip(infos, truths, strict=True)]
    prompts = [prompt for prompt, _ in asked]
    found = await judged(prompts, said, [label for _, label in asked], told)
    pairs = zip(found, numbers(prompts, found, told), strict=True)
    return [_score(each.reward, each.score, each.reply, sent) for each, sent in pairs]


def _score(reward: float | None, score: float | None, reply: Reply, sent: float) -> dict[str, float]:
    """Return what verl is told of one response; `sent` is its reward or the stand-in."""
    told = (sent if score is None else score, reply.agreement or 0.0, float(reply.k))
    return dict(zip(KEYS, (sent, valid(reward), *((sent, 0.0, 0.0) if reward is None else told)), strict=True))


def _asked(extra_info: Mapping[str, Any] | None, ground_truth: object) -> tuple[Prompt, object]:
    """Return the prompt, and the label unless it has to serve as the prompt."""
    for name in ("raw_prompt", "prompt", "question"):
        found = (extra_info or {}).get(name)
        if found is not None and len(found):
            return _prompt(found), ground_truth
    return str(ground_truth), None


def _prompt(told: Any) -> Prompt:
    return told if isinstance(told, str) else [dict(turn) for turn in told]


def _listed(values: Any, n: int) -> list[Any]:
    return [None] * n if values is None else list(values)


def _made_manager() -> type:
    """Make the manager, which needs verl for its base."""
    from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

    class SolonRewardManager(RewardManagerBase):  # type: ignore[misc]
        """Sends every rollout as a member of its group, so that the server judges the group in one prompt."""

        def __init__(self, config: Any, tokenizer: Any, compute_score: Any, *_: Any, **__: Any) -> None:
            super().__init__(config, tokenizer, compute_score)
            named = config.reward.get("custom_reward_function") or {}
            self._settings = settings(**dict(named.get("reward_kwargs") or {}))
            self._size = int(config.actor_rollout_ref.rollout.get("n", 1))

        async def run_single(self, data: "DataProto") -> dict[str, Any]:
            """Judge the last sequence of one rollout."""
            item = data[-1:][0]
            ids, held = item.batch["responses"], item.non_tensor_batch
            length = int(item.batch["attention_mask"][-ids.shape[-1] :].sum())
            said = await self.loop.run_in_executor(None, lambda: _decoded(self.tokenizer, ids[:length]))
            info = {**(held.get("extra_info") or {}), **(held.get("tool_extra_fields") or {})}
            info |= {"raw_prompt": held["raw_prompt"]} if "raw_prompt" in held else {}
            prompt, label = _asked(info, (held.get("reward_model") or {}).get("ground_truth"))
            uid = held.get("uid")
            size = self._size if uid is not None else None
            score = await _scored(prompt, said, label, self._settings, str(uid or ""), size)
            return {"reward_score": score["score"], "reward_extra_info": score}

    SolonRewardManager.__qualname__ = "SolonRewardManager"
    return SolonRewardManager


def _decoded(tokenizer: Any, ids: Any) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True))


def __getattr__(name: str) -> object:
    """Make the reward manager when verl first asks for it."""
    if name != "SolonRewardManager":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    globals()[name] = _made_manager()
    return globals()[name]
