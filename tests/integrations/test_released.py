"""The released packages' own client code against ours: OpenRLHF 0.11.2 and verl 0.9.1, in environments of their own."""

import asyncio
import json

import pytest

from solon.sandbox import checkpoint
from tests.integrations.released import run

pytestmark = pytest.mark.slow

OPENRLHF = """
import asyncio, json
from types import SimpleNamespace
from openrlhf.utils.agent import SingleTurnAgentExecutor
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({folder!r})
said = tokenizer("7 plums<|im_end|>", add_special_tokens=False)["input_ids"]

class Engine:
    async def generate(self, ids, params, multi_modal_data=None):
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=said, finish_reason="stop", logprobs=None, text="")])

async def main(endpoint):
    executor = SingleTurnAgentExecutor(endpoint)
    params = SimpleNamespace(max_tokens=16, logprobs=None)
    prompt = tokenizer.apply_chat_template([{{"role": "user", "content": "Say it."}}], tokenize=False,
                                           add_generation_prompt=True)
    execute = lambda: executor.execute(prompt, "label", params, 128, tokenizer, Engine())
    found = await asyncio.gather(*(execute() for _ in range(8)))
    print(json.dumps([[each["reward"], each["scores"], each["extra_logs"]] for each in found]))

asyncio.run(main({endpoint!r}))
"""


def openrlhf(endpoint, **environment):
    code = OPENRLHF.format(folder=str(checkpoint("base")), endpoint=endpoint)
    return json.loads(run("openrlhf", code, **environment).splitlines()[-1])


def test_openrlhf_calls_our_file(stand):
    import solon.integrations.openrlhf as ours

    found = openrlhf([ours.__file__], SOLON_URL=stand.url)
    assert found[0][:2] == [[7.0], [pytest.approx(6 / 9)]]
    assert found[0][2]["solon_valid"] == [1.0]
    assert found == [found[0]] * 8
    assert stand.asked[0]["prompt"] == [{"role": "user", "content": "Say it."}]
    assert stand.asked[0]["responses"] == ["7 plums"]
    stand.faults = ["drop"] * 1000
    found = openrlhf([ours.__file__], SOLON_URL=stand.url, SOLON_DEADLINE="0.5")
    assert [each[0] for each in found] == [[5.5]] * 8
    assert [each[2]["solon_valid"] for each in found] == [[0.0]] * 8


async def test_openrlhf_calls_our_server():
    pytest.importorskip("solon.server.app", reason="the server and its extra are not installed")
    from tests.server.serving import judging, serving

    async with serving(judging(lambda request, index: r"Scores: \boxed{7}")) as server:
        found = await asyncio.to_thread(openrlhf, [f"{server.url}/get_reward"])
    assert [each[:2] for each in found] == [[[7.0], [pytest.approx(6 / 9)]]] * 8
    assert {each[2]["solon_valid"][0] for each in found} == {1.0}
    async with serving(judging(lambda request, index: "I cannot say.")) as server:
        found = await asyncio.to_thread(openrlhf, [f"{server.url}/get_reward"])
    assert {each[2]["solon_valid"][0] for each in found} == {0.0}, "no reward is told by its flag, never by a silent 0"
    assert all(each[0][0] > 0 for each in found)


VERL = """
import asyncio, json
import numpy as np, torch
from omegaconf import OmegaConf
from transformers import AutoTokenizer
from verl import DataProto
from verl.trainer.ppo.reward import get_custom_reward_fn, load_reward_manager

tokenizer = AutoTokenizer.from_pretrained({folder!r})
path, told = "pkg://solon.integrations.verl", {{"url": {url!r}, "deadline": 5}}
custom, module = {{"path": path, "name": "compute_score", "reward_kwargs": told}}, {{"path": path, "name": "x"}}
ours = {{"source": "importlib", "name": "SolonRewardManager", "module": module}}
naive = {{"source": "register", "name": "naive", "module": None}}

def config(manager):
    rollout = {{"rollout": {{"n": 2}}}}
    return OmegaConf.create({{"reward": {{"custom_reward_function": custom, "reward_manager": manager}},
                              "actor_rollout_ref": rollout}})

def rollout(text, uid):
    said = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    prompt = torch.zeros((1, 3), dtype=torch.long)
    mask = torch.ones((1, 3 + said.shape[1]), dtype=torch.long)
    tensors = {{"prompts": prompt, "responses": said, "attention_mask": mask}}
    turns = np.empty(1, dtype=object); turns[0] = [{{"role": "user", "content": "Say it."}}]
    fields = np.empty(1, dtype=object); fields[0] = {{"raw_prompt": turns[0]}}
    others = {{"data_source": ["d"], "reward_model": [{{"ground_truth": "gold"}}], "extra_info": [{{}}], "uid": [uid]}}
    arrays = {{name: np.array(value, dtype=object) for name, value in others.items()}}
    arrays |= {{"raw_prompt": turns, "tool_extra_fields": fields}}
    return DataProto.from_dict(tensors=tensors, non_tensors=arrays)

async def main():
    function = get_custom_reward_fn(config(naive))
    alone = await function(data_source="d", solution_str="3 pears", ground_truth="", extra_info={{"question": "Q"}})
    found = {{"alone": alone}}
    for name, manager in (("naive", naive), ("ours", ours)):
        made = load_reward_manager(config(manager), tokenizer)
        data = [rollout(text, "u1") for text in ("7 plums", "2 pears")]
        scores = await asyncio.gather(*(made.run_single(each) for each in data))
        whole = DataProto.concat([data[0], data[0]])
        assembled = type(made).assemble_rm_scores(whole, [each["reward_score"] for each in scores])
        found[name] = [scores, assembled.sum(-1).tolist()]
    print(json.dumps(found))

asyncio.run(main())
"""


def test_verl_loads_our_function_and_our_manager(stand):
    found = json.loads(run("verl", VERL.format(folder=str(checkpoint("base")), url=stand.url)).splitlines()[-1])
    assert found["alone"]["score"] == 3.0
    assert found["naive"] == found["ours"]
    scores, assembled = found["ours"]
    assert [each["reward_score"] for each in scores] == [7.0, 2.0] == assembled
    assert {frozenset(each["reward_extra_info"]) for each in scores} == {frozenset(found["alone"])}
    members = [each for each in stand.asked if each.get("group_id")]
    assert [(each["group_id"], each["group_size"], each["reference"]) for each in members] == [("u1", 2, "gold")] * 2
    assert all(each["prompt"] == [{"role": "user", "content": "Say it."}] for each in stand.asked[1:])
