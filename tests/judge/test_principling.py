"""Principles written apart: one call per query, kept and shared, and never silently left out."""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from solon.config import JudgeConfig
from solon.errors import UserError
from solon.forms.form import Form
from solon.forms.pointwise import POINTWISE
from solon.judge import Judge
from solon.plan import Progress
from solon.report.recorded import Recorded
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Failure, Request, Sampled
from solon.scorers.scripted import ScriptedScorer
from solon.store import Store
from solon.types import Case, Judgment, Principle, PrinciplesMode, PromptMode, Text, plain
from tests.judge.judging import boxed, case, fair, scripted

WRITTEN = "Principles:\n- **Truth** (weight: 60%): it is true\n- Brevity (weight: 40%): it is brief"
PRINCIPLES = ("**Truth** (weight: 60%): it is true", "Brevity (weight: 40%): it is brief")


def asks(request: Request) -> bool:
    """Tell whether a request asks for principles."""
    return plain(request.messages[0].content).rstrip().lower().endswith(("write principles.", "write the principles."))


def apart(request: Request, index: int) -> Any:
    """Write principles where a prompt asks for them, else judge."""
    if not asks(request):
        return Sampled(fair(request, index), tokens=10)
    return Sampled(WRITTEN if "<<<" in plain(request.messages[0].content) else "Principles: brief 3.", tokens=30)


def query(script: Any = apart, **options: Any) -> tuple[Judge, ScriptedSampler]:
    return scripted(script, principles="query", **options)


def pairs(n: int = 8) -> list[Case]:
    """Make all pairs of n responses to one query."""
    return [case(f"{i}-{j}", f"worth {i + 1}", f"worth {j + 1}") for i, j in itertools.combinations(range(n), 2)]


def queries(count: int) -> list[Case]:
    return [case(f"q{i}", "worth 3", "worth 4", prompt=f"Why {i}?") for i in range(count)]


def kinds(requests: Sequence[Request]) -> tuple[int, int]:
    """Count the calls for principles and the samples of judgments."""
    return sum(map(asks, requests)), sum(request.n for request in requests if not asks(request))


async def test_28_pairs_of_8_responses_make_one_call_for_principles_and_28_k_judgments(tmp_path: Path) -> None:
    judge, sampler = query(k=4)
    seen: list[Progress] = []
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        verdicts = await judge.judge(pairs(), store, lambda state: seen.append(replace(state)))
        usage = store.usage()
    assert kinds(sampler.asked) == (1, 28 * 4)
    assert (usage.principles_tokens, usage.completion_tokens, usage.samples) == (30, 28 * 4 * 10, 28 * 4)
    assert all(len(verdict.judgments) == 4 for verdict in verdicts)
    assert (seen[0].calls, seen[0].tokens, seen[0].done) == (1, 30, 0)
    assert (seen[-1].tokens, seen[-1].spent, seen[-1].done) == (30 + 1120, 30 + 1120, 112)
    assert usage.calls == seen[-1].calls == len(sampler.asked)


async def test_the_prompts_are_those_of_given_principles_and_the_query_is_shown_alone() -> None:
    own = [replace(one, principles=("be mine",), reference="gold", tags={"x": 1}) for one in pairs(3)]
    judge, sampler = query(k=2, seed=5)
    await judge.judge(own)
    first, *rest = sampler.asked
    prompt = plain(first.messages[0].content)
    assert asks(first)
    assert "Why?" in prompt
    assert not any(said in prompt for said in ("worth", "be mine", "gold"))
    assert (first.n, first.temperature, first.max_tokens, first.seed) == (1, 0.0, 4096, 5)
    given, other = scripted(k=2, seed=5, principles="given")
    await given.judge([replace(one, principles=PRINCIPLES) for one in own])
    told, expected = (sorted((r.seed, str(r.messages)) for r in some) for some in (rest, other.asked))
    assert told == expected
    assert {request.temperature for request in rest} == {0.5}


async def test_judgments_name_their_principles_and_who_wrote_them() -> None:
    (verdict,) = await query(k=2)[0].judge([case("a", "worth 3", "worth 4")])
    for judgment in verdict.judgments:
        assert judgment.principles == tuple(map(Principle, PRINCIPLES))
        assert judgment.principles_mode == "query"
    (verdict,) = await scripted(k=2)[0].judge([case("a", "worth 3", "worth 4")])
    assert {judgment.principles_mode for judgment in verdict.judgments} == {"self"}


async def test_what_tells_queries_apart() -> None:
    turn = case().prompt[0]
    differ = [
        case("a", prompt="How?"),
        replace(case("b"), prompt=(replace(turn, role="system"), turn)),
        replace(case("c"), prompt=(replace(turn, content=(Text("Why"), Text("? "))),)),
    ]
    judge, sampler = query(lambda request, i: WRITTEN if asks(request) else boxed([1, 2]), k=1)
    await judge.judge([case("d"), *differ, case("e", "others", "entirely"), case("f", "one", "two", "three")])
    assert kinds(sampler.asked) == (4, 6)


@pytest.mark.parametrize(("batch", "calls"), [(1, [1] * 7), (4, [4, 3])])
async def test_queries_are_asked_in_the_batches_that_the_sampler_likes(batch: int, calls: list[int]) -> None:
    sizes, flying, most, two = [], 0, 0, asyncio.Event()

    class Slow(ScriptedSampler):
        async def sample(self, requests: Sequence[Request]) -> list[Answer]:
            nonlocal flying, most
            if asks(requests[0]):
                flying, most = flying + 1, max(most, flying + 1)
                sizes.append(len(requests))
                if flying == 2:
                    two.set()
                with suppress(TimeoutError):  # no judgment before a second call had its time to come
                    await asyncio.wait_for(two.wait(), 5)
                await asyncio.sleep(0.05)  # nor a third
                flying -= 1
            return await super().sample(requests)

    await Judge(Slow(apart, batch=batch, concurrency=2), principles="query", k=2).judge(queries(7))
    assert (sizes, most) == (calls, 2)


async def test_a_broken_run_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    def breaks(request: Request, index: int) -> Any:
        if len(sampler.asked) == 9:
            raise UserError("the key expired")
        return apart(request, index)

    path, given = tmp_path / "run.sqlite", queries(6)
    judge, sampler = query(breaks, k=2)
    sampler.concurrency = 1
    with Store(path, judge.identity()) as store, pytest.raises(UserError, match="the key expired"):
        await judge.judge(given, store)
    before = kinds(sampler.asked)
    assert sum(before) == 9
    judge, sampler = query(k=2)
    with Store(path, judge.identity()) as store:
        verdicts = await judge.judge(given, store)
        after = kinds(sampler.asked)
        assert (before[0] + after[0], before[1] + after[1]) in ((6, 12 + 1), (6 + 1, 12))
        again, silent = query(k=2)
        assert await again.judge(given, store) == verdicts
        assert silent.asked == []
        assert store.usage().principles_tokens == 6 * 30
    assert verdicts == await query(k=2)[0].judge(given)


CUT = Sampled("Principles:\n- Tru", "length", tokens=9)


@pytest.mark.parametrize(
    ("said", "reason", "detail", "again"),
    [
        (Failure("HTTP 500: down"), "failed_call", "no principles were written: HTTP 500: down", 1),
        (Failure("too many tokens", "too_long"), "too_long", "no principles were written: too many tokens", 0),
        (Failure("never", "refused"), "refused", "no principles were written: never", 0),
        ("", "no_principles", "no principles could be read: no list of principles", 0),
        ("It should be true.", "no_principles", "no principles could be read: no list of principles", 0),
        (CUT, "no_principles", "no principles could be read: they were cut off at the token limit", 0),
        (
            Sampled("- Tru", "content_filter"),
            "no_principles",
            "no principles could be read: they were cut off by a content filter",
            0,
        ),
    ],
)
async def test_principles_that_are_not_there_leave_their_cases_unread(
    said: Any, reason: str, detail: str, again: int, tmp_path: Path
) -> None:
    def script(request: Request, index: int) -> Any:
        return said if asks(request) and "Why 0?" in plain(request.messages[0].content) else apart(request, index)

    given = [*queries(2), case("also", "worth 1", "worth 2", prompt="Why 0?")]
    judge, sampler = query(script, k=4)
    seen: list[Progress] = []
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        bad, good, other = await judge.judge(given, store, lambda state: seen.append(replace(state)))
    assert kinds(sampler.asked) == (2, 4)
    assert bad.unread == other.unread == {reason: 4}
    assert [one.detail for one in bad.outcomes if not isinstance(one, Judgment)] == [detail] * 4
    assert (bad.scores, bad.best, len(bad.orders), len(good.judgments)) == (None, None, 4, 4)
    assert (seen[-1].total, seen[-1].done, seen[-1].unread) == (12, 12, 8)
    recorded = Recorded.of(tmp_path / "run.sqlite")
    assert recorded.verdicts == (bad, good, other)
    judge, sampler = query(k=4)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        mended = await judge.judge(given, store)
    assert kinds(sampler.asked) == (again, 8 * again)
    assert [len(verdict.judgments) for verdict in mended] == ([4, 4, 4] if again else [0, 4, 0])


async def test_a_run_is_read_again_with_its_principles(tmp_path: Path) -> None:
    judge, _ = query(k=2, principles_temperature=0.5)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        verdicts = await judge.judge(queries(3), store)
    assert list(Recorded.of(tmp_path / "run.sqlite").verdicts) == verdicts
    with pytest.raises(UserError, match=r"principles_temperature was 0.5, now 0.0"):
        Store(tmp_path / "run.sqlite", query(k=2)[0].identity())
    assert not {name for name in scripted(k=2)[0].identity() if name.startswith("principles_")}


async def test_a_judge_remembers_what_it_read_and_nothing_else() -> None:
    said: list[Any] = [Failure("down"), "no list", WRITTEN]
    judge, sampler = query(lambda request, i: said.pop(0) if asks(request) else fair(request, i), k=2)
    with judge:
        found = [judge("Why?", ["worth 1", f"worth {i}"]).unread for i in range(2, 7)]
    assert found == [{"failed_call": 2}, {"no_principles": 2}, {}, {}, {}]
    assert kinds(sampler.asked) == (3, 6)


async def test_what_it_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solon.principling._REMEMBERED", 3)
    judge, sampler = query(k=1)
    await judge.judge(queries(4))
    await judge.judge(queries(4)[::-1])
    assert kinds(sampler.asked) == (5, 8)


class Waiting(ScriptedSampler):
    """Holds back principles until told."""

    def __init__(self, script: Any = apart) -> None:
        super().__init__(script)
        self.go = asyncio.Event()

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        if asks(requests[0]):
            self.asked += requests
            await self.go.wait()
            return [Answer((line,)) for line in map(self.line, requests)]
        return await super().sample(requests)

    def line(self, request: Request) -> Sampled | Failure:
        return Sampled(WRITTEN, tokens=30)


async def started(*work: Any) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.ensure_future(one) for one in work]
    for _ in range(20):
        await asyncio.sleep(0)
    return tasks


async def test_two_cases_with_one_query_ask_once_also_at_the_same_time() -> None:
    sampler = Waiting()
    judge = Judge(sampler, principles="query", k=2)
    with Store(":memory:", judge.identity()) as one, Store(":memory:", judge.identity()) as two:
        first, second = await started(
            judge.judge([*queries(1), case("a", "worth 1", "worth 2")], one),
            judge.judge([case("b", "worth 3", "worth 4"), *queries(2)], two),
        )
        sampler.go.set()
        verdicts = [*await first, *await second]
        assert kinds(sampler.asked) == (3, 10)
        assert all(len(verdict.judgments) == 2 for verdict in verdicts)
        assert sorted(store.usage().principles_tokens for store in (one, two)) == [30, 60]
        assert await query(k=2)[0].judge([case("b", "worth 3", "worth 4")], two) == verdicts[2:3]


async def test_a_failure_is_shared_and_what_another_gave_up_is_asked_for_again() -> None:
    class Failing(Waiting):
        def line(self, request: Request) -> Failure:
            return Failure("down")

    judge = Judge(sampler := Failing(), principles="query", k=2)
    tasks = await started(*(judge.judge(queries(1)) for _ in range(3)))
    sampler.go.set()
    assert [(await task)[0].unread for task in tasks] == [{"failed_call": 2}] * 3
    assert kinds(sampler.asked) == (1, 0)
    judge = Judge(waiting := Waiting(), principles="query", k=2)
    first, second = await started(*(judge.judge(queries(1)) for _ in range(2)))
    first.cancel()
    await started()
    waiting.go.set()
    assert len((await second)[0].judgments) == 2
    assert kinds(waiting.asked) == (2, 2)


@pytest.mark.parametrize(
    ("budget", "calls"),
    [({"budget_requests": 1}, (1, 0)), ({"budget_requests": 2}, (1, 1)), ({"budget_tokens": 40}, (1, 1))],
)
async def test_a_budget_counts_the_calls_for_principles(
    budget: dict[str, int], calls: tuple[int, int], tmp_path: Path
) -> None:
    judge, sampler = query(k=2, **budget)
    sampler.concurrency = 1
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        verdicts = await judge.judge(queries(5), store)
        (written, judged) = kinds(sampler.asked)
        assert (written, judged) == calls
        assert [len(verdict.outcomes) for verdict in verdicts] == [judged, 0, 0, 0, 0]
        judge, sampler = query(k=2)
        whole = await judge.judge(queries(5), store)
    assert kinds(sampler.asked) == (5 - written, 10 - judged)
    assert all(len(verdict.judgments) == 2 for verdict in whole)


def cached(monkeypatch: pytest.MonkeyPatch, script: Any = apart, **options: Any) -> tuple[Judge, ScriptedSampler]:
    """Make a judge of a named model, over a script."""
    sampler = ScriptedSampler(script)
    monkeypatch.setattr("solon.judge.open_sampler", lambda _: sampler)
    return Judge(**{"model": "http://a/v1", "principles": "query", "k": 2} | options), sampler


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({}, 0),
        ({"k": 4, "temperature": 0.9}, 0),
        ({"form": "pairwise"}, 0),
        ({"form": "sandbox"}, 3),
        ({"seed": 1}, 3),
        ({"principles_temperature": 1.0}, 3),
        ({"max_tokens": 99}, 3),
        ({"served_model": "other"}, 3),
        ({"model": "http://b/v1"}, 3),
        ({"extra_body": {"top_k": 1}}, 3),
    ],
)
def test_a_cache_keeps_principles_across_runs(
    options: dict[str, Any], calls: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, _ = cached(monkeypatch, cache=tmp_path / "new" / "principles.sqlite")
    with first:
        first.batch(queries(3))
    second, sampler = cached(monkeypatch, **{"cache": tmp_path / "new" / "principles.sqlite"} | options)
    with second, Store(tmp_path / "run.sqlite", second.identity()) as store:
        second.batch(queries(3), store)
        assert (kinds(sampler.asked)[0], store.usage().principles_tokens) == (calls, 30 * calls)
        assert kinds(sampler.asked)[1] == 3 * second.config.k


def test_only_what_can_be_read_is_cached_and_a_run_with_cached_principles_is_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache, strange = tmp_path / "principles.sqlite", [case("a", "worth 1", "worth 2", prompt="\ud800?")]
    for line in (Failure("down"), "no list", CUT):
        judge, sampler = cached(monkeypatch, lambda request, i, line=line: line, cache=cache)
        with judge:
            assert judge.batch(strange)[0].judgments == ()
        assert len(sampler.asked) == 1
    odd = "Principles:\n- be \udfff\n- be brief"
    for calls in (1, 0):
        judge, sampler = cached(monkeypatch, lambda r, i: odd if asks(r) else fair(r, i), cache=cache)
        with judge, Store(tmp_path / f"{calls}.sqlite", judge.identity()) as store:
            (verdict,) = judge.batch(strange, store)
        assert (kinds(sampler.asked)[0], verdict.judgments[0].principles[0].text) == (calls, "be \udfff")
        assert Recorded.of(tmp_path / f"{calls}.sqlite").verdicts == (verdict,)
    judge, sampler = cached(monkeypatch)
    with judge, Store(tmp_path / "0.sqlite", judge.identity()) as store:
        assert judge.batch(strange, store) == [verdict]
    assert sampler.asked == []


def test_a_folder_that_was_trained_again_is_another_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder, asked = tmp_path / "model", []
    folder.mkdir()
    for weights in ("one", "one", "other"):
        if not (folder / "model.safetensors").exists() or weights == "other":
            (folder / "model.safetensors").write_text(weights)
        judge, sampler = cached(monkeypatch, cache=tmp_path / "cache", model=str(folder))
        with judge:
            judge.batch(queries(2))
        asked.append(kinds(sampler.asked)[0])
    assert asked == [2, 0, 2]


def test_several_runs_may_use_a_cache_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, one = cached(monkeypatch, cache=tmp_path / "cache")
    second, two = cached(monkeypatch, cache=tmp_path / "cache")
    with first, second:
        assert first.batch(queries(3)) == second.batch(queries(3))
        second.batch(queries(5))
        first.batch(queries(5))
    assert (kinds(one.asked)[0], kinds(two.asked)[0]) == (3, 2)


def test_a_cache_that_cannot_be_used_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but longer than the header of one would be" * 30)
    Store(tmp_path / "run.sqlite", {}).close()
    before = (tmp_path / "run.sqlite").read_bytes()
    for name, told in (
        ("notes.txt", "the cache '.*notes.txt' cannot be used: it is not a cache; use another --cache"),
        ("run.sqlite", "'.*run.sqlite' is a database of something else, not a cache; use another --cache"),
        ("", "the cache '.*' cannot be used: it cannot be opened; use another --cache"),
    ):
        with pytest.raises(UserError, match=told):
            cached(monkeypatch, cache=tmp_path / name)
    assert (tmp_path / "run.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"principles": "query", "cache": "c"}, "a cache keeps principles by their model's name, which a Scripted"),
        ({"cache": "c"}, "cache and principles_temperature are for principles that are written apart"),
        ({"principles_temperature": 0.5}, "cache and principles_temperature are for principles that are written"),
        (
            {"principles": "query", "form": Form("own", "{{responses}}", POINTWISE.read)},
            "principles=query needs a form whose template inserts {{principles}}, and 'own' does not",
        ),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        scripted(**options)


async def test_cases_need_no_principles_but_must_fit_the_form() -> None:
    judge, sampler = query(form="correct")
    with pytest.raises(UserError, match="the form 'correct' is made for n = 1"):
        await judge.judge([case()])
    assert sampler.asked == []
    assert judge.misfit(case("a", "one")) is None


async def test_with_a_meta_model_and_early_stops() -> None:
    def script(request: Request, index: int) -> Any:
        silent = "Silence" in plain(request.messages[0].content)
        return "Nothing." if asks(request) and silent else apart(request, index)

    scorer = ScriptedScorer(lambda _: 0.5)
    judge, sampler = query(script, k=8, meta=scorer, stop="confident")
    good, bad = await judge.judge([case("a", "worth 1", "worth 9"), case("b", prompt="Silence")])
    assert (good.best, bad.unread) == (1, {"no_principles": 8})
    assert kinds(sampler.asked) == (2, len(good.outcomes))
    assert len(good.outcomes) == len(scorer.asked) < 8


def test_the_configuration_says_what_prompts_ask_for() -> None:
    modes = {mode: JudgeConfig(model="m", principles=mode).prompt_mode for mode in get_args(PrinciplesMode)}
    assert modes == {mode: mode for mode in get_args(PromptMode)} | {"query": "given"}
