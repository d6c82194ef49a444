"""The conductor end to end over scripted samplers: orders, seeds, votes, resuming, notes."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.forms import load_form
from solon.judge import Judge
from solon.plan import Progress
from solon.samplers.recorded import RecordedSampler, RecordingSampler
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure, Request, Sampled
from solon.store import Store
from solon.types import Image, Principle, Text, Unread, Verdict
from tests.judge.judging import boxed, case, cases, fair, scripted, shown


def texts(verdict: Verdict) -> list[str]:
    return [outcome.text for outcome in verdict.outcomes]


@pytest.mark.parametrize("orders", ["balanced", "random"])
@pytest.mark.parametrize("n", range(1, 7))
async def test_scores_come_back_in_the_cases_own_order(n: int, orders: str) -> None:
    given = cases(7, n)
    judge, sampler = scripted(k=12, orders=orders)
    verdicts = await judge.judge(given)
    for i, verdict in enumerate(verdicts):
        assert verdict.scores == tuple((3 * i + j) % 10 + 1 for j in range(n))
        assert len(verdict.judgments) == 12
        assert all(judgment.scores == verdict.scores for judgment in verdict.judgments)
    seen = {tuple(shown(request)) for request in sampler.asked}
    assert n < 3 or len(seen) > len(given)


async def test_unread_samples_and_ties_stay_what_they_are() -> None:
    lines = [boxed([8, 5]), "no box", boxed([11, 5]), boxed([1, 2, 3]), Sampled("Anal", "length"), Failure("down")]
    judge = Judge(ScriptedSampler(lines), k=6)
    (verdict,) = await judge.judge([case()])
    assert verdict.unread == {
        "failed_call": 1,
        "no_scores": 1,
        "out_of_range": 1,
        "truncated": 1,
        "wrong_count": 1,
    }
    assert (len(verdict.outcomes), len(verdict.judgments), sorted(verdict.scores or ())) == (6, 1, [5.0, 8.0])
    judge = Judge(ScriptedSampler([boxed([7, 7]), "no box"]), k=2)
    (tie,) = await judge.judge([case()])
    assert (tie.best, tie.tied, tie.agreement, tie.position_consistency) == (None, (0, 1), None, None)
    judge = Judge(ScriptedSampler(["no box", "nor here"]), k=2)
    (nothing,) = await judge.judge([case()])
    assert (nothing.scores, nothing.best, nothing.tied, nothing.unread) == (None, None, (), {"no_scores": 2})


@pytest.mark.parametrize(
    ("options", "temperature"),
    [({"k": 1}, 0.0), ({"k": 2}, 0.5), ({}, 0.5), ({"k": 1, "temperature": 0.7}, 0.7), ({"temperature": 0}, 0.0)],
)
async def test_one_judgment_is_greedy_and_several_are_sampled(options: dict[str, Any], temperature: float) -> None:
    judge, sampler = scripted(**options, max_tokens=77)
    await judge.judge([case("a", "worth 3", "worth 4")])
    assert {(request.temperature, request.max_tokens) for request in sampler.asked} == {(temperature, 77)}


@pytest.mark.parametrize("n", range(1, 9))
async def test_fewer_judgments_are_a_prefix_of_more(n: int) -> None:
    few, many = [(await scripted(k=k)[0].judge(cases(5, n))) for k in (8, 32)]
    for first, second in zip(few, many, strict=True):
        assert second.orders[:8] == first.orders
        assert texts(second)[:8] == texts(first)


async def test_an_order_is_asked_for_once() -> None:
    judge, sampler = scripted(k=32)
    await judge.judge([case("a", "worth 1", "worth 2")])
    assert [request.n for request in sampler.asked] == [16, 16]
    assert [shown(request) for request in sampler.asked] in (
        [["worth 1", "worth 2"], ["worth 2", "worth 1"]],
        [["worth 2", "worth 1"], ["worth 1", "worth 2"]],
    )
    seeds = [range(request.seed, request.seed + request.n) for request in sampler.asked]
    assert len(set(itertools.chain(*seeds))) == 32


async def test_the_seed_changes_orders_seeds_and_marks() -> None:
    asked = []
    for seed in (0, 0, 1):
        judge, sampler = scripted(k=4, seed=seed)
        await judge.judge(cases(20, 3))
        asked.append(sampler.asked)
    assert asked[0] == asked[1]
    assert not {request.messages for request in asked[0]} & {request.messages for request in asked[2]}
    assert not {request.seed for request in asked[0]} & {request.seed for request in asked[2]}


async def test_nothing_depends_on_the_other_cases() -> None:
    given = cases(9, 3)
    together = await scripted(k=4)[0].judge(given)
    alone = [(await scripted(k=4)[0].judge([one]))[0] for one in reversed(given)]
    assert together == alone[::-1]


async def test_batches_of_the_size_that_the_sampler_likes() -> None:
    sizes = []

    class Batched(ScriptedSampler):
        async def sample(self, requests: Any) -> Any:
            sizes.append(len(requests))
            return await super().sample(requests)

    await Judge(Batched(fair, batch=4, concurrency=1), k=2).judge(cases(5))
    assert sizes == [4, 4, 2]


async def test_progress_counts_samples() -> None:
    seen = []
    judge = Judge(ScriptedSampler(lambda request, i: "?" if i else Sampled(boxed([1, 2]), tokens=5)), k=4)
    await judge.judge(cases(3), progress=lambda state: seen.append(replace(state)))
    assert seen[-1] == Progress(total=12, kept=0, done=12, unread=6, tokens=30, spent=30, calls=6)
    assert [state.done for state in seen] == [2, 4, 6, 8, 10, 12]


async def test_failed_calls_are_asked_again_on_resume_and_nothing_else_is(tmp_path: Path) -> None:
    bad = {1: Failure("down"), 2: "no box", 3: Failure("no eyes", "unsupported_content"), 6: Failure("down")}
    first, _ = scripted(lambda request, i: bad.get(i, fair(request, i)), k=16)
    given = cases(3)
    with Store(tmp_path / "run.sqlite", first.identity()) as store:
        broken = await first.judge(given, store)
    assert [verdict.unread for verdict in broken] == [{"failed_call": 4, "no_scores": 2, "unsupported_content": 2}] * 3
    seen = []
    second, sampler = scripted(k=16)
    with Store(tmp_path / "run.sqlite", second.identity()) as store:
        mended = await second.judge(given, store, lambda state: seen.append(replace(state)))
        again = await scripted(k=16)[0].judge(given, store)
    assert [verdict.unread for verdict in mended] == [{"no_scores": 2, "unsupported_content": 2}] * 3
    assert mended == again
    assert [request.n for request in sampler.asked] == [1] * 12
    whole, once = scripted(k=16)
    straight = await whole.judge(given)
    wanted = {request.seed + i for request in once.asked for i in (1, 6)}
    assert {request.seed for request in sampler.asked} == wanted
    for one, other in zip(mended, straight, strict=True):
        same = [a == b for a, b in zip(one.outcomes, other.outcomes, strict=True)]
        assert same.count(False) == 4
    assert (seen[-1].total, seen[-1].kept, seen[-1].done) == (48, 36, 48)


async def test_a_failed_stretch_is_one_request(tmp_path: Path) -> None:
    down, _ = scripted(lambda request, i: Failure("down") if 2 <= i < 6 else fair(request, i), k=16)
    judge, sampler = scripted(k=16)
    with Store(tmp_path / "run.sqlite", down.identity()) as store:
        await down.judge([case("a", "worth 1", "worth 2")], store)
        (verdict,) = await judge.judge([case("a", "worth 1", "worth 2")], store)
    assert [request.n for request in sampler.asked] == [4, 4]
    assert (verdict,) == tuple(await scripted(k=16)[0].judge([case("a", "worth 1", "worth 2")]))


async def test_an_error_of_the_user_stops_the_run_at_once_and_keeps_what_is_there(tmp_path: Path) -> None:
    def script(request: Request, index: int) -> str:
        if len(sampler.asked) == 6:
            raise UserError("the key expired")
        return fair(request, index)

    sampler = ScriptedSampler(script, concurrency=4)
    judge = Judge(sampler, k=2)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        with pytest.raises(UserError, match=r"^the key expired$"):
            await judge.judge(cases(50), store)
        assert 5 <= store.usage().samples < 10
    assert len(sampler.asked) < 10


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        ([case(), case("b"), case()], {}, "2 cases have the id 'a'; ids must differ"),
        ([case()], {"form": "correct"}, "case 'a' cannot be judged: the form 'correct' is made for n = 1"),
        ([case("a", "one")], {"form": "pairwise"}, "case 'a' cannot be judged: the form 'pairwise' is made for n >= 2"),
        ([case()], {"principles": "given"}, "case 'a' cannot be judged: principles=given needs principles"),
    ],
)
async def test_cases_that_cannot_be_judged_are_named_before_anything_is_asked(
    given: list[Any], options: dict[str, Any], told: str
) -> None:
    judge, sampler = scripted(**options)
    with pytest.raises(UserError, match=told):
        await judge.judge(given)
    assert sampler.asked == []


async def test_no_cases_are_no_verdicts() -> None:
    assert await scripted()[0].judge([]) == []


@pytest.mark.parametrize(
    ("mode", "principles"),
    [
        ("self", (Principle("truth", 100.0),)),
        ("given", (Principle("be true"), Principle("be brief"))),
        ("given+self", (Principle("truth", 100.0),)),
    ],
)
async def test_given_principles_are_attached_to_their_judgments(mode: str, principles: tuple[Principle, ...]) -> None:
    judge, sampler = scripted(k=2, principles=mode)
    (verdict,) = await judge.judge([case("a", "worth 1", "worth 2", principles=("be true", "be brief"))])
    assert {judgment.principles for judgment in verdict.judgments} == {principles}
    prompt = sampler.asked[0].messages[0].content[0]
    assert isinstance(prompt, Text)
    assert ("- be true\n- be brief" in prompt.text) == (mode != "self")


async def test_forms_of_every_kind() -> None:
    (right,) = await scripted(lambda *_: "fine \\boxed{1}", k=3, form="correct")[0].judge([case("a", "one")])
    assert right.scores == (1.0,)
    third = scripted(lambda request, _: boxed([1 + shown(request).index("worth 3")]), k=6, form="pairwise")[0]
    (best,) = await third.judge([case("a", "worth 1", "worth 2", "worth 3")])
    assert (best.best, best.scores, best.agreement) == (2, (0.0, 0.0, 1.0), 1.0)


async def test_a_form_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "grades.py"
    path.write_text(
        "from solon.types import Judgment\n"
        "TEMPLATE = 'Grade: {{responses}}'\n"
        "def read(text, n):\n    return Judgment(tuple(float(g) for g in text.split()), (), '', text)\n"
    )
    judge, sampler = scripted(lambda *_: "3 4", k=1, form=str(path))
    (verdict,) = await judge.judge([case()])
    assert sorted(verdict.scores or ()) == [3.0, 4.0]
    assert (judge.identity()["form"], judge.identity()["form_file"]) == ("grades", str(path))
    assert Judge(sampler, form=load_form(str(path)), k=1).identity() == judge.identity()


async def test_an_image_reaches_the_sampler_in_its_place() -> None:
    picture = case("a", (Text("before "), Image("https://x/a.png"), Text(" after")), "worth 1")
    judge, sampler = scripted(lambda *_: boxed([5, 6]), k=2)
    (verdict,) = await judge.judge([picture])
    assert len(verdict.judgments) == 2
    for request in sampler.asked:
        first, image, rest = request.messages[0].content
        assert image == Image("https://x/a.png")
        assert isinstance(first, Text)
        assert isinstance(rest, Text)
        assert first.text.endswith("before ")
        assert rest.text.startswith(" after\n<<<end of response")
    blind, _ = scripted(k=2, text_only=True)
    verdicts = await blind.judge([picture, case("b", "worth 1", "worth 2")])
    assert [verdict.unread for verdict in verdicts] == [{"unsupported_content": 2}, {}]


async def test_what_was_recorded_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    async with Judge(RecordingSampler(ScriptedSampler(fair), path), k=4) as judge:
        first = await judge.judge(cases(5, 3))
    async with Judge(RecordedSampler.load(path), k=4) as judge:
        assert await judge.judge(cases(5, 3)) == first
        (unknown,) = await judge.judge([case("new")])
    assert unknown.unread == {"failed_call": 4}


async def test_lone_surrogates_pass(tmp_path: Path) -> None:
    broken = case("\ud800", "worth \udfff 1", "worth 2", prompt="\udc00", reference="\ud801", tags={"\ud802": "\ud803"})
    judge, _ = scripted(lambda *_: "\ud804 " + boxed([1, 2]), k=2)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        (verdict,) = await judge.judge([broken], store)
        assert judge.verdict(broken, store.samples("\ud800")) == verdict
    assert len(verdict.judgments) == 2


def test_a_checkpoint_names_its_form_and_its_temperature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solon.judge.open_sampler", lambda _: ScriptedSampler(fair))
    form = load_form("pairwise")
    Checkpoint("pairwise", form.template_hash, 0.8).save(tmp_path)
    assert json.loads((tmp_path / "solon.json").read_text())["temperature"] == 0.8
    judge = Judge(str(tmp_path), k=2)
    assert (judge.form, judge.temperature, judge.notes()) == (form, 0.8, [])
    assert Judge(str(tmp_path), k=1).temperature == 0.0
    assert Judge(str(tmp_path), temperature=0.1).temperature == 0.1
    (other,) = Judge(str(tmp_path), form="pointwise").notes()
    assert other == "The checkpoint was trained on the form 'pairwise' and is judged with 'pointwise'."
    Checkpoint("pairwise", "0123").save(tmp_path)
    judge = Judge(str(tmp_path))
    assert judge.temperature == 0.5
    assert f"template 0123, now {form.template_hash}" in judge.notes()[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "must hold form, template_hash and perhaps temperature"),
        ("[]", "must hold form"),
        ('{"form": "pointwise"}', "template_hash"),
        ('{"form": 3, "template_hash": "x"}', "form is 3"),
        ('{"form": "pointwise", "template_hash": "x", "temperature": "hot"}', "temperature is 'hot'"),
        ('{"form": "nosuch", "template_hash": "x"}', "no form is named 'nosuch'"),
    ],
)
def test_a_broken_checkpoint_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "solon.json").write_text(text)
    with pytest.raises(UserError, match=told):
        Judge(str(tmp_path))


@pytest.mark.parametrize(
    ("script", "options", "noted"),
    [
        (lambda *_: boxed([1, 2]), {"k": 8}, True),
        (lambda *_: boxed([1, 2]), {"k": 8, "temperature": 0}, False),
        (lambda *_: boxed([1, 2]), {"k": 2}, False),
        (lambda *_: Failure("down"), {"k": 8}, False),
        (fair, {"k": 8}, False),
        (lambda request, i: boxed([1, 2 + (request.seed + i) % 8]), {"k": 64}, False),
    ],
)
async def test_equal_texts_at_a_temperature_are_told_of(script: Any, options: dict[str, Any], noted: bool) -> None:
    judge, _ = scripted(script, **options)
    verdicts = await judge.judge(cases(3))
    assert any("ignore temperature or seed" in note for note in judge.notes(verdicts)) == noted


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Why?", "one text"), "'responses' is 'one text'; a list of one or more responses is allowed"),
        (("Why?", []), "'responses' is an empty list"),
        (("Why?", ["a", 3]), "response 1 is 3"),
        (([{"role": "assistant", "content": "Hi"}], ["a"]), "must be the user's"),
        ((3, ["a"]), "'prompt' is 3"),
    ],
)
def test_arguments_that_make_no_case(arguments: tuple[Any, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        scripted()[0](*arguments)
    with pytest.raises(UserError, match="'principles' is 'be true'; a list of texts is allowed"):
        scripted()[0]("Why?", ["a"], principles="be true")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kk": 3}, "there is no option 'kk'; the options are model, served_model, form"),
        ({"k": 0}, "k is 0: input should be greater than or equal to 1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": -1, "timeout": 0}, "temperature is -1: .*; timeout is 0: "),
        ({"orders": "sorted"}, "orders is 'sorted': input should be 'balanced' or 'random'"),
        ({"form": "nosuch"}, "no form is named 'nosuch'"),
    ],
)
def test_options_that_make_no_judge(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        scripted(**options)


@pytest.mark.parametrize("option", [{"served_model": "m"}, {"extra_body": {"top_k": 1}}])
def test_options_of_servers_are_refused_for_a_model_in_process(option: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="served_model and extra_body are for servers, and 'folder' is none"):
        Judge("folder", **option)


async def test_messages_are_taken_as_a_prompt() -> None:
    judge, sampler = scripted(k=2)
    turns = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"})
    with judge:
        first = judge(turns, ("worth 3", {"content": "worth 4"}), reference="gold")
        assert judge(list(turns), ["worth 3", "worth 4"], reference="gold") == first
    assert first.scores == (3.0, 4.0)
    assert isinstance(sampler.asked[0].messages[0].content[0], Text)
    assert "gold" in sampler.asked[0].messages[0].content[0].text


async def test_reading_what_is_kept_gives_the_same_verdict(tmp_path: Path) -> None:
    judge, _ = scripted(k=6)
    given = cases(4, 3)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        verdicts = await judge.judge(given, store)
        assert [judge.verdict(one, store.samples(one.id)) for one in given] == verdicts
    failed = judge.verdict(given[0], dict.fromkeys(range(6), Failure("down")))
    assert set(failed.outcomes) == {Unread("failed_call", "down")}
