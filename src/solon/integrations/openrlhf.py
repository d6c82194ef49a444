"""OpenRLHF: `reward_func`, by this file's own path.

    --reward.remote_url "$(python -c 'import solon.integrations.openrlhf as m; print(m.__file__)')"

It is called in many threads at once with one response each. OpenRLHF takes no missing reward: the stand-in of `neutral`
is sent with `solon_valid` 0.0. `scores` are the mean scores between 0 and 1, for dynamic filtering. Settings by
environment; `SOLON_GROUP_SIZE`, set to n_samples_per_prompt, has the server judge the samples of a prompt together.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from solon.integrations.cases import answer_of, cohort, group_id, reference_of
from solon.integrations.client import client, in_background
from solon.integrations.neutral import NEUTRAL
from solon.integrations.reply import Reply
from solon.integrations.settings import Settings, settings
from solon.rewards import share, valid
from solon.turns import rollout

LOGGED = ("solon_valid", "solon_score", "solon_agreement", "solon_k")
"""What is logged of every response."""


def reward_func(queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object]) -> dict[str, Any]:
    """Return the rewards of responses.

    Args:
        queries: prompts with their responses, special tokens kept.
        prompts: the prompts as a chat template rendered them.
        labels: shown to the judge as reference answers where they are texts (`SOLON_REFERENCE=0`: never).

    Raises:
        UserError: the server's address or key is wrong.
    """
    return in_background(_rewarded(list(zip(queries, prompts, labels, strict=True)), settings()))


async def _rewarded(asked: Sequence[tuple[str, str, object]], told: Settings) -> dict[str, Any]:
    names = [group_id(prompt, label) for _, prompt, label in asked]
    replies = await asyncio.gather(*(_judged(*one, name, told) for one, name in zip(asked, names, strict=True)))
    rewards = [NEUTRAL.filled(name, each.rewards, told)[0] for name, each in zip(names, replies, strict=True)]
    scores = [_score(name, each, told) for name, each in zip(names, replies, strict=True)]
    logged = [_logged(*one) for one in zip(replies, scores, strict=True)]
    columns = {name: [row[i] for row in logged] for i, name in enumerate(LOGGED)}
    return {"rewards": rewards, "scores": list(map(share, scores)), "extra_logs": columns}


async def _judged(query: str, prompt: str, label: object, name: str, told: Settings) -> Reply:
    turns, response = rollout(query, prompt)
    said, fields = answer_of(response, told), cohort(name, told)
    return await client(told).judge(turns, [said], reference=reference_of(label, told), **fields)


def _score(name: str, reply: Reply, told: Settings) -> float:
    """Return a response's mean score or its stand-in, whatever rewards are."""
    return NEUTRAL.filled(f"{name} scores", reply.scores, replace(told, reward="mean", neutral=None))[0]


def _logged(reply: Reply, score: float) -> tuple[float, ...]:
    known = valid(reply.rewards[0])
    return (known, score, reply.agreement or 0.0, float(reply.k)) if known else (known, score, 0.0, 0.0)
