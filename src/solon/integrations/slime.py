"""slime: `custom_rm` for one sample and `group_rm` for a whole group; either takes both, as evaluation sends singles.

    --custom-rm-path solon.integrations.slime.custom_rm
    --custom-rm-path solon.integrations.slime.group_rm --group-rm     # the group is judged in one prompt

A missing reward is the stand-in of `neutral` and `sample.remove_sample = True`: slime masks a removed sample's loss
only after its reward has entered the group's mean. With `--reward-key` the reward is an object with that key.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from solon.integrations.cases import answer_of, cohort, group_id, reference_of
from solon.integrations.client import Prompt, client
from solon.integrations.neutral import NEUTRAL
from solon.integrations.settings import settings
from solon.integrations.together import judged, numbers
from solon.rewards import valid
from solon.turns import plain_of, prompt_of, turns_of

Reward: TypeAlias = float | dict[str, float]


async def custom_rm(args: Any, sample: Any, **_: object) -> Reward | list[Reward]:
    """Return the reward of one sample; in training, with `SOLON_GROUP_SIZE`, judged together with its group.

    Raises:
        UserError: the server's address or key is wrong.
    """
    if isinstance(sample, Sequence):
        return await group_rm(args, sample)
    told = settings()
    name = group_id(_run(args), sample.group_index, sample.prompt, sample.label)
    fields = {} if sample.group_index is None else cohort(name, told)
    said, reference = [answer_of(plain_of(sample.response), told)], reference_of(sample.label, told)
    reply = await client(told).judge(_prompt(sample), said, reference=reference, **fields)
    (sent,) = NEUTRAL.filled(name, reply.rewards, told)
    return _reward(args, sample, reply.rewards[0], sent)


async def group_rm(args: Any, samples: Any, **_: object) -> Reward | list[Reward]:
    """Return the rewards of a group's samples, judged together.

    Raises:
        UserError: the server's address or key is wrong.
    """
    if not isinstance(samples, Sequence):
        return await custom_rm(args, samples)
    told = settings()
    prompts = [_prompt(sample) for sample in samples]
    found = await judged(
        prompts, [plain_of(sample.response) for sample in samples], [sample.label for sample in samples], told
    )
    pairs = zip(samples, found, numbers(prompts, found, told), strict=True)
    return [_reward(args, sample, each.reward, sent) for sample, each, sent in pairs]


def _reward(args: Any, sample: Any, reward: float | None, sent: float) -> Reward:
    """Return what slime is told of a sample; `sent` is its reward or the stand-in."""
    if reward is None:
        sample.remove_sample = True
    key = getattr(args, "reward_key", None)
    return {key: sent, "solon_valid": valid(reward)} if key else sent


def _prompt(sample: Any) -> Prompt:
    """Return a sample's prompt, as turns where a chat template's marks tell them."""
    if not isinstance(sample.prompt, str):
        return [dict(turn) for turn in sample.prompt]
    turns = prompt_of(turns_of(sample.prompt))[0]
    return turns if len(turns) > 1 or turns[0]["content"] != sample.prompt else sample.prompt


def _run(args: Any) -> str:
    return str(getattr(args, "save", "") or "")
