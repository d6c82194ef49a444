"""The client over real sockets: every fault ends in a retry or in no reward, in time; a wrong setup is an error."""

import asyncio
import multiprocessing
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from solon.errors import UserError
from solon.integrations.client import client, close, in_background
from solon.integrations.neutral import Neutral
from solon.integrations.settings import settings


async def ask(texts, **given):
    return await client(settings(**given)).judge("Say it.", texts)


async def test_rewards_come_in_the_order_of_the_responses(stand):
    reply = await ask(["7 plums", "2 pears", {"content": "9 loaves"}], api_key="secret", k=4, reward="centered")
    assert reply.rewards == (7.0, 2.0, 9.0)
    assert (reply.agreement, reply.k, reply.critique, reply.principles) == (0.75, 4, "Short and right.", ("brief",))
    asked = stand.asked[0]
    assert (asked["path"], asked["k"], asked["reward"]) == ("/v1/judge", 4, "centered")
    assert 0 < asked["deadline_s"] < 100
    assert stand.headers[0]["authorization"] == "Bearer secret"


async def test_connections_are_kept_and_chunked_answers_read(stand):
    stand.chunked = True
    for number in range(5):
        assert (await ask([f"{number + 1} plums"])).rewards == (number + 1.0,)
    assert len(stand.connections) == 1


@pytest.mark.parametrize("fault", ["drop", (503, {"Retry-After": "0.1"}), (429, {}), (500, {})])
async def test_a_passing_fault_is_asked_again_under_the_same_id(stand, fault):
    stand.faults = [fault]
    assert (await ask(["7 plums"])).rewards == (7.0,)
    assert len(stand.asked) == 2
    assert len({asked["id"] for asked in stand.asked}) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("hang", "no answer within"),
        ((503, {"Retry-After": "60"}), "HTTP 503: no room"),
        ((422, {}), "HTTP 422: no room"),
        (b"not json", "cannot be read"),
        (b'{"rewards": [1.0, 2.0]}', "cannot be read"),
        (b'{"rewards": [NaN], "scores": [NaN]}', "no reward"),
        (b'{"rewards": [0.0], "scores": [0.0], "valid": [false], "reason": "2 truncated"}', "2 truncated"),
        (b'{"rewards": "high"}', "cannot be read"),
        (b"[]", "cannot be read"),
    ],
)
async def test_what_gives_no_reward_says_why_and_never_gives_a_number(stand, fault, reason):
    stand.faults = [fault] * 9
    started = time.monotonic()
    reply = await ask(["7 plums"], deadline=0.5)
    assert reply.rewards == (None,)
    assert reason in reply.reason
    assert time.monotonic() - started < 1.5


async def test_a_server_that_is_down_gives_no_reward_and_one_that_comes_up_does(stand):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}"
        reply = await ask(["7 plums"], url=dead, deadline=0.3)
    assert reply.rewards == (None,)
    assert dead in reply.reason


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_wrong_setup_stops_the_training_at_once(stand, status):
    stand.faults = [(status, {})]
    with pytest.raises(UserError, match="SOLON_URL and SOLON_API_KEY"):
        await ask(["7 plums"])


def test_threads_share_one_loop_in_the_background_and_get_their_own_answers(stand):
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda n: in_background(ask([f"{n} plums"])), range(1, 201)))
    assert [reply.rewards for reply in replies] == [(float(n),) for n in range(1, 201)]


def test_each_event_loop_has_a_client_of_its_own(stand):
    async def asked(n):
        try:
            return await ask([f"{n} plums"])
        finally:
            await close()

    replies = [asyncio.run(asked(n)) for n in (3, 4)]
    assert [reply.rewards for reply in replies] == [(3.0,), (4.0,)]


def _in_a_fork(queue):
    queue.put(in_background(ask(["5 plums"])).rewards)
    in_background(close())


def test_a_forked_process_gets_a_loop_of_its_own(stand):
    assert in_background(ask(["7 plums"])).rewards == (7.0,)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_in_a_fork, args=(queue,))
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert queue.get() == (5.0,)


def test_settings_are_checked(monkeypatch):
    monkeypatch.setenv("SOLON_K", "8")
    assert settings(k=None).k == 8
    assert settings(k=2).k == 2
    for wrong in ({"urls": "x"}, {"reward": "best"}, {"url": "localhost"}, {"deadline": "soon"}, {"deadline": 0}):
        with pytest.raises(UserError, match=next(iter(wrong))):
            settings(**wrong)


def test_the_stand_in_is_the_groups_mean_and_else_a_constant():
    told, neutral = settings(), Neutral()
    assert neutral.filled("a", [None], told) == [5.5]
    assert neutral.filled("a", [8.0], told) == [8.0]
    assert neutral.filled("a", [None, 6.0], told) == [7.0, 6.0]
    assert neutral.filled("b", [None], told) == [5.5]
    assert neutral.filled("a", [None], settings(neutral=1)) == [7.0]
    assert neutral.filled("b", [None], settings(neutral=1)) == [1.0]
    assert neutral.filled("c", [None], settings(reward="centered")) == [0.0]
    assert neutral.filled("", [2.0], told) == [2.0]
    assert neutral.filled("", [None], told) == [5.5]


def test_a_group_is_forgotten_before_its_prompt_comes_again(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("solon.integrations.neutral.time.monotonic", lambda: now[0])
    told, neutral = settings(), Neutral()
    neutral.filled("a", [8.0], told)
    now[0] = 599.0
    assert neutral.filled("a", [None], told) == [8.0]
    now[0] = 2000.0
    assert neutral.filled("a", [None], told) == [5.5]


@pytest.mark.parametrize("name", ["trl", "verl", "openrlhf", "slime", "areal", "ms_swift", "nemo_rl"])
def test_a_shim_loads_nothing_heavy(name):
    heavy = ["pydantic", "aiohttp", "torch", "numpy", "rich", "cyclopts", "transformers"]
    code = f"import sys, solon.integrations.{name}; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
