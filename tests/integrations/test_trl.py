"""TRL's call, as `GRPOTrainer` makes it: keyword arguments, groups of equal prompts, None for no reward."""

import pickle
import time
from types import SimpleNamespace

import pytest
from trl.trainer.utils import get_callable_name, is_async_callable

from solon import Judge, UserError
from solon.integrations.trl import SolonReward, judge_reward, solon_reward, solon_reward_sync
from solon.samplers.scripted import ScriptedSampler

KEYS = {"solon_score", "solon_critique", "solon_reason"}


def call(prompts, completions, **columns):
    extra, metrics = {}, {}
    logs = {"log_extra": extra.__setitem__, "log_metric": metrics.__setitem__, "trainer_state": SimpleNamespace()}
    ids = [[1]] * len(prompts)
    return {"prompts": prompts, "completions": completions, "completion_ids": ids, **columns, **logs}, extra, metrics


def chat(text):
    return [{"role": "user", "content": text}]


def said(text):
    return [{"role": "assistant", "content": text}]


async def test_equal_prompts_that_stand_together_are_one_case(stand):
    given, extra, metrics = call(
        [chat("a"), chat("a"), chat("b"), chat("a")],
        [said("7"), said("<think>I say 1.</think>2"), said("3"), said("4")],
        reference=["r", "r", None, "r"],
    )
    assert await solon_reward(**given) == [7.0, 2.0, 3.0, 4.0]
    cases = sorted((asked["responses"], asked.get("reference")) for asked in stand.asked)
    assert cases == [(["3"], None), (["4"], "r"), (["7", "2"], "r")]
    assert stand.asked[0]["prompt"][0]["role"] == "user"
    assert extra.keys() == KEYS
    assert metrics == {"solon/valid": 1.0, "solon/score": 4.0, "solon/agreement": 0.75, "solon/k": 4.0}


async def test_large_groups_are_cut_evenly_and_reasoning_is_kept_on_request(stand):
    texts = [f"<think>{n}</think>{n}" for n in range(1, 11)]
    given, _, _ = call(["a"] * 10, texts)
    assert await SolonReward(group_max=8, strip_think=False)(**given) == [float(n) for n in range(1, 11)]
    assert sorted(len(asked["responses"]) for asked in stand.asked) == [5, 5]
    assert stand.asked[0]["responses"][0].startswith("<think>")


async def test_no_reward_is_none_with_the_same_columns(stand):
    stand.score = lambda text: None if text == "?" else float(text)
    given, extra, metrics = call(["a", "b"], ["?", "6"])
    assert await solon_reward(**given) == [None, 6.0]
    assert extra["solon_reason"] == ["no judgment could be read", ""]
    assert (extra.keys(), metrics["solon/valid"], metrics["solon/score"]) == (KEYS, 0.5, 6.0)
    given, extra, metrics = call(["a"], ["?"])
    assert await solon_reward(**given) == [None]
    assert (extra.keys(), metrics) == (KEYS, {"solon/valid": 0.0})


async def test_a_server_that_hangs_ends_in_time(stand):
    stand.faults = ["hang"] * 4
    given, _, _ = call(["a", "a", "b"], ["1", "2", "3"])
    started = time.monotonic()
    assert await SolonReward(deadline=0.4)(**given) == [None] * 3
    assert time.monotonic() - started < 1.5


def test_the_synchronous_form_gives_the_same(stand):
    given, _, _ = call(["a", "b"], ["1", "2"])
    assert solon_reward_sync(**given) == [1.0, 2.0]


def test_trl_knows_the_forms_and_their_names():
    made = pickle.loads(pickle.dumps(SolonReward(reward="centered")))
    assert made.options == {"reward": "centered"}
    assert [is_async_callable(each) for each in (solon_reward, made, solon_reward_sync)] == [True, True, False]
    assert [get_callable_name(each) for each in (solon_reward, made)] == ["solon_reward", "SolonReward"]
    with pytest.raises(UserError, match="urll"):
        SolonReward(urll="x")


def boxed(request, index):
    alone = "one response to its last turn" in request.messages[-1].content[0].text
    return (
        "I cannot say."
        if alone
        else "Principles:\n- Brief (weight: 9%): be brief\n\nAnalysis:\nFine.\n\nScores:\n\\boxed{7, 3}"
    )


def test_a_judge_of_the_same_process_needs_no_server():
    with Judge(ScriptedSampler(boxed), k=1) as judge:
        given, extra, metrics = call(["a", "a", "b"], ["x", "y", "z"])
        rewards = judge_reward(judge, reward="centered")(**given)
        assert sorted(judge_reward(judge, reward="rank")(**given)[:2]) == [0, 1]
    assert sorted(rewards[:2]) == [-2, 2]
    assert rewards[2] is None
    assert "1 no_scores" in extra["solon_reason"][2]
    assert metrics["solon/valid"] == pytest.approx(2 / 3)
    with pytest.raises(UserError, match="pairwise"):
        judge_reward(judge, reward="pairwise")
