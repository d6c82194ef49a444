"""A scorer before the judge: who judges what, what is kept, what is asked again, and what a failed score means."""

from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path

import pytest

from solon.cascade import Cascade, Staged, settles
from solon.errors import UserError
from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Conversation
from solon.store import Store
from solon.types import Case, First, plain
from tests.judge.judging import case, cases, fair, scripted


class CountingScorer(ScriptedScorer):
    """A scripted scorer that counts words as tokens."""

    def lengths(self, conversations: list[Conversation]) -> list[int]:
        return [sum(len(plain(turn.content).split()) for turn in one) for one in conversations]


def said(conversation: Conversation) -> float:
    """Score a response by the number that ends its text, tenfold and negative: another unit, and another order."""
    return -10.0 * float(plain(conversation[-1].content).rpartition(" ")[2])


GIVEN = [case("far", "worth 2", "worth 9"), case("near", "worth 4", "worth 5"), case("lone", "worth 3")]


def test_the_scorer_s_verdict_stands_from_the_margin_on_and_the_judge_is_asked_of_all_else() -> None:
    judge, sampler = scripted(k=4)
    with Cascade(judge, CountingScorer(said), 70.0) as cascade:
        far, near, lone = cascade.batch(GIVEN)
    assert (far.judged_by, far.verdict, far.best, far.scores) == ("scorer", None, 0, (-20.0, -90.0))
    assert far.first == First((-20.0, -90.0), tokens=6)
    assert (near.judged_by, near.best, near.scores) == ("judge", 1, (4.0, 5.0))
    assert (lone.judged_by, lone.scores) == ("judge", (3.0,))
    assert not any("worth 9" in plain(request.messages[0].content) for request in sampler.asked)


def test_a_margin_as_large_as_the_threshold_settles_and_zero_settles_a_tie() -> None:
    assert settles(First((1.0, 3.0)), 2.0)
    assert not settles(First((1.0, 3.0)), 2.0001)
    assert settles(First((1.0, 1.0)), 0.0)
    assert First((5.0, 1.0, 4.5)).margin == 0.5
    assert not settles(First((1.0,)), 0.0)
    judge, _ = scripted()
    with Cascade(judge, ScriptedScorer(lambda _: 1.0), 0.0) as cascade:
        (tie,) = cascade.batch(GIVEN[:1])
    assert (tie.tied, tie.best, tie.judged_by) == ((0, 1), None, "scorer")


def test_a_case_with_one_failed_score_goes_to_the_judge_and_has_no_first_score() -> None:
    judge, _ = scripted()
    with Cascade(judge, ScriptedScorer({"worth 2": 9.0, "worth 9": Failure("down")}), 1.0) as cascade:
        (far,) = cascade.batch(GIVEN[:1])
    assert (far.first, far.judged_by, far.best) == (Failure("down"), "judge", 1)


def test_what_could_not_be_scored_is_not_counted_either_since_that_may_raise() -> None:
    class Refusing(CountingScorer):
        def lengths(self, conversations: list[Conversation]) -> list[int]:
            assert not any(plain(one[-1].content) == "worth 9" for one in conversations)
            return super().lengths(conversations)

    judge, _ = scripted()
    scorer = Refusing({"worth 2": 9.0, "worth 9": Failure("an image"), "worth 4": 1.0, "worth 5": 3.0})
    with Cascade(judge, scorer, 1.0) as cascade:
        far, near = cascade.batch(GIVEN[:2])
    assert (far.first, far.judged_by) == (Failure("an image"), "judge")
    assert near.first == First((1.0, 3.0), tokens=6)


def test_the_judge_s_verdicts_are_those_it_gives_without_a_scorer() -> None:
    given = cases(30)
    judge, _ = scripted(k=4)
    with judge:
        alone = judge.batch(given)
    judge, _ = scripted(k=4)
    with Cascade(judge, ScriptedScorer(said), 15.0) as cascade:
        staged = cascade.batch(given)
    voted = [(a, one.verdict) for a, one in zip(alone, staged, strict=True) if one.verdict]
    assert 0 < len(voted) < 30
    assert all(a == b for a, b in voted)


def test_cases_are_read_as_they_are_judged_and_the_progress_counts_those_that_are_sent() -> None:
    judge, _ = scripted(k=2)
    taken: dict[int, Staged] = {}
    ahead, states = [], []

    def read() -> Iterator[Case]:
        for place, one in enumerate(cases(400)):
            ahead.append(place - len(taken))
            yield one

    with Cascade(judge, ScriptedScorer(said, batch=2, concurrency=1), 15.0) as cascade:
        cascade.run(
            read(), lambda place, _, one: taken.update({place: one}), None, lambda now: states.append(copy(now)), 400
        )
    sent = sum(one.verdict is not None for one in taken.values())
    assert sorted(taken) == list(range(400))
    assert 0 < sent < 400
    assert max(ahead) < 200, "a bounded number of cases is held"
    assert (states[-1].done, states[-1].total) == (2 * sent, 2 * sent)


def broken(after: int) -> Callable[[Conversation], float]:
    count = iter(range(after))

    def score(conversation: Conversation) -> float:
        if next(count, None) is None:
            raise RuntimeError("killed")
        return said(conversation)

    return score


@pytest.mark.parametrize("after", [0, 7, 20])
def test_a_killed_run_asks_for_nothing_twice_and_ends_alike(after: int, tmp_path: Path) -> None:
    given, path = cases(20), tmp_path / "run.sqlite"
    whole = staged(given, ScriptedScorer(said), path=tmp_path / "whole.sqlite")[0]
    first = ScriptedScorer(broken(after), batch=2, concurrency=1)
    with pytest.raises(RuntimeError, match="killed"):
        staged(given, first, path=path)
    second = ScriptedScorer(said, batch=2)
    assert staged(given, second, path=path)[0] == whole
    done = 2 * (after // 2)
    assert len(second.asked) == 40 - done
    third = ScriptedScorer(said)
    again, sampler = staged(given, third, path=path, margin=15.0)
    assert (again, third.asked, sampler.asked) == (whole, [], [])
    with Store.of(path) as store:
        assert store.cases() == given, "the run's order is that of all cases, not of those that were sent"


def test_another_margin_asks_the_judge_only_for_what_it_did_not_judge_and_another_scorer_scores_anew(
    tmp_path: Path,
) -> None:
    given, path = cases(20), tmp_path / "run.sqlite"
    few, sampler = staged(given, ScriptedScorer(said), path=path, margin=15.0)
    more, further = staged(given, ScriptedScorer(said), path=path, margin=95.0)
    sent = [sum(one.verdict is not None for one in found) for found in (few, more)]
    assert sent[1] > sent[0] > 0
    assert len(sampler.asked) == 2 * sent[0]
    assert len(further.asked) == 2 * (sent[1] - sent[0])
    other = CountingScorer(said)
    staged(given, other, path=path)
    assert len(other.asked) == 40


def staged(given: list[Case], scorer: ScriptedScorer, path: Path, margin: float = 15.0) -> tuple[list, ScriptedSampler]:
    sampler = ScriptedSampler(fair)
    judge = Judge(sampler, k=2)
    with Cascade(judge, scorer, margin) as cascade, Store(path, judge.identity()) as store:
        return cascade.batch(given, store), sampler


def test_scores_are_kept_exactly(tmp_path: Path) -> None:
    first = First((0.1 + 0.2, -1e-17), tokens=None)
    judge, _ = scripted()
    with Store(tmp_path / "run.sqlite", judge.identity()) as store:
        store.add_cases(GIVEN)
        store.add_firsts("a", {"far": first})
        assert store.first("a", "far") == first
        assert store.first("b", "far") is None
    judge.close()


@pytest.mark.parametrize("margin", [-1.0, float("nan"), float("inf")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    judge, _ = scripted()
    with judge, pytest.raises(UserError, match="solon tune cascade"):
        Cascade(judge, ScriptedScorer(said), margin)


def test_a_case_that_the_judge_cannot_judge_is_named_before_anything_is_scored(tmp_path: Path) -> None:
    judge, _ = scripted(form="pairwise")
    scorer = ScriptedScorer(said)
    with Cascade(judge, scorer, 1.0) as cascade, pytest.raises(UserError, match="case 'lone' cannot be judged"):
        cascade.batch(GIVEN)
    assert scorer.asked == []
