"""Rewards: equations 10 and 11, ties that share the credit, and labels that prefer nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.reward import best_responses, correct, credit, decides, outcome_reward
from solon.types import Best, Label, Ratings, Right
from tests.core.make import judgment, unread


@pytest.mark.parametrize(
    ("scores", "label", "right", "share"),
    [
        ((3, 8), Best(1), True, 1.0),
        ((8, 3), Best(1), False, 0.0),
        ((8, 8), Best(1), False, 0.5),
        ((8, 8, 8), Best(0), False, 1 / 3),
        ((8, 8, 2), Best(2), False, 0.0),
        ((9, 1, 5), Ratings((4.0, 2.0, 3.0)), True, 1.0),
        ((9, 5, 1), Ratings((4.0, 2.0, 3.0)), True, 1.0),
        ((5, 9, 1), Ratings((4.0, 2.0, 3.0)), False, 0.0),
        ((5, 5, 1), Ratings((4.0, 2.0, 3.0)), False, 0.5),
        ((1, 9, 5), Ratings((4.0, 4.0, 3.0)), True, 1.0),
        ((9, 9, 5), Ratings((4.0, 4.0, 3.0)), False, 1.0),
        ((9, 1, 9), Ratings((4.0, 4.0, 3.0)), False, 0.5),
        ((1,), Right(True), True, 1.0),
        ((0,), Right(True), False, 0.0),
        ((0,), Right(False), True, 1.0),
        ((1,), Right(False), False, 0.0),
        ((0.5,), Right(True), False, 0.0),
    ],
)
def test_equation_10_and_the_credit_of_a_random_tie_break(scores, label, right, share):
    assert correct(scores, label) is right
    assert credit(scores, label) == share


@pytest.mark.parametrize(
    ("scores", "label", "reward"),
    [
        ((3, 8), Best(1), 1.0),
        ((8, 8), Best(1), -1.0),
        ((8, 3), Best(1), -1.0),
        ((1,), Right(True), 1.0),
        ((0,), Right(True), -1.0),
    ],
)
def test_equation_11(scores, label, reward):
    assert outcome_reward(judgment(*scores), label) == reward


@pytest.mark.parametrize("reason", ["truncated", "no_scores", "wrong_count", "out_of_range"])
@pytest.mark.parametrize("label", [Best(0), Ratings((1.0, 2.0)), Right(False)])
def test_trap_9_an_unread_critique_is_minus_one_for_a_policy_in_training(reason, label):
    assert outcome_reward(unread(reason), label) == -1.0


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (Best(0), True),
        (Right(False), True),
        (Ratings((1.0, 2.0)), True),
        (Ratings((2.0, 2.0, 1.0)), True),
        (Ratings((2.0, 2.0)), False),
        (Ratings((5.0,)), False),
    ],
)
def test_a_label_decides_only_when_it_prefers_someone(label, expected):
    assert decides(label) is expected


def test_best_responses_are_those_that_share_the_top_of_the_label():
    assert best_responses(Ratings((3.0, 5.0, 5.0))) == (1, 2)
    assert best_responses(Best(2)) == (2,)
    with pytest.raises(ValueError, match="0/1 label has no best response"):
        best_responses(Right(True))


LABELS = st.builds(Best, st.integers(0, 2)) | st.builds(Ratings, st.tuples(*[st.integers(1, 4).map(float)] * 3))


@given(st.tuples(*[st.integers(1, 5).map(float)] * 3), LABELS)
def test_to_be_right_is_full_credit_and_credit_is_a_share(scores, label: Label):
    share = credit(scores, label)
    assert 0.0 <= share <= 1.0
    assert not correct(scores, label) or share == 1.0
