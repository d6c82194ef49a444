"""Cases that are too long through the conductor: the same trim for every sample, whatever happens on the way."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from solon.report.recorded import Recorded
from solon.samplers.seam import Answer, Failure, Request, Sampled
from solon.scorers.scripted import ScriptedScorer
from solon.store import Slot, Store
from solon.types import Case, plain
from tests.judge.judging import boxed, case, scripted, shown

LONG = "x" * 6000
TOO_LONG = Failure("HTTP 400: the prompt is longer than the model's context", "too_long")
Script = Callable[[Request, int], Any]


def window(characters: int, first: str = "") -> Script:
    """A model that takes so many characters of prompt, 900 fewer where `first` begins the first response."""

    def script(request: Request, index: int) -> Any:
        room = characters - 900 * bool(first and shown(request)[0].startswith(first))
        if len(plain(request.messages[0].content)) > room:
            return TOO_LONG
        scores = [len(text) % 10 + 1 for text in shown(request)]
        return boxed(scores).replace("fine", f"fine {request.seed + index}")

    return script


def cases() -> list[Case]:
    return [case("a", "good", LONG + "!"), case("b"), case("c", LONG, LONG[:5000], "third")]


@pytest.mark.parametrize("batch", [1, 5])
async def test_a_case_that_is_too_long_is_judged_with_its_middle_left_out(batch: int) -> None:
    plainly, _ = scripted(window(10**6), k=4)
    judge, sampler = scripted(window(6500), k=4, too_long="trim", batch=batch)
    verdicts, whole = await judge.judge(cases()), await plainly.judge(cases())
    assert [verdict.left_out for verdict in verdicts] == [(0, 3001), (), (4500, 3500, 0)]
    assert [len(verdict.judgments) for verdict in verdicts] == [4, 4, 4]
    assert verdicts[1] == whole[1]
    assert {judgment.left_out for judgment in verdicts[0].judgments} == {(0, 3001)}
    cut = [text for request in sampler.asked[-9:] for text in shown(request) if "left out here" in text]
    assert set(cut) >= {f"{LONG[:1500]}\n[... 3,001 characters left out here ...]\n{LONG[:1499]}!"}


async def test_without_the_policy_it_stays_unread() -> None:
    judge, sampler = scripted(window(6500), k=4)
    verdicts = await judge.judge(cases())
    assert [verdict.unread for verdict in verdicts] == [{"too_long": 4}, {}, {"too_long": 4}]
    assert not any(verdict.left_out for verdict in verdicts)
    assert "left out here" not in str(sampler.asked)


async def test_where_one_order_is_too_long_all_are_shown_the_same() -> None:
    judge, sampler = scripted(window(8500, first="good"), k=4, too_long="trim")
    states: list[tuple[int, int, int]] = []
    (verdict,) = await judge.judge(cases()[:1], None, lambda s: states.append((s.done, s.unread, s.total)))
    assert (len(sampler.asked), verdict.unread) == (4, {})
    assert {judgment.left_out for judgment in verdict.judgments} == {(0, 3001)}
    assert verdict.position_consistency == 1.0
    assert states[-1] == (4, 0, 4)


async def test_a_case_that_stays_too_long_is_unread_after_a_few_tries() -> None:
    judge, sampler = scripted(window(100), k=2, too_long="trim")
    (verdict,) = await judge.judge(cases()[:1])
    assert (verdict.scores, verdict.unread) == (None, {"too_long": 2})
    assert len(sampler.asked) == 2 * 5
    short, asked = scripted(window(100), k=2, too_long="trim")
    (verdict,) = await short.judge([case()])
    assert (verdict.unread, len(asked.asked)) == ({"too_long": 2}, 2)


@pytest.mark.parametrize("script", [window(6500), window(8500, first="good"), window(100)])
def test_a_run_that_stops_after_every_call_ends_with_the_same_verdicts(tmp_path: Path, script: Script) -> None:
    straight, sampler = scripted(script, k=8, too_long="trim")
    verdicts, calls = straight.batch(cases()), 0
    for _ in range(99):
        judge, asked = scripted(script, k=8, too_long="trim", budget_requests=1)
        judge.sampler.concurrency = 1  # type: ignore[misc]
        with Store(tmp_path / "run.sqlite", judge.identity()) as store:
            resumed = judge.batch(cases(), store)
        calls += len(asked.asked)
        if not asked.asked:
            break
    assert resumed == verdicts
    assert calls == len(sampler.asked)
    if verdicts[0].judgments:
        assert list(Recorded.of(tmp_path).verdicts) == verdicts


def test_what_was_weighed_before_the_trim_is_weighed_anew(tmp_path: Path) -> None:
    given = [case("a", "one", LONG, "three")]
    scorer = ScriptedScorer(lambda turns: float("left out here" in plain(turns[0].content)))
    options = {"k": 12, "stop": "confident", "weigh": "soft", "too_long": "trim"}

    def late(request: Request, index: int) -> Any:
        """The fifth of the six orders, which is first asked for after a look, is the one that is too long."""
        texts = shown(request)
        if "left out" not in str(request.messages) and texts == fifth:
            return TOO_LONG
        return boxed([5] * len(texts))

    probe, sampler = scripted(lambda request, index: boxed([5, 5, 5]), k=12)
    probe.batch(given)
    fifth = shown(sampler.asked[4])
    for _ in range(2):
        judge, asked = scripted(late, meta=scorer, **options)
        with Store(tmp_path / "run.sqlite", judge.identity()) as store:
            (verdict,) = judge.batch(given, store)
            assert store.weights("a") == dict.fromkeys(range(12), 1.0)
        assert verdict.left_out == (0, 3000, 0)
        assert len(set(verdict.weights or ())) == 1
    assert not asked.asked


def test_samples_of_a_longer_prompt_are_no_longer_returned(tmp_path: Path) -> None:
    slots = (Slot(0, (0, 1), 1), Slot(1, (1, 0), 2))
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case()])
        store.add("a", slots, Answer((Sampled("one"), TOO_LONG)))
        store.weigh([("a", 0, 1.5)])
        assert (store.trim("a"), store.weights("a"), len(store.samples("a"))) == (None, {0: 1.5}, 2)
        store.add("a", slots[1:], Answer((Sampled("two"),)), 500)
        assert (store.trim("a"), store.weights("a"), store.samples("a")) == (500, {}, {1: Sampled("two")})
        store.add("a", slots[:1], Answer((Sampled("three"),)), 500)
        assert (store.weights("a"), store.samples("a")) == ({}, {0: Sampled("three"), 1: Sampled("two")})


def test_a_run_file_from_before_trims_is_read_and_written(tmp_path: Path) -> None:
    path, slots = tmp_path / "run.sqlite", (Slot(0, (0, 1), 1), Slot(1, (1, 0), 2))
    with Store(path, {}) as store:
        store.add_cases([case()])
        store.add("a", slots, Answer((Sampled("one"), TOO_LONG)))
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE samples DROP COLUMN trim")
    with Store(path, {}) as store:
        assert store.samples("a") == {0: Sampled("one"), 1: TOO_LONG}
        store.add("a", slots[1:], Answer((Sampled("two"),)), 500)
        assert store.samples("a") == {1: Sampled("two")}
