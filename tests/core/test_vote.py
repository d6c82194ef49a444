"""Votes: the paper's worked examples, ties as sets, unread samples without a voice, and no accident of order."""

import os
import subprocess
import sys
from math import fsum

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from solon.order import restore
from solon.stats import top
from solon.types import Judgment, Unread
from solon.vote import counted, vote
from tests.core.make import judgment, unread

FOUR = [judgment(1, 5), judgment(5, 6), judgment(4, 8), judgment(7, 6)]
SCORES = st.integers(1, 10).map(float)
OUTCOMES = st.lists(st.builds(judgment, SCORES, SCORES, SCORES) | st.just(unread()), max_size=12)
RULES = st.sampled_from(["mean", "majority"])


def test_the_paper_s_four_samples_sum_to_17_and_25():
    verdict = vote(FOUR, 2)
    assert (verdict.sums, verdict.total, verdict.scores, verdict.best) == ((17.0, 25.0), 4, (4.25, 6.25), 1)


def test_the_paper_s_meta_model_keeps_the_first_and_third_which_sum_to_5_and_13():
    verdict = vote(FOUR, 2, weights=[0.9, -3.0, 0.2, -16.0], keep=2)
    assert (verdict.sums, verdict.total, verdict.best) == ((5.0, 13.0), 2, 1)
    assert counted(FOUR, [0.9, -3.0, 0.2, -16.0], 2) == [(0, 1.0), (2, 1.0)]


def test_the_paper_s_boxes_of_which_two_were_shown_reversed_sum_to_20_and_27():
    boxes, orders = [(8, 8), (9, 5), (10, 7)], [(0, 1), (1, 0), (1, 0)]
    restored = [judgment(*restore(box, order)) for box, order in zip(boxes, orders, strict=True)]
    assert [one.scores for one in restored] == [(8, 8), (5, 9), (7, 10)]
    assert vote(restored, 2, orders=orders).sums == (20.0, 27.0)


def test_a_single_response_has_a_score_and_no_agreement():
    verdict = vote([judgment(7), judgment(4), unread()], 1)
    assert (verdict.scores, verdict.best, verdict.agreement, verdict.position_consistency) == ((5.5,), 0, None, None)


def test_trap_1_unread_samples_never_vote():
    with_unread = vote([unread("truncated"), *FOUR, unread(), unread()], 2)
    alone = vote(FOUR, 2)
    assert (with_unread.sums, with_unread.scores, with_unread.tied) == (alone.sums, alone.scores, alone.tied)
    assert with_unread.unread == {"no_scores": 2, "truncated": 1}
    assert (len(with_unread.outcomes), len(with_unread.judgments)) == (7, 4)


@pytest.mark.parametrize("outcomes", [[], [unread()], [unread("failed_call")] * 8])
def test_trap_1_with_none_read_there_is_no_verdict_and_no_tie(outcomes):
    verdict = vote(outcomes, 2, orders=[(0, 1)] * len(outcomes))
    assert (verdict.sums, verdict.scores, verdict.tied, verdict.best) == (None, None, (), None)
    assert (verdict.agreement, verdict.position_consistency, verdict.total) == (None, None, 0)


def test_trap_2_a_tie_is_a_set_and_nobody_wins_by_standing_first():
    verdict = vote([judgment(8, 2, 6), judgment(4, 9, 6)], 3)
    assert (verdict.tied, verdict.best, verdict.agreement) == ((0, 2), None, None)


@given(OUTCOMES, st.randoms(use_true_random=False), RULES)
def test_trap_2_the_order_of_judgments_changes_nothing(outcomes, rng, rule):
    shuffled = rng.sample(outcomes, len(outcomes))
    one, other = vote(outcomes, 3, rule=rule), vote(shuffled, 3, rule=rule)
    assert (one.sums, one.tied, one.total, one.agreement, one.unread) == (
        other.sums,
        other.tied,
        other.total,
        other.agreement,
        other.unread,
    )


@given(st.lists(st.tuples(SCORES, SCORES, st.floats(0, 1)), max_size=8), st.randoms(use_true_random=False))
def test_trap_2_nor_does_it_with_weights(drawn, rng):
    def verdict(rows: list[tuple[float, float, float]]) -> tuple[object, ...]:
        voted = vote([judgment(a, b) for a, b, _ in rows], 2, weights=[weight for _, _, weight in rows])
        return voted.sums, voted.tied, voted.total

    assert verdict(drawn) == verdict(rng.sample(drawn, len(drawn)))


@given(OUTCOMES, st.floats(1e-6, 1e6), RULES)
@example([judgment(1, 5, 1), judgment(9, 5, 1)], 0.3, "mean")
def test_trap_2_equal_weights_tie_where_no_weights_would(outcomes, weight, rule):
    assert vote(outcomes, 3, rule=rule, weights=[weight] * len(outcomes)).tied == vote(outcomes, 3, rule=rule).tied


def test_trap_2_thirds_of_a_vote_add_up_exactly():
    """Seven thirds against two and a third: in floats the second is larger."""
    assert fsum([1 / 3] * 7) < fsum([1.0, 1.0, 1 / 3])
    tops = [(0, 2, 3), (0, 4, 5), (0, 2, 4), (0, 3, 5), (0, 2, 5), (0, 3, 4), (0, 2, 3), (1, 4, 5), (1,), (1,)]
    outcomes = [judgment(*(9 if i in winners else 1 for i in range(6))) for winners in tops]
    assert vote(outcomes, 6, rule="majority").tied == (0, 1)


PRINT_VERDICT = """
from solon.types import Judgment, Unread
from solon.vote import vote
outcomes = [Judgment(s, (), "", "") for s in [(1.0, 2.0), (2.0, 1.0), (3.0, 3.0)]]
outcomes += [Unread(r, "") for r in ("truncated", "no_scores", "refused", "failed_call")]
print(vote(outcomes, 2), vote(outcomes, 2, rule="majority"), vote(outcomes, 2).unread)
"""


def test_trap_2_the_verdict_does_not_depend_on_pythonhashseed():
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINT_VERDICT],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "99")
    }
    assert len(printed) == 1


def test_majority_gives_each_judgment_one_vote_for_its_best():
    outcomes = [judgment(1, 0), judgment(1, 0), judgment(0, 1), unread()]
    verdict = vote(outcomes, 2, rule="majority")
    assert (verdict.sums, verdict.scores, verdict.best, verdict.agreement) == ((2.0, 1.0), (2 / 3, 1 / 3), 0, 2 / 3)


def test_majority_and_mean_can_differ():
    outcomes = [judgment(6, 5), judgment(6, 5), judgment(1, 10)]
    assert (vote(outcomes, 2).best, vote(outcomes, 2, rule="majority").best) == (1, 0)


def test_weights_scale_what_a_judgment_counts():
    verdict = vote([judgment(2, 8), judgment(9, 1), unread()], 2, weights=[0.25, 0.75, None])
    assert (verdict.sums, verdict.total, verdict.scores, verdict.best) == ((7.25, 2.75), 1.0, (7.25, 2.75), 0)
    assert counted([judgment(1, 2), judgment(3, 4)], [0.0, 2.0]) == [(1, 2.0)]


def test_judgments_that_all_weigh_nothing_give_no_verdict():
    verdict = vote(FOUR, 2, weights=[0.0] * 4)
    assert (verdict.sums, verdict.scores, verdict.tied, len(verdict.judgments)) == (None, None, (), 4)


@pytest.mark.parametrize(
    ("weights", "keep", "kept"),
    [
        ([1.0, 1.0, 1.0, 1.0], 2, [0, 1]),
        ([1.0, 2.0, 1.0, 1.0], 2, [0, 1]),
        ([-1.0, -2.0, -1.0, 5.0], 2, [0, 3]),
        ([1.0, 2.0, 3.0, 4.0], 9, [0, 1, 2, 3]),
        ([0.0, 0.0, 0.0, 1.0], 1, [3]),
    ],
)
def test_keep_takes_the_best_by_weight_and_of_equals_the_earlier(weights, keep, kept):
    assert counted(FOUR, weights, keep) == [(i, 1.0) for i in kept]


def test_keep_passes_over_unread_samples():
    outcomes = [unread(), judgment(1, 5), unread(), judgment(5, 6), judgment(7, 6)]
    assert counted(outcomes, [None, 3.0, 9.0, 1.0, 2.0], 2) == [(1, 1.0), (4, 1.0)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"keep": 2}, "keep must be at least 1 and needs weights"),
        ({"keep": 0, "weights": [1.0] * 4}, "keep must be at least 1"),
        ({"weights": [1.0, 1.0, -0.5, 1.0]}, "sample 2 was read but its weight is -0.5; a finite, non-negative number"),
        (
            {"weights": [1.0, 1.0, float("nan"), 1.0], "keep": 2},
            "sample 2 was read but its weight is nan; a finite number",
        ),
        ({"weights": [1.0, float("inf"), 1.0, 1.0]}, "sample 1 was read but its weight is inf"),
        ({"weights": [1.0] * 3}, "3 weights are given for 4 samples"),
        ({"weights": [1.0] * 5}, "5 weights are given for 4 samples"),
    ],
)
def test_trap_8_unusable_weights_are_refused_not_guessed(arguments, said):
    with pytest.raises(ValueError, match=said):
        vote(FOUR, 2, **arguments)


@pytest.mark.parametrize(("keep", "kept"), [(1, [0]), (2, [0, 2]), (3, [0, 2]), (None, [0, 2])])
def test_trap_6_a_judgment_that_was_not_weighed_has_no_rank_and_no_vote(keep, kept):
    """It is not worth 0: with the logits of a real meta model 0 would often be the top."""
    weights = [5.0, None, 3.0] if keep is None else [-1.0, None, -3.0]
    verdict = vote([*FOUR[:3], unread()], 2, weights=[*weights, None], keep=keep)
    assert [i for i, _ in counted(verdict.outcomes, verdict.weights, keep)] == kept
    assert (verdict.unweighed, len(verdict.judgments), verdict.weights) == (1, 3, (*weights, None))


def test_trap_6_where_nothing_could_be_weighed_there_is_no_verdict():
    verdict = vote(FOUR, 2, weights=[None] * 4, keep=2)
    assert (verdict.sums, verdict.tied, verdict.unweighed, len(verdict.judgments)) == (None, (), 4, 4)
    assert (vote(FOUR, 2).unweighed, vote(FOUR, 2).weights) == (0, None)


@pytest.mark.parametrize("n", [1, 3])
def test_trap_11_scores_are_never_zipped_past_the_responses(n):
    with pytest.raises(ValueError, match=f"every judgment of {n} responses must hold {n} scores"):
        vote(FOUR, n)


def test_agreement_is_the_share_of_read_judgments_with_the_verdict_s_best():
    verdict = vote([judgment(1, 5), judgment(9, 8), judgment(4, 8), judgment(6, 6), unread()], 2)
    assert (verdict.best, verdict.agreement) == (1, 0.5)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([(1, 5), (2, 6)], 1.0),
        ([(5, 1), (2, 6)], 0.0),
        ([(5, 5), (2, 6)], 0.0),
        ([(5, 5), (6, 6)], 1.0),
        ([(5, 1), None], None),
    ],
)
def test_position_consistency_compares_the_votes_of_both_orders(scores, expected):
    outcomes: list[Judgment | Unread] = [unread() if one is None else judgment(*one) for one in scores]
    assert vote(outcomes, 2, orders=[(0, 1), (1, 0)]).position_consistency == expected
    assert vote(outcomes, 2).position_consistency is None


def test_position_consistency_needs_an_order_per_sample():
    with pytest.raises(ValueError, match="zip"):
        vote(FOUR, 2, orders=[(0, 1)])


@given(OUTCOMES, RULES)
def test_scores_are_means_within_what_was_said(outcomes, rule):
    verdict = vote(outcomes, 3, rule=rule)
    read = [one for one in outcomes if isinstance(one, Judgment)]
    if not read:
        assert verdict.scores is None
        return
    assert verdict.scores is not None
    assert verdict.tied == top(verdict.scores)
    low, high = (1, 10) if rule == "mean" else (0, 1)
    assert all(low <= score <= high for score in verdict.scores)
