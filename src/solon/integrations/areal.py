"""AReaL: `reward_fn`, synchronous and at module level, as its pool of processes needs it.

    RLVRWorkflow(reward_fn="solon.integrations.areal.reward_fn", ...)

AReaL waits 15 seconds by default and then takes 0: raise its `timeout_seconds` above `SOLON_DEADLINE` (100). It takes
no missing reward and nothing beside it, so the stand-in of `neutral` is returned and a warning logged.
"""

from solon.integrations.cases import answer_of, cohort, group_id, reference_of
from solon.integrations.client import Prompt, client, in_background
from solon.integrations.neutral import NEUTRAL
from solon.integrations.settings import settings


def reward_fn(
    prompt: Prompt, completions: object, prompt_ids: object = None, completion_ids: object = None, **columns: object
) -> float:
    """Return the reward of one completion.

    Args:
        prompt: what was asked.
        completions: the completion (AReaL's name is plural).
        prompt_ids: not used.
        completion_ids: not used.
        columns: the dataset's columns, of which `messages`, where there are any, stand for the prompt, and
            `reference` or `answer` is shown to the judge as the reference answer (`SOLON_REFERENCE=0`: never).

    Raises:
        UserError: the server's address or key is wrong.
    """
    return in_background(_rewarded(prompt, completions, columns))


async def _rewarded(prompt: Prompt, completion: object, columns: dict[str, object]) -> float:
    told = settings()
    turns = columns.get("messages")
    asked: Prompt = [dict(turn) for turn in turns] if isinstance(turns, list) and turns else prompt
    label = columns.get("reference", columns.get("answer"))
    name = group_id(asked, label)
    said, fields = [answer_of(completion, told)], cohort(name, told)
    reply = await client(told).judge(asked, said, reference=reference_of(label, told), **fields)
    return NEUTRAL.filled(name, reply.rewards, told)[0]
