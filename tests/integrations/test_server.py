"""The shims against the server of this package: the same answers as against the stand-in, groups and all."""

import asyncio

import pytest

from solon.errors import UserError
from solon.integrations import openrlhf, slime, verl
from solon.integrations.trl import SolonReward
from tests.integrations.test_trainers import CHATML, sample

pytest.importorskip("solon.server.app", reason="the server and its extra are not installed")


@pytest.fixture
def serving():
    from tests.server.serving import serving

    return serving


async def test_trl_gets_a_group_s_rewards(serving):
    async with serving(group_max=4) as server:
        reward = SolonReward(url=server.url, reward="centered")
        given = {"prompts": ["a"] * 3 + ["b"], "completions": ["2", "5", "8", "9"], "completion_ids": [[1]] * 4}
        assert await reward(**given) == [-3.0, 0.0, 3.0, 0.0]


async def test_members_of_a_cohort_get_their_own_rewards(serving, monkeypatch):
    async with serving(group_wait=5.0) as server:
        monkeypatch.setenv("SOLON_URL", server.url)
        told = verl.settings(url=server.url)
        scores = await asyncio.gather(*(verl._scored("a", text, None, told, "uid", 3) for text in ("2", "5", "8")))
        assert [each["score"] for each in scores] == [2.0, 5.0, 8.0]
        monkeypatch.setenv("SOLON_GROUP_SIZE", "2")
        calls = [asyncio.to_thread(openrlhf.reward_func, [CHATML + text], [CHATML], ["l"]) for text in ("3", "7")]
        assert [each["rewards"] for each in await asyncio.gather(*calls)] == [[3.0], [7.0]]
        args = slime_args()
        assert await asyncio.gather(*(slime.custom_rm(args, sample(text)) for text in ("4", "6"))) == [4.0, 6.0]


def slime_args():
    from types import SimpleNamespace

    return SimpleNamespace(reward_key=None)


async def test_what_cannot_be_read_is_no_reward(serving):
    from tests.server.serving import judging

    async with serving(judging(lambda request, index: "I cannot say.")) as server:
        given = {"prompts": ["a"], "completions": ["2"], "completion_ids": [[1]]}
        assert await SolonReward(url=server.url)(**given) == [None]
        score = await verl.compute_score(solution_str="2", extra_info={"prompt": "a"}, url=server.url)
        assert (score["score"], score["solon_valid"]) == (5.5, 0.0)


async def test_a_wrong_key_stops_the_training(serving, monkeypatch):
    monkeypatch.setenv("SOLON_API_KEYS", "right")
    async with serving() as server:
        given = {"prompts": ["a"], "completions": ["2"], "completion_ids": [[1]]}
        assert await SolonReward(url=server.url, api_key="right")(**given) == [2.0]
        with pytest.raises(UserError, match="SOLON_API_KEY"):
            await SolonReward(url=server.url, api_key="wrong")(**given)
