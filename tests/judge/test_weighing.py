"""Meta-guided voting through the conductor: the paper's worked example, what the scorer is shown, resuming, faults."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.judge import Judge
from solon.meta import META, SANDBOX_META
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure, Request, Sampled
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Conversation
from solon.store import Store
from solon.types import Judgment, plain
from solon.vote import counted
from tests.judge.judging import RESPONSE, boxed, case, cases, fair, scripted, shown

FORWARD = 1
"""With this seed the first sample of case a sees the responses in the case's own order."""
PAPER = ((1, 5), (5, 6), (4, 8), (7, 6))
LOGITS = {"(1, 5)": 1.5, "(5, 6)": -2.0, "(4, 8)": 0.25, "(7, 6)": -0.5}
FIRST, SECOND = "a good", "a bad"


def said(pair: Sequence[int], order: Sequence[str]) -> str:
    """Write a pair of scores, given in the case's order, in the order shown; the remark names the pair."""
    scores = dict(zip((FIRST, SECOND), pair, strict=True))
    return boxed([scores[text] for text in order]).replace("fine", f"pair {tuple(pair)}")


def paper(request: Request, index: int) -> str:
    """Answer with the paper's four samples: two were shown in one order and two in the other."""
    order = shown(request)
    pairs = {FIRST: (PAPER[0], PAPER[2]), SECOND: (PAPER[1], PAPER[3])}
    return said(pairs[order[0]][index], order)


def worth(conversation: Conversation) -> float:
    """Weigh a judgment by what its remark says, a function of its text alone."""
    text = plain(conversation[-1].content)
    return (sum(map(ord, text)) % 97) / 8 - 6


def weighing(scorer: ScriptedScorer, script: Any = fair, **options: Any) -> Any:
    judge, _ = scripted(script, meta=scorer, **options)
    return judge


async def test_the_paper_s_four_samples_sum_to_17_and_25_and_to_5_and_13_when_the_meta_model_keeps_two() -> None:
    (plainly,) = await scripted(paper, k=4, seed=FORWARD)[0].judge([case()])
    assert tuple(one.scores for one in plainly.judgments) == PAPER
    assert (plainly.sums, plainly.best, plainly.weights) == ((17.0, 25.0), 1, None)
    judge = weighing(ScriptedScorer(LOGITS), paper, k=4, seed=FORWARD)
    (verdict,) = await judge.judge([case()])
    assert (verdict.sums, verdict.total, verdict.scores, verdict.best) == ((5.0, 13.0), 2, (2.5, 6.5), 1)
    assert judge.keep == 2
    assert verdict.weights == (1.5, -2.0, 0.25, -0.5)
    assert counted(verdict.outcomes, verdict.weights, judge.keep) == [(0, 1.0), (2, 1.0)]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
async def test_the_scorer_sees_the_responses_in_the_sample_s_order(n: int) -> None:
    scorer = ScriptedScorer(worth)
    judge = weighing(scorer, k=6, seed=3)
    given = cases(4, n)
    verdicts = await judge.judge(given)
    seen = [[text for _, text in RESPONSE.findall(plain(user.content))] for user, _ in scorer.asked]
    texts = [plain(judgment.content) for _, judgment in scorer.asked]
    assert seen == [
        [plain(one.responses[i]) for i in order]
        for one, verdict in zip(given, verdicts, strict=True)
        for order in verdict.orders
    ]
    assert texts == [outcome.text for verdict in verdicts for outcome in verdict.outcomes]
    assert n < 3 or len(set(map(tuple, seen))) > len(given)


@pytest.mark.parametrize(
    ("k", "k_meta", "keep"), [(1, None, 1), (2, None, 1), (5, None, 3), (8, None, 4), (8, 8, 8), (3, 1, 1)]
)
async def test_half_of_the_judgments_vote_by_default(k: int, k_meta: int | None, keep: int) -> None:
    judge = weighing(ScriptedScorer(worth), k=k, k_meta=k_meta)
    (verdict,) = await judge.judge([case("a", "worth 3", "worth 4")])
    assert (judge.keep, verdict.total) == (keep, keep)


async def test_the_majority_is_that_of_the_kept() -> None:
    def best(request: Request, index: int) -> str:
        return boxed([1 + shown(request).index("a good" if index == 0 else "a bad")]).replace("fine", f"no {index}")

    plainly, meta = scripted(best, k=6, form="pairwise")[0], ScriptedScorer({"no 0": 2.0, "no ": -1.0})
    assert (await plainly.judge([case()]))[0].best == 1
    (verdict,) = await weighing(meta, best, k=6, k_meta=2, form="pairwise").judge([case()])
    assert (verdict.sums, verdict.best) == ((2.0, 0.0), 0)


async def test_only_what_was_read_is_weighed() -> None:
    lines = [boxed([8, 5]), "no box", Failure("down"), boxed([11, 5]), Sampled("Anal", "length"), boxed([7, 6])]
    scorer = ScriptedScorer(lambda _: -3.0)
    (verdict,) = await weighing(scorer, iter_of(lines), k=6, k_meta=2).judge([case()])
    assert len(scorer.asked) == len(verdict.judgments) == 2
    assert (verdict.total, verdict.unweighed) == (2, 0)
    assert [weight is None for weight in verdict.weights or ()] == [
        not isinstance(outcome, Judgment) for outcome in verdict.outcomes
    ]


def iter_of(lines: Sequence[Any]) -> Any:
    answers = iter(lines)
    return lambda request, index: next(answers)


async def test_trap_8_a_judgment_that_could_not_be_weighed_is_left_out_and_told_of() -> None:
    broken = ScriptedScorer(LOGITS | {"(1, 5)": Failure("HTTP 500: down")})
    judge = weighing(broken, paper, k=4, k_meta=2)
    (verdict,) = await judge.judge([case()])
    assert (verdict.sums, verdict.total, verdict.unweighed) == ((11.0, 14.0), 2, 1)
    assert judge.notes([verdict]) == [
        "Could not be weighed, so without a vote: 1 judgment, such as: HTTP 500: down",
    ]
    nothing = weighing(ScriptedScorer(lambda _: Failure("down")), paper, k=4)
    (verdict,) = await nothing.judge([case()])
    assert (verdict.scores, verdict.best, len(verdict.judgments), verdict.unweighed) == (None, None, 4, 4)


async def test_resuming_weighs_nothing_twice_and_asks_again_for_what_failed(tmp_path: Path) -> None:
    given, path = cases(5), tmp_path / "run.sqlite"

    def flaky(conversation: Conversation) -> float | Failure:
        return Failure("down") if len(broken.asked) % 3 == 1 else worth(conversation)

    broken, whole, none = ScriptedScorer(flaky), ScriptedScorer(worth), ScriptedScorer(worth)
    first = weighing(broken, k=4)
    with Store(path, first.identity()) as store:
        unsure = await first.judge(given, store)
    failed = sum(verdict.unweighed for verdict in unsure)
    assert 0 < failed < 20
    second = weighing(whole, k=4)
    with Store(path, second.identity()) as store:
        mended = await second.judge(given, store)
        assert len(whole.asked) == failed
        assert second.sampler.asked == []
        assert await weighing(none, k=4).judge(given, store) == mended
        assert [second.verdict(one, store.samples(one.id), store.weights(one.id)) for one in given] == mended
    assert none.asked == []
    assert mended == await weighing(ScriptedScorer(worth), k=4).judge(given)


async def test_a_scorer_that_stops_the_run_leaves_what_was_weighed(tmp_path: Path) -> None:
    def script(conversation: Conversation) -> float:
        if len(scorer.asked) == 5:
            raise UserError("the key expired")
        return worth(conversation)

    scorer = ScriptedScorer(script, concurrency=1)
    judge = weighing(scorer, k=4)
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        with pytest.raises(UserError, match=r"^the key expired$"):
            await judge.judge(cases(5), store)
        assert store.usage().samples == 20
        assert sum(len(store.weights(one.id)) for one in cases(5)) == 4
        again = ScriptedScorer(worth)
        await weighing(again, k=4).judge(cases(5), store)
    assert len(again.asked) == 16


class Slow(ScriptedScorer):
    """Answers late, and the later asked the sooner."""

    async def score(self, conversations: Sequence[Conversation]) -> list[float | Failure]:
        scores = await super().score(conversations)
        await asyncio.sleep(max(0.0, 0.02 - len(self.asked) / 5000))
        return scores


@pytest.mark.parametrize(("batch", "concurrency"), [(1, 1), (1, 64), (7, 2), (1000, 1)])
async def test_batches_and_concurrency_change_nothing(batch: int, concurrency: int) -> None:
    expected = await weighing(ScriptedScorer(worth), k=4).judge(cases(9, 3))
    scorer = Slow(worth, batch=batch, concurrency=concurrency)
    assert await weighing(scorer, k=4).judge(cases(9, 3)) == expected


async def test_progress_counts_what_was_weighed() -> None:
    seen = []
    judge = weighing(ScriptedScorer(worth, batch=3), k=4)
    await judge.judge(cases(2), progress=lambda state: seen.append((state.done, state.weighed)))
    assert seen[-1] == (8, 8)
    assert sorted(seen) == seen


async def test_a_run_without_a_meta_model_is_what_it_was() -> None:
    plainly, weighed = scripted(k=4)[0], weighing(ScriptedScorer(worth), k=4, k_meta=3)
    assert not {key for key in plainly.identity() if "meta" in key}
    assert weighed.identity() == plainly.identity() | {
        "meta": "ScriptedScorer",
        "meta_form": "meta",
        "meta_template_hash": META.template_hash,
    }
    assert plainly.keep is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"k": 4, "k_meta": 5, "meta": ScriptedScorer([])}, "k_meta is 5 and k is 4: at most all judgments can vote"),
        ({"k_meta": 0, "meta": ScriptedScorer([])}, "k_meta is 0: input should be greater than or equal to 1"),
        ({"k_meta": 2}, "k_meta says how many judgments vote by their weights, and needs a meta model"),
        ({"meta": "./no/such"}, "there is no folder './no/such'"),
    ],
)
def test_options_that_cannot_weigh(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        scripted(**options)


def test_a_meta_checkpoint_names_its_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(
        "solon.weighing.open_scorer", lambda name, **options: opened.append((name, options)) or ScriptedScorer([])
    )
    monkeypatch.setenv("MY_KEY", "secret")
    Checkpoint("sandbox-meta", "0123").save(tmp_path)
    judge, _ = scripted(meta=str(tmp_path), meta_api_key_env="MY_KEY", timeout=7)
    assert opened == [(str(tmp_path), {"api_key": "secret", "concurrency": 64, "timeout": 7.0})]
    assert judge.identity()["meta_form"] == "sandbox-meta"
    (note,) = judge.notes()
    assert note.startswith("Of the meta model: The checkpoint was trained on another text of the form 'sandbox-meta'")
    Checkpoint("sandbox-meta", SANDBOX_META.template_hash).save(tmp_path)
    assert scripted(meta=str(tmp_path))[0].notes() == []
    Checkpoint("pointwise", "0123").save(tmp_path)
    with pytest.raises(UserError, match="the form 'pointwise' is none that a meta model reads"):
        scripted(meta=str(tmp_path))


class Closing(ScriptedScorer):
    closed = 0

    async def close(self) -> None:
        self.closed += 1


async def test_closing_the_judge_closes_the_scorer_once() -> None:
    scorer = Closing(worth)
    async with weighing(scorer, k=2) as judge:
        await judge.judge(cases(1))
    assert scorer.closed == 1


def test_the_synchronous_door_weighs_and_closes_too() -> None:
    scorer = Closing(worth)
    with weighing(scorer, k=2) as judge:
        verdict = judge("Why?", ["worth 3", "worth 4"])
    assert (verdict.total, len(verdict.weights or ()), scorer.closed) == (1, 2, 1)


def test_a_sandbox_judge_is_weighed_by_its_own_line() -> None:
    scorer = ScriptedScorer(lambda _: 0.0)
    sampler = ScriptedSampler(lambda *_: "Principles: brief 3.\n[1] brief yes: 4\n[2] brief no: 1\n\\boxed{4, 1}")
    with Judge(sampler, form="sandbox", meta=scorer, k=2) as judge:
        judge("Write a letter.", ["Dear river.", "No."])
    assert {plain(user.content).splitlines()[-1] for user, _ in scorer.asked} == {"Judge."}
