"""The page's routes without a browser: what it is made of, votes as they arrive, and stored runs by filters."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from solon.files import write_json
from solon.judge import Judge
from solon.report.lines import verdict_line
from solon.report.recorded import Recorded
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Request, Sampled
from solon.scorers.scripted import ScriptedScorer
from solon.server.page.files import FILES
from solon.server.page.view import parted
from solon.store import Store
from tests.judge.judging import boxed, case, cases, fair
from tests.server.serving import Client, judging, serving

ASKED = {"prompt": "Why?", "responses": ["worth 9", "worth 3"]}


class Gated:
    """A sampler that answers one request each time it is let."""

    batch = 1
    concurrency = 64

    def __init__(self) -> None:
        self.gate, self.calls = asyncio.Semaphore(0), 0

    async def sample(self, requests: Any) -> list[Answer]:
        """Wait, and answer as the fair judge does."""
        self.calls += 1
        await self.gate.acquire()
        return [Answer(tuple(Sampled(fair(one, i), tokens=7) for i in range(one.n)), 50) for one in requests]

    async def close(self) -> None:
        """Do nothing."""


async def events(client: Client, **body: object) -> AsyncIterator[dict[str, Any]]:
    async with client.session.post(client.url + "/page/judge", json=ASKED | body) as answer:
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            yield json.loads(line)


async def judged(client: Client, **body: object) -> list[dict[str, Any]]:
    return [event async for event in events(client, **body)]


async def test_the_page_is_small_and_loads_nothing_but_itself():
    async with serving() as client:
        size, loaded = 0, set()
        for path, name in FILES.items():
            async with client.session.get(client.url + path) as seen:
                text = await seen.text()
                assert (seen.status, seen.headers["X-Content-Type-Options"]) == (200, "nosniff")
                assert "default-src 'self'" in seen.headers["Content-Security-Policy"]
                size += len(text)
                loaded |= set(re.findall(r'(?:src|href)="(/[^"]*)"', text))
                loaded |= {f"/page/{path}" for path in re.findall(r'from "\./([^"]*)"', text)}
                assert not re.search(
                    r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|<style| on\w+=\"", text
                ), name
        assert loaded == set(FILES) - {"/"}
        assert size < 60_000


async def test_every_vote_arrives_when_it_is_there_and_the_verdict_is_that_of_the_native_protocol():
    sampler = Gated()
    async with serving(Judge(sampler, k=4)) as client:
        stream = events(client, k=4)
        assert (await anext(stream))["event"] == "begin"
        for count in range(1, 5):
            sampler.gate.release()
            sample = (await anext(stream))["sample"]
            assert sample["scores"] == [9, 3], f"vote {count}, in the case's own order"
        (end,) = [event async for event in stream]
        assert sampler.calls == 4
        assert end["verdict"]["cost"] == {"prompt": 200, "completion": 28, "calls": 4}
        assert [sample["order"] for sample in end["verdict"]["samples"]].count([1, 0]) == 2
        for _ in range(4):
            sampler.gate.release()
        native = await client.judge("worth 9", "worth 3", k=4)
        assert native["scores"] == end["verdict"]["scores"] == [9, 3]
        assert [one["text"] for one in native["samples"]] == [one["text"] for one in end["verdict"]["samples"]]
        assert (await client.get(f"/v1/judgments/{native['id']}"))[0] == 200


async def test_at_the_deadline_what_arrived_is_the_verdict():
    sampler = Gated()
    for _ in range(3):
        sampler.gate.release()
    async with serving(Judge(sampler, k=8), answer_within=0.5) as client:
        *_, end = await judged(client)
    assert (end["cut"], end["verdict"]["read"], end["verdict"]["scores"]) == ("deadline", 3, [9, 3])


async def test_who_leaves_is_no_longer_judged_for():
    sampler = Gated()
    async with serving(Judge(sampler, k=2)) as client:
        stream = events(client)
        await anext(stream)
        assert client.service.desk.open == 1
        await stream.aclose()
        for _ in range(200):
            if client.service.desk.open == client.service.desk.judging == 0:
                break
            await asyncio.sleep(0.01)
        assert (client.service.desk.open, client.service.desk.judging) == (0, 0)


async def test_unread_samples_have_their_reason_and_no_number():
    def cut(request: Request, index: int) -> Any:
        return Sampled("I think", "length") if request.seed % 2 else fair(request, index)

    async with serving(judging(cut, k=4)) as client:
        *samples, end = [event for event in await judged(client) if event["event"] != "begin"]
    unread = [one["sample"] for one in samples if "unread" in one["sample"]]
    assert len(unread) == 2
    assert all("scores" not in one and one["text"] == "I think" and one["detail"] for one in unread)
    assert (end["verdict"]["read"], sum(end["verdict"]["unread"].values())) == (2, 2)


async def test_the_votes_that_the_meta_model_kept_are_told():
    judge = judging(k=4, meta=ScriptedScorer(lambda conversation: float(len(str(conversation)) % 7)))
    async with serving(judge) as client:
        about = (await client.get("/page/about"))[1]
        *_, end = await judged(client)
    kept = [sample["place"] for sample in end["verdict"]["samples"] if sample["counts"]]
    assert about["fixed_k"]
    assert len(kept) == end["verdict"]["keep"] == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"responses": []}, "responses"),
        ({"responses": ["a"] * 9}, "at most 8"),
        ({"k": 33}, "k"),
        ({"prompt": []}, "prompt"),
        ({"principles": [" "]}, "blank"),
        ({"more": 1}, "more"),
    ],
)
async def test_what_cannot_be_judged_is_refused(body, told):
    async with serving() as client:
        status, answer = await client.post("/page/judge", ASKED | body)
    assert status == 422
    assert told in answer["error"]["message"]


async def test_with_keys_only_the_page_itself_is_open(monkeypatch, tmp_path):
    monkeypatch.setenv("SOLON_API_KEYS", "sesame")
    async with serving(runs=tmp_path) as client:
        assert [(await client.get(path))[0] for path in FILES] == [200] * len(FILES)
        for path in ("/page/about", "/page/runs", "/page/cases?run=a", "/page/case?run=a&place=0"):
            assert (await client.get(path))[0] == 401
        assert (await client.post("/page/judge", ASKED))[0] == 401
        assert (await client.get("/page/about", headers={"Authorization": "Bearer sesame"}))[0] == 200


def noisy(request: Request, index: int) -> str:
    """Judge fairly, but now and then the other way round, or in a way that cannot be read."""
    draw = (request.seed + index) % 11
    said = fair(request, index)
    return "no box" if draw == 0 else said if draw < 8 else boxed([5, 5])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a run of 120 cases and their labels, half of which are wrong."""
    folder = tmp_path_factory.mktemp("runs")
    run = folder / "first" / "run"
    run.mkdir(parents=True)
    found = cases(120)
    with Judge(ScriptedSampler(noisy), k=4) as judge, Store(run / "run.sqlite", judge.identity()) as store:
        judge.batch(found, store)
    lines = [{"id": one.id, "prompt": "Why?", "responses": ["a", "b"], "best": i % 2} for i, one in enumerate(found)]
    (run / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


async def test_a_run_is_listed_and_filtered_by_what_its_verdicts_are(folder):
    recorded = Recorded.of(folder / "first" / "run")
    expected = {
        "tie": [len(v.tied) > 1 for v in recorded.verdicts],
        "unread": [bool(v.unread) for v in recorded.verdicts],
        "low": [v.agreement is not None and v.agreement < 0.6 for v in recorded.verdicts],
        "mismatch": [v.best != i % 2 for i, v in enumerate(recorded.verdicts)],
    }
    async with serving(runs=folder) as client:
        runs = (await client.get("/page/runs"))[1]["runs"]
        assert [(run["name"], run["cases"], run["k"]) for run in runs] == [("first/run", 120, "4")]
        counts = (await client.get("/page/counts?run=first/run&below=0.6"))[1]
        for name, there in expected.items():
            assert 0 < sum(there) < 120, name
            assert counts[name] == sum(there), name
            rows = (await client.get(f"/page/cases?run=first/run&below=0.6&filters={name}"))[1]["rows"]
            assert [row["place"] for row in rows] == [i for i, yes in enumerate(there) if yes][:50], name
        both = (await client.get("/page/cases?run=first/run&filters=unread,mismatch"))[1]["total"]
        assert both == sum(a and b for a, b in zip(expected["unread"], expected["mismatch"], strict=True))
        last = (await client.get("/page/cases?run=first/run&first=100"))[1]
        assert ([row["id"] for row in last["rows"]], last["total"]) == ([f"c{i}" for i in range(100, 120)], 120)
        one = (await client.get("/page/case?run=first/run&place=7"))[1]
        assert one["verdict"]["scores"] == list(recorded.verdicts[7].scores or ())
        assert (one["case"]["id"], one["label"], one["total"]) == ("c7", {"best": [1], "ratings": None}, 120)


async def test_votes_of_a_run_are_weighed_as_its_summary_says(tmp_path):
    scorer = ScriptedScorer(lambda conversation: float(len(str(conversation)) * 7919 % 13) - 6)
    judge = Judge(ScriptedSampler(noisy), k=4, meta=scorer, weigh="soft", trust=3.0)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        verdicts = judge.batch(cases(8), store)
    seen = []
    async with serving(runs=tmp_path) as client:
        for _ in range(2):
            rows = (await client.get("/page/cases?run=."))[1]["rows"]
            seen.append([row["scores"] for row in rows])
            write_json(tmp_path / "summary.json", {"config": judge.identity() | judge.ending.facts()})
    told = [verdict.scores and list(verdict.scores) for verdict in verdicts]
    assert told != seen[0], "without it the best half votes"
    assert told == seen[1]


async def test_verdicts_beside_a_run_are_what_it_is_filtered_by(folder, tmp_path):
    recorded = Recorded.of(folder / "first" / "run")
    lines = [verdict_line(*pair, "self") for pair in zip(recorded.cases, recorded.verdicts, strict=True)]
    for name, told in (("whole", lines), ("part", lines[:-1]), ("broken", ["{"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.sqlite").write_bytes((folder / "first" / "run" / "run.sqlite").read_bytes())
        changed = [line.replace('"tied": [0]', '"tied": [0, 1]') for line in told]
        (tmp_path / name / "verdicts.jsonl").write_text("\n".join(changed) + "\n")
    async with serving(runs=tmp_path) as client:
        seen = {name: (await client.get(f"/page/counts?run={name}"))[1]["tie"] for name in ("whole", "part", "broken")}
    assert seen["part"] == seen["broken"] == sum(len(v.tied) > 1 for v in recorded.verdicts)
    assert seen["whole"] == seen["part"] + sum(v.tied == (0,) for v in recorded.verdicts)


async def test_a_run_that_is_being_written_or_is_none_is_told_and_others_are_read(folder, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "run.sqlite").write_text("what is this")
    (tmp_path / "busy").mkdir()
    with Judge(ScriptedSampler(fair)) as judge, Store(tmp_path / "busy" / "run.sqlite", judge.identity()) as store:
        store.add_cases([case()])
        async with serving(runs=tmp_path) as client:
            runs = {run["name"]: run["fault"] for run in (await client.get("/page/runs"))[1]["runs"]}
            answers = [await client.get(f"/page/cases?run={name}") for name in ("busy", "none", "../none", "/etc")]
    assert "another run is writing it" in runs["busy"]
    assert "not a run file" in runs["none"]
    assert [status for status, _ in answers] == [404] * 4


@pytest.mark.parametrize("query", ["run=a&filters=best", "run=a&first=-1", "run=a&below=2", "run=a&more=1", ""])
async def test_a_question_about_a_run_that_makes_no_sense_is_refused(query, folder):
    async with serving(runs=folder) as client:
        assert (await client.get(f"/page/cases?{query}"))[0] == 422


def test_a_critique_is_parted_by_response_in_the_cases_own_order():
    said = "First a word.\nResponse 1: short.\n- dull\n\n**Response 2** is long.\n\nAll in all, the second."
    common, parts = parted(said, (1, 0))
    assert common == "First a word.\nAll in all, the second."
    assert parts == ["**Response 2** is long.", "Response 1: short.\n- dull"]
    assert parted("Response 1 wins.", (0, 1)) == ("Response 1 wins.", [])
    assert parted("Response 3 of 2. Response 1: a", (0,)) == ("Response 3 of 2. Response 1: a", [])
