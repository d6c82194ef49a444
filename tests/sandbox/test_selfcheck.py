"""The world's own ceilings have the shape that the method needs."""

import pytest

from solon.sandbox.selfcheck import self_check

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ceilings():
    return {(row.annotator, row.follow): row for row in self_check(120, seed=4)}


def test_voting_removes_independent_errors(ceilings):
    noisy = ceilings["noisy", 0.0]
    assert 0.54 < noisy.one < 0.64
    assert noisy.voting >= 0.78
    assert noisy.strict < noisy.one


def test_lures_are_errors_that_a_vote_keeps_and_truth_reveals(ceilings):
    noisy = ceilings["noisy", 0.6]
    assert noisy.voting < ceilings["noisy", 0.0].voting - 0.015
    assert noisy.oracle_half > noisy.voting + 0.03


def test_principles_matter_more_than_checks(ceilings):
    for q in (0.0, 0.6):
        assert ceilings["true principles", q].one > ceilings["perfect checks", q].one + 0.03
        assert ceilings["true and perfect", q].voting > 0.9


def test_it_is_reproducible():
    assert self_check(5, seed=1) == self_check(5, seed=1)
