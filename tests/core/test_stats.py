"""Intervals: seeded, private, and wide enough to hold the truth about as often as they claim."""

import random
from collections import Counter
from math import comb, sqrt
from statistics import correlation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.stats import (
    Part,
    binomial,
    bootstrap,
    clustered_difference,
    combined,
    counted_rank_correlation,
    paired,
    rank_correlation,
    ranks,
    top,
)

VALUES = [float(i * i % 17) for i in range(60)]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((1, 5, 3), (1,)), ((5, 5), (0, 1)), ((2.0,), (0,)), ((-1, -2, -1), (0, 2)), ((0.0, -0.0), (0, 1))],
)
def test_trap_2_the_top_is_everyone_who_shares_it(scores, expected):
    assert top(scores) == expected


def test_the_seed_decides_the_interval_and_nothing_else_does():
    random.seed(1)
    before = random.getstate()
    first = bootstrap(VALUES, seed=3)
    assert random.getstate() == before
    random.seed(2)
    assert bootstrap(VALUES, seed=3) == first
    assert bootstrap(VALUES, seed=4) != first
    assert bootstrap(VALUES, seed=4).mean == first.mean == sum(VALUES) / 60


def test_an_interval_covers_the_truth_about_as_often_as_it_claims():
    rng = random.Random(0)
    held = 0
    for trial in range(200):
        interval = bootstrap([float(rng.random() < 0.6) for _ in range(100)], seed=trial, resamples=200)
        held += interval.low <= 0.6 <= interval.high
    assert 0.88 <= held / 200 <= 0.99


def test_an_interval_narrows_with_more_cases():
    few, many = bootstrap(VALUES), bootstrap(VALUES * 16)
    assert (many.high - many.low) == pytest.approx((few.high - few.low) / 4, rel=0.25)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20))
def test_an_interval_lies_within_the_values(values):
    interval = bootstrap(values, resamples=50)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


def test_paired_measures_the_difference_case_by_case():
    better = [value + 0.25 for value in VALUES]
    assert paired(better, VALUES) == pytest.approx((0.25, 0.25, 0.25))


def test_groups_are_compared_as_a_whole_and_left_out_where_either_has_none():
    ones, others = [[value] for value in VALUES], [[value / 2] for value in VALUES]
    assert clustered_difference(ones, others) == pytest.approx(paired(VALUES, [value / 2 for value in VALUES]))
    assert clustered_difference([[1, 1, 1], [0], [9]], [[0], [0, 0, 1], []]).mean == 3 / 4 - 1 / 4
    with pytest.raises(ValueError, match="at least one value"):
        clustered_difference([[1.0], []], [[], [1.0]])
    with pytest.raises(ValueError, match="shorter"):
        clustered_difference([[1.0]], [])


def test_a_difference_of_groups_that_err_together_is_sure():
    """Each mean varies with the groups drawn; that one is 0.1 above the other does not."""
    rng = random.Random(4)
    shares = [rng.random() for _ in range(200)]
    more, less = [[share] * 5 for share in shares], [[share - 0.1] * 3 for share in shares]
    alone, both = combined([Part(1.0, more)]), clustered_difference(more, less)
    assert both == pytest.approx((0.1, 0.1, 0.1))
    assert alone.high - alone.low > 0.05


def test_ranks_share_their_mean_and_correlate_as_spearman_says():
    assert ranks([30.0, 10.0, 30.0, 20.0]) == [3.5, 1.0, 3.5, 2.0]
    assert rank_correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert rank_correlation(VALUES, [-value for value in VALUES]) == pytest.approx(-1)
    assert rank_correlation([1, 1], [1, 2]) is rank_correlation([], []) is rank_correlation([2], [3]) is None


def test_pairs_that_come_so_many_times_correlate_as_if_written_out():
    counted = [((3.0, 1.0), 4), ((2.0, 3.0), 1), ((1.0, 1.0), 2), ((3.0, 3.0), 5), ((3.0, 1.0), 1)]
    written, true = zip(*(pair for pair, times in counted for _ in range(times)), strict=True)
    expected = correlation(ranks(written), ranks(true))
    assert counted_rank_correlation(counted) == rank_correlation(written, true) == pytest.approx(expected)


@pytest.mark.parametrize(("values", "others"), [([1.0], [1.0, 2.0]), ([], [])])
def test_measures_of_other_cases_or_of_none_are_refused(values, others):
    with pytest.raises(ValueError):  # noqa: PT011
        paired(values, others)


def test_no_values_have_no_interval():
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap([])


def test_a_binomial_number_has_its_distribution():
    """Exact probabilities of 4 trials at 3/7, against 40,000 draws; and the ends, where nothing is drawn."""
    rng, draws = random.Random(2), 40_000
    drawn = Counter(binomial(4, 3, 7, rng) for _ in range(draws))
    for found in range(5):
        expected = comb(4, found) * 3**found * 4 ** (4 - found) / 7**4
        assert drawn[found] / draws == pytest.approx(expected, abs=4 * sqrt(expected / draws))
    assert (binomial(9, 0, 5, rng), binomial(9, 5, 5, rng), binomial(0, 1, 2, rng)) == (0, 9, 0)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 2, 3)])
def test_drawing_how_often_each_kind_of_group_comes_is_drawing_groups(sizes):
    rng = random.Random(5)
    groups = [[float(rng.random() < 0.3)] * rng.choice(sizes) for _ in range(600)]
    assert len({(sum(group), len(group)) for group in groups}) * 16 < 600
    by_kind = combined([Part(1.0, groups)], resamples=4000)
    one_by_one = combined([Part(1.0, groups, lambda units: sum(units) / len(units))], resamples=4000)
    assert by_kind.mean == one_by_one.mean
    width = one_by_one.high - one_by_one.low
    assert by_kind.low == pytest.approx(one_by_one.low, abs=0.06 * width)
    assert by_kind.high == pytest.approx(one_by_one.high, abs=0.06 * width)


def test_an_interval_of_a_weighted_figure_has_the_width_that_theory_gives():
    """Parts of 400 coins each: the variance of the weighted mean is the sum of the weighted parts'."""
    parts = [Part(weight, [[float(i % 4 == 0)] for i in range(400)]) for weight in (1.0, 3.0)]
    found = combined(parts, resamples=4000)
    sigma = sqrt(0.25 * 0.75 / 400 * (1 + 9) / 16)
    assert found.high - found.low == pytest.approx(2 * 1.96 * sigma, rel=0.06)
