"""Every other trainer's call, by stand-ins that call as it does; where no reward is, the keys stay and it is marked."""

import asyncio
import inspect
import pickle
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest
import torch

from solon.integrations import areal, ms_swift, nemo_rl, openrlhf, slime, verl

CHATML = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nSay it.<|im_end|>\n<|im_start|>assistant\n"
FAULTS = ["hang", (503, {"Retry-After": "60"}), b"not json", (422, {})]


def nothing(text):
    return None if "?" in text else float(text)


def single(**more):
    return {"data_source": "d", "solution_str": "7", "ground_truth": "", "extra_info": {"prompt": "Say it."}, **more}


# verl


async def test_verl_calls_by_keyword_and_gets_the_same_keys_of_numbers(stand):
    assert inspect.iscoroutinefunction(verl.compute_score)
    turns = [{"role": "user", "content": "Say it."}]
    info = {"raw_prompt": turns, "num_turns": 2, "rollout_reward_scores": {}}
    score = await verl.compute_score(**single(extra_info=info, ground_truth="gold", url=stand.url))
    assert score == {"score": 7.0, "solon_valid": 1.0, "solon_score": 7.0, "solon_agreement": 0.75, "solon_k": 4.0}
    assert (stand.asked[0]["prompt"], stand.asked[0]["reference"]) == (turns, "gold")
    await verl.compute_score(**single(extra_info={"question": "Why?"}, ground_truth="gold", reference=False))
    await verl.compute_score(**single(extra_info={}, ground_truth="The prompt."))
    assert [(each["prompt"], each.get("reference")) for each in stand.asked[1:]] == [
        ("Why?", None),
        ("The prompt.", None),
    ]


@pytest.mark.parametrize("fault", FAULTS)
async def test_verl_never_gets_another_shape(stand, fault):
    stand.faults = [fault] * 4
    started = time.monotonic()
    score = await verl.compute_score(**single(extra_info={"prompt": f"Say {fault}."}, deadline=0.4))
    assert time.monotonic() - started < 1.5
    assert tuple(score) == verl.KEYS
    assert (score["score"], score["solon_valid"]) == (5.5, 0.0)
    assert all(type(value) is float for value in score.values())


def test_verl_may_use_plural_names_and_batches_are_judged_in_groups(stand):
    stand.score = nothing
    infos = [{"prompt": "a"}, {"prompt": "a"}, {"prompt": "a"}, {"prompt": "b"}]
    batch = {"data_sources": ["d"] * 4, "solution_strs": ["4", "?", "8", "?"], "ground_truths": [""] * 4}
    scores = verl.compute_score_batch(**batch, extra_infos=infos)
    assert [each["score"] for each in scores] == [4.0, 6.0, 8.0, 5.5]
    assert [each["solon_valid"] for each in scores] == [1.0, 0.0, 1.0, 0.0]
    assert sorted(len(each["responses"]) for each in stand.asked) == [1, 3]
    assert asyncio.run(_closing(verl.compute_score(**batch, extra_infos=infos))) == scores


async def _closing(coroutine):
    from solon.integrations.client import close

    try:
        return await coroutine
    finally:
        await close()


# OpenRLHF


def test_openrlhf_calls_from_many_threads_with_one_query_each(stand):
    def once(n):
        text = f"<think>hm</think>{n % 9 + 1}<|im_end|>"
        return openrlhf.reward_func([CHATML + text], [CHATML], [f"label {n}"])

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(once, range(64)))
    assert [each["rewards"] for each in told] == [[n % 9 + 1.0] for n in range(64)]
    assert [each["scores"] for each in told] == [[(n % 9) / 9] for n in range(64)]
    assert set(told[0]["extra_logs"]) == set(openrlhf.LOGGED)
    assert torch.tensor([told[0]["extra_logs"]["solon_valid"]]).item() == 1.0
    assert [turn["role"] for turn in stand.asked[0]["prompt"]] == ["system", "user"]
    assert "group_id" not in stand.asked[0]


@pytest.mark.parametrize("fault", FAULTS)
def test_openrlhf_gets_a_marked_number_in_time(stand, monkeypatch, fault):
    monkeypatch.setenv("SOLON_DEADLINE", "0.4")
    stand.faults = [fault] * 4
    started = time.monotonic()
    told = openrlhf.reward_func([CHATML + "7"], [CHATML], [str(fault)])
    assert time.monotonic() - started < 1.5
    assert (told["rewards"], told["scores"]) == ([5.5], [0.5])
    assert told["extra_logs"] == dict(zip(openrlhf.LOGGED, ([0.0], [5.5], [0.0], [0.0]), strict=True))


def test_openrlhf_gets_the_groups_mean_where_it_is_known(stand):
    stand.score = lambda text: None if text == "?" else float(text)
    openrlhf.reward_func([CHATML + "8"], [CHATML], ["known"])
    told = openrlhf.reward_func([CHATML + "?"], [CHATML], ["known"])
    assert (told["rewards"], told["scores"], told["extra_logs"]["solon_valid"]) == ([8.0], [7 / 9], [0.0])


def test_samples_of_a_prompt_are_a_cohort_where_its_size_is_known(stand, monkeypatch):
    monkeypatch.setenv("SOLON_GROUP_SIZE", "2")
    for query, label in (("7", "a"), ("8", "a"), ("9", "b")):
        openrlhf.reward_func([CHATML + query], [CHATML], [label])
    names = [(asked["group_id"], asked["group_size"]) for asked in stand.asked]
    assert names[0] == names[1] != names[2]
    assert {size for _, size in names} == {2}


# slime


def sample(text, **more):
    fields = {"group_index": 3, "index": 1, "prompt": "Say it.", "label": None, "remove_sample": False}
    return SimpleNamespace(**fields | {"response": text} | more)


async def test_slime_gets_numbers_and_masks_what_has_none(stand, monkeypatch):
    stand.score = nothing
    args, samples = SimpleNamespace(reward_key=None), [sample("4"), sample("?"), sample("8")]
    assert await slime.group_rm(args, samples) == [4.0, 6.0, 8.0]
    assert [each.remove_sample for each in samples] == [False, True, False]
    assert len(stand.asked) == 1
    assert await slime.group_rm(args, sample("7"), evaluation=True) == 7.0
    keyed = SimpleNamespace(reward_key="score")
    assert await slime.custom_rm(keyed, [sample("4"), sample("?", prompt="Other.")]) == [
        {"score": 4.0, "solon_valid": 1.0},
        {"score": 5.5, "solon_valid": 0.0},
    ]
    monkeypatch.setenv("SOLON_GROUP_SIZE", "2")
    assert await slime.custom_rm(args, sample("7")) == 7.0
    await slime.custom_rm(args, sample("7", group_index=None))
    assert ["group_id" in asked for asked in stand.asked[-2:]] == [True, False]


# AReaL, ms-swift, NeMo-RL


def test_areal_gets_a_number_from_a_function_that_can_be_pickled(stand):
    stand.score = nothing
    call = {"prompt_ids": [1], "completion_ids": [2], "answer": "gold"}
    made = pickle.loads(pickle.dumps(areal.reward_fn))
    assert made("Say it.", "7", **call) == 7.0
    assert stand.asked[0]["reference"] == "gold"
    assert made("Say more.", "?", **call) == 5.5


def test_ms_swift_gets_a_tensor_with_nan_for_no_reward(stand):
    stand.score = nothing
    plugin = ms_swift.SolonPlugin(model=None, template=None)
    inputs = [
        {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}], "solution": "x"}
        for asked, said in (("a", "4"), ("a", "8"), ("b", "?"))
    ]
    rewards = plugin(inputs, trainer_state=None)
    assert rewards[:2].tolist() == [4.0, 8.0]
    assert torch.isnan(rewards[2])
    assert sorted(len(asked["responses"]) for asked in stand.asked) == [1, 2]


def test_nemo_rl_gets_an_actor_whose_episodes_end_and_masks(stand, monkeypatch):
    stand.score = nothing
    ray, interfaces = ModuleType("ray"), ModuleType("nemo_rl.environments.interfaces")
    ray.remote = lambda kind: SimpleNamespace(kind=kind)
    interfaces.EnvironmentInterface, interfaces.EnvironmentReturn = (
        type("EnvironmentInterface", (), {}),
        SimpleNamespace,
    )
    for name, module in (("ray", ray), ("nemo_rl.environments.interfaces", interfaces)):
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("nemo_rl", "nemo_rl.environments"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    environment = nemo_rl._made_environment().kind({"num_workers": 2, "url": stand.url, "reward": "mean"})
    assert isinstance(environment, interfaces.EnvironmentInterface)
    logs = [
        [{"role": "user", "content": "a", "token_ids": [1]}, {"role": "assistant", "content": said, "token_ids": [2]}]
        for said in ("4", "?")
    ]
    found = environment.step(message_log_batch=logs, metadata=[{"reference": None}, None])
    assert found.rewards.tolist() == [4.0, 4.0]
    assert found.terminateds.tolist() == [True, True]
    assert [each["mask_sample"] for each in found.metadata] == [False, True]
    assert found.observations == [{"role": "environment", "content": ""}] * 2
    assert environment.global_post_process_and_metrics({}) == ({}, {"solon_valid": 0.5})
