"""What is kept: judgments by id in bounded memory and in files, and samples that no restart asks for again."""

import asyncio
from pathlib import Path

import pytest

from solon.errors import UserError
from solon.server.keeping import Keeping
from solon.store import Store
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


def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "judgments.sqlite").write_text("no database at all, but long enough to be looked at " * 30)
    with pytest.raises(UserError, match="file of judgments"):
        Keeping(None, tmp_path / "judgments.sqlite")
