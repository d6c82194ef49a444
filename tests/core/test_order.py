"""Orders: balanced over places in every prefix, stable in every process, undone by `restore`."""

import os
import random
import subprocess
import sys
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.order import restore, sample_orders, stable_hash

KINDS = st.sampled_from(["balanced", "random"])


def test_place_counts_differ_by_at_most_one_for_every_n_and_k():
    for n in range(1, 9):
        drawn = sample_orders(n, 64, seed=3, case_id="a")
        counts = Counter({(response, place): 0 for response in range(n) for place in range(n)})
        for order in drawn:
            counts.update((response, place) for place, response in enumerate(order))
            assert max(counts.values()) - min(counts.values()) <= 1


@given(st.integers(1, 8), st.integers(0, 64), st.integers(), st.text(), KINDS)
def test_fewer_samples_are_a_prefix_of_more(n, k, seed, case_id, kind):
    more = sample_orders(n, k + 5, seed=seed, case_id=case_id, orders=kind)
    assert sample_orders(n, k, seed=seed, case_id=case_id, orders=kind) == more[:k]


@given(st.integers(1, 8), st.integers(1, 40), st.integers(), st.text(), KINDS)
def test_every_order_is_a_permutation(n, k, seed, case_id, kind):
    for order in sample_orders(n, k, seed=seed, case_id=case_id, orders=kind):
        assert sorted(order) == list(range(n))


@pytest.mark.parametrize(("n", "distinct"), [(1, 1), (2, 2), (3, 6), (4, 8), (8, 16)])
def test_few_orders_are_used_so_that_samples_share_a_prompt(n, distinct):
    assert len(set(sample_orders(n, 64, seed=0, case_id="a"))) == distinct


def test_trap_11_the_case_s_first_response_is_first_in_half_of_the_cases():
    firsts = Counter(sample_orders(2, 1, seed=0, case_id=str(i))[0] for i in range(2000))
    assert 900 < firsts[0, 1] < 1100


@given(st.permutations(range(6)), st.lists(st.integers(), min_size=6, max_size=6))
def test_restore_inverts_the_order_shown(order, values):
    shown = [values[index] for index in order]
    assert restore(shown, tuple(order)) == tuple(values)


def test_random_orders_are_a_uniform_shuffle():
    drawn = Counter(sample_orders(3, 6000, seed=1, case_id="a", orders="random"))
    assert set(drawn) == set(permutations(range(3)))
    assert sum((count - 1000) ** 2 / 1000 for count in drawn.values()) < 20.5  # chi-square, 5 degrees, p = 0.001


@pytest.mark.parametrize("kind", ["balanced", "random"])
def test_trap_6_the_caller_s_generator_is_left_alone(kind):
    random.seed(5)
    before = random.getstate()
    drawn = sample_orders(4, 9, seed=0, case_id="a", orders=kind)
    assert random.getstate() == before
    random.seed(6)
    assert sample_orders(4, 9, seed=0, case_id="a", orders=kind) == drawn


@pytest.mark.parametrize("kind", ["balanced", "random"])
def test_seed_and_case_change_the_orders(kind):
    drawn = {tuple(sample_orders(5, 4, seed=s, case_id=c, orders=kind)) for s in range(3) for c in "abc"}
    assert len(drawn) == 9


PRINT_ORDERS = """
from solon.order import sample_orders, stable_hash
print([sample_orders(5, 7, seed=1, case_id="é", orders=kind) for kind in ("balanced", "random")], stable_hash("a", 1))
"""


def test_trap_2_orders_do_not_depend_on_pythonhashseed():
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINT_ORDERS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(printed) == 1


def test_orders_and_hashes_are_the_same_in_every_release():
    assert stable_hash(0, "case", "order") == 2448302571219725343
    assert sample_orders(4, 2, seed=0, case_id="case") == [(3, 2, 1, 0), (2, 1, 0, 3)]


@given(st.lists(st.text() | st.integers()))
def test_stable_hash_has_63_bits_and_takes_any_text(parts):
    assert 0 <= stable_hash(*parts, "\ud800") < 2**63
