"""Votes that end early: the same best by fewer samples, in any order of arrival, and resumed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solon.config import JudgeConfig
from solon.errors import UserError
from solon.files import write_json
from solon.forms import load_form
from solon.forms.form import Form
from solon.judge import Judge
from solon.order import stable_hash
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request, Sampled
from solon.scorers.scripted import ScriptedScorer
from solon.stopping import looks
from solon.store import Store
from solon.types import Case
from tests.judge.judging import boxed, case, cases, shown


def noisy(request: Request, index: int) -> str:
    """Score responses by the number in their texts with noise of the seed."""
    worth = [int(text.rpartition(" ")[2]) for text in shown(request)]
    noise = [stable_hash(request.seed + index, text) % 7 - 3 for text in shown(request)]
    return boxed([min(10, max(1, a + b)) for a, b in zip(worth, noise, strict=True)])


def run(script: Callable[[Request, int], Any], given: list[Case], store: Store | None = None, **options: Any) -> Any:
    asked: list[int] = []

    def counting(request: Request, index: int) -> Any:
        asked.append(index)
        return script(request, index)

    with Judge(ScriptedSampler(counting), k=32, **options) as judge:
        return judge.batch(given, store), len(asked), judge


def test_lossless_names_every_best_of_the_full_vote_with_fewer_samples() -> None:
    given = cases(60)
    full, all_asked, _ = run(noisy, given)
    ended, asked, _ = run(noisy, given, stop="lossless")
    assert [verdict.best for verdict in ended] == [verdict.best for verdict in full]
    assert asked < all_asked == 60 * 32
    used = [len(verdict.outcomes) for verdict in ended]
    assert sum(used) == asked
    assert set(used) <= set(looks("lossless", 32))
    for short, long in zip(ended, full, strict=True):
        assert short.outcomes == long.outcomes[: len(short.outcomes)], "a vote that ends early is the full one's prefix"


def test_confident_uses_still_fewer() -> None:
    given = cases(60, n=3)
    full, _, _ = run(noisy, given)
    _, some, _ = run(noisy, given, stop="lossless")
    confident, few, judge = run(noisy, given, stop="confident")
    assert few < some
    agree = sum(a.best == b.best for a, b in zip(confident, full, strict=True))
    assert agree >= 0.9 * 60
    assert any("solon tune stop" in note for note in judge.notes(confident))


def test_a_prior_of_a_file_is_used_and_a_bad_one_named(tmp_path: Path) -> None:
    given, path = cases(30), tmp_path / "prior.json"
    write_json(path, {"strength": 4.0, "variance": 0.1, "certainty": 4.0, "threshold": 0.0})
    strict, most, judge = run(noisy, given, stop="confident", prior=path)
    assert judge.notes(strict) == []
    write_json(path, {"strength": 4.0, "variance": 0.1, "certainty": 4.0, "threshold": 0.4})
    assert run(noisy, given, stop="confident", prior=path)[1] < most
    write_json(path, {"strength": 4.0})
    with pytest.raises(UserError, match="holds no prior"):
        run(noisy, given, stop="confident", prior=path)


def test_a_run_of_full_votes_is_voted_on_again_without_a_call(tmp_path: Path) -> None:
    given, path = cases(20), tmp_path / "run.sqlite"
    with Judge(ScriptedSampler(noisy), k=32) as judge, Store(path, judge.identity()) as store:
        judge.batch(given, store)
    fresh, _, _ = run(noisy, given, stop="lossless")
    with Judge(ScriptedSampler(refusing), k=32, stop="lossless") as judge, Store(path, judge.identity()) as store:
        assert judge.batch(given, store) == fresh
        assert [judge.verdict(one, store.samples(one.id)) for one in given] == fresh


def refusing(request: Request, index: int) -> str:
    raise AssertionError("nothing is to be asked")


def test_a_run_that_ended_early_goes_on_as_a_full_one(tmp_path: Path) -> None:
    given, path = cases(10), tmp_path / "run.sqlite"
    with Judge(ScriptedSampler(noisy), k=32, stop="lossless") as judge, Store(path, judge.identity()) as store:
        ended = judge.batch(given, store)
        assert [judge.verdict(one, store.samples(one.id)) for one in given] == ended
    with Judge(ScriptedSampler(noisy), k=32) as judge, Store(path, judge.identity()) as store:
        assert judge.batch(given, store) == run(noisy, given)[0]


def test_progress_ends_at_its_total() -> None:
    seen = []
    with Judge(ScriptedSampler(noisy), k=32, stop="lossless") as judge:
        verdicts = judge.batch(cases(12), progress=lambda state: seen.append((state.done, state.total)))
    assert seen[-1][0] == sum(len(verdict.outcomes) for verdict in verdicts)


def test_a_lone_response_gets_all_its_judgments() -> None:
    (verdict,), asked, _ = run(noisy, [case("a", "worth 9")], stop="confident")
    assert (len(verdict.outcomes), asked) == (32, 32)


def test_unread_samples_do_not_decide() -> None:
    def broken(request: Request, index: int) -> str:
        return "no box"

    (verdict,), asked, _ = run(broken, cases(1), stop="lossless")
    assert (asked, verdict.scores) == (32, None)


def weighing(value: float) -> ScriptedScorer:
    return ScriptedScorer(lambda conversation: value)


def test_soft_weights_count_all_judgments_and_can_end_early() -> None:
    given = cases(20)
    full, _, _ = run(noisy, given, meta=weighing(3.0), weigh="soft")
    plain, _, _ = run(noisy, given)
    assert [verdict.best for verdict in full] == [verdict.best for verdict in plain], "equal weights change nothing"
    ended, asked, _ = run(noisy, given, meta=weighing(3.0), weigh="soft", stop="lossless")
    assert [verdict.best for verdict in ended] == [verdict.best for verdict in full]
    assert asked < 20 * 32
    assert all(verdict.total == pytest.approx(len(verdict.outcomes) / (1 + 2.718281828**-3)) for verdict in ended)


def test_of_the_best_by_weight_a_share_votes_at_every_look() -> None:
    verdicts, asked, judge = run(noisy, cases(20), meta=weighing(1.0), stop="confident")
    assert asked < 20 * 32
    assert {(len(v.outcomes), v.total) for v in verdicts} <= {(k, k / 2) for k in (4, 6, 8, 12, 16, 24, 32)}
    assert judge.ending.votes(6) == 3


def test_what_cannot_end_early_is_refused() -> None:
    with pytest.raises(UserError, match="weigh=soft, or stop=confident"):
        run(noisy, cases(1), meta=weighing(1.0), stop="lossless")
    boundless = Form("mine", load_form("pointwise").template, load_form("pointwise").read)
    with pytest.raises(UserError, match="SCALE"):
        run(noisy, cases(1), form=boundless, stop="confident")
    run(noisy, cases(1), form=boundless)


def test_looks_are_those_below_k() -> None:
    for k, expected in ((3, [3]), (4, [4]), (9, [4, 6, 8, 9])):
        with Judge(ScriptedSampler(noisy), k=k, stop="confident") as judge:
            assert judge.ending.looks == expected
    assert JudgeConfig(model="m").stop == "never"


def test_a_spent_budget_ends_cleanly_and_the_rest_is_asked_later(tmp_path: Path) -> None:
    given, path = cases(20), tmp_path / "run.sqlite"
    full, _, _ = run(noisy, given)
    asked: list[int] = []

    def counting(request: Request, index: int) -> str:
        asked.append(index)
        return noisy(request, index)

    for budget in (7, 9, None):
        sampler = ScriptedSampler(counting, concurrency=1)
        with Judge(sampler, k=32, budget_requests=budget) as judge, Store(path, judge.identity()) as store:
            before, verdicts = len(asked), judge.batch(given, store)
            if budget:
                assert len(asked) - before == 16 * budget, "a request asks for half of a case's samples"
                assert not all(judge.ending.decided(verdict.outcomes, None) for verdict in verdicts)
    assert verdicts == full
    assert len(asked) == 20 * 32, "nothing is asked twice"


def test_tokens_are_a_budget_too() -> None:
    sampler = ScriptedSampler(lambda request, index: Sampled(boxed([3, 1]), tokens=10), concurrency=1)
    with Judge(sampler, k=2, budget_tokens=30) as judge:
        verdicts = judge.batch(cases(10))
    assert sum(len(verdict.outcomes) for verdict in verdicts) == 3
    assert (len(verdicts), verdicts[-1].scores, verdicts[-1].best) == (10, None, None)
