"""What is kept: judgments by id in bounded memory and in files, and samples that no restart asks for again."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from solon.errors import UserError
from solon.report.recorded import Recorded
from solon.scorers.scripted import ScriptedScorer
from solon.server.keeping import Keeping
from solon.store import Store
from tests.judge.judging import fair
from tests.judge.test_principling import apart
from tests.judge.test_trimming import LONG, window
from tests.server.serving import judging, serving


async def test_memory_is_bounded_by_size() -> None:
    keeping = Keeping(memory=1000)
    for i in range(50):
        keeping.keep(f"n{i}", bytes(100))
    keeping.keep("n49", b"new")
    assert keeping.find("n0") is None
    assert keeping.find("n49") == b"new"
    assert [keeping.find(f"n{i}") is not None for i in range(35, 49)].count(True) == 9
    keeping.close()


async def test_a_judgment_that_cannot_be_written_now_is_written_with_the_next(tmp_path: Path) -> None:
    keeping = Keeping(None, tmp_path / "judgments.sqlite", memory=6)
    keeping.keep("early", b"first")
    with closing(sqlite3.connect(tmp_path / "judgments.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError, match="is writing it"):
            keeping.flush()
    keeping.keep("late", b"second")
    assert keeping.find("early") == b"first", "what has left the memory and is not yet in the file is found"
    keeping.close()
    again = Keeping(None, tmp_path / "judgments.sqlite")
    assert (again.find("early"), again.find("late")) == (b"first", b"second")
    again.close()


async def test_a_restarted_server_finds_judgments_and_asks_for_nothing_twice(tmp_path: Path) -> None:
    answers, asked = [], []
    for _ in range(2):
        judge = judging(k=4)
        store = Keeping(Store(tmp_path / "run.sqlite", judge.identity()), tmp_path / "judgments.sqlite")
        async with serving(judge, store=store) as client:
            group = [client.judge(f"worth {i + 1}", group_id="g", group_size=6) for i in range(6)]
            named = [client.judge("worth 3", "worth 5", prompt=f"{i}?", id="same") for i in range(3)]
            answers.append(await asyncio.gather(*group, *named))
            before = await client.get("/v1/judgments/same")
        asked.append(len(judge.sampler.asked))  # type: ignore[attr-defined]
    assert asked == [4 + 3 * 2, 0]
    for first, second in zip(*answers, strict=True):
        assert {**first, "usage": None} == {**second, "usage": None}
    async with serving(judging(), store=Keeping(None, tmp_path / "judgments.sqlite")) as client:
        assert await client.get("/v1/judgments/same") == before
    with Store.of(tmp_path / "run.sqlite") as run:
        assert len(run.cases()) == 1 + 3
        assert run.usage().samples == 4 * 4


async def test_more_judgments_of_a_kept_case_ask_only_for_those_that_are_missing(tmp_path: Path) -> None:
    judge = judging(k=4)
    async with serving(judge, store=Keeping(Store(tmp_path / "run.sqlite", judge.identity()))) as client:
        await client.judge("worth 3", "worth 5")
        await asyncio.sleep(0.1)
        more = await client.judge("worth 3", "worth 5", k=6)
    assert more["k_used"] == 6
    assert sum(request.n for request in judge.sampler.asked) == 6  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "options", "asked"),
    [
        (fair, {"meta": True}, 2),
        (apart, {"principles": "query"}, 3),
        (window(6500), {"too_long": "trim"}, 4),
        (apart, {"meta": True, "principles": "query", "too_long": "trim"}, 3),
    ],
)
async def test_whatever_stands_behind_a_verdict_is_kept_and_a_restart_asks_for_none_of_it(
    script: Any, options: dict[str, Any], asked: int, tmp_path: Path
) -> None:
    answers, calls = [], []
    for _ in range(2):
        scorer = ScriptedScorer(lambda conversation: float(len(str(conversation)) % 7)) if "meta" in options else None
        judge = judging(script, k=4, **(options | {"meta": scorer}))
        async with serving(judge, store=Keeping(Store(tmp_path / "run.sqlite", judge.identity()))) as client:
            answers.append(await client.judge(LONG if script.__name__ == "script" else "worth 3", "worth 5"))
        calls.append((len(judge.sampler.asked), scorer and len(scorer.asked)))  # type: ignore[attr-defined]
    assert calls == [(asked, scorer and 4), (0, scorer and 0)]
    assert {**answers[0], "usage": None} == {**answers[1], "usage": None}
    (verdict,) = Recorded.of(tmp_path / "run.sqlite").verdicts
    assert list(verdict.scores or ()) == answers[0]["scores"]
    assert (verdict.weights is not None, bool(verdict.left_out)) == ("meta" in options, script.__name__ == "script")
    with Store.of(tmp_path / "run.sqlite") as run:
        assert run.usage().principles_tokens == (30 if script is apart else 0)


async def test_principles_on_their_way_into_the_file_are_asked_for_and_counted_once(tmp_path: Path) -> None:
    judge = judging(apart, k=2, principles="query")
    async with serving(judge, store=Keeping(Store(tmp_path / "run.sqlite", judge.identity()))) as client:
        await asyncio.gather(*(client.judge(f"worth {i + 1}", "worth 5") for i in range(8)))
    assert len(judge.sampler.asked) == 1 + 8 * 2  # type: ignore[attr-defined]
    with Store.of(tmp_path / "run.sqlite") as run:
        assert run.usage().principles_tokens == 30


async def test_a_restart_goes_on_with_as_much_of_a_case_as_its_samples_were_shown(tmp_path: Path) -> None:
    asked = []
    for k in (4, 6):
        judge = judging(window(6500), k=4, too_long="trim")
        async with serving(judge, store=Keeping(Store(tmp_path / "run.sqlite", judge.identity()))) as client:
            answer = await client.judge(LONG, "worth 5", k=k)
        asked.append(sum(request.n for request in judge.sampler.asked))  # type: ignore[attr-defined]
    assert (asked, answer["k_used"]) == ([4 + 4, 2], 6)


def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "judgments.sqlite").write_text("no database at all, but long enough to be looked at " * 30)
    with pytest.raises(UserError, match="file of judgments"):
        Keeping(None, tmp_path / "judgments.sqlite")
