"""The order of a training: every case as often as any other, and the best response in every place equally often."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solon.forms.correct import CORRECT
from solon.forms.pointwise import POINTWISE
from solon.training.forms import Forms
from solon.training.visits import Visit, visits
from solon.types import Best, LabeledCase, PrinciplesMode
from tests.training.making import labeled, lone, rated

FORMS = Forms(POINTWISE, CORRECT)
MODES: tuple[PrinciplesMode, ...] = ("self", "none")


def cases(*sizes: int) -> list[LabeledCase]:
    """Make cases of so many responses, whose best stands in all places of their own order."""
    return [lone(f"c{i}", i % 2 == 0) if n == 1 else labeled(f"c{i}", n, best=i % n) for i, n in enumerate(sizes)]


def place(visit: Visit) -> int:
    assert isinstance(visit.labeled.label, Best)
    return visit.order.index(visit.labeled.label.index)


sizes = st.lists(st.integers(1, 6), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(0, 60), st.integers(0, 3))
def test_the_best_stands_in_each_place_equally_often_over_any_prefix(sizes: list[int], count: int, seed: int) -> None:
    counts: dict[int, Counter[int]] = {n: Counter() for n in sizes}
    for visit in visits(cases(*sizes), FORMS, count, seed):
        n = visit.labeled.case.n
        assert sorted(visit.order) == list(range(n))
        if n > 1:
            counts[n][place(visit)] += 1
            seen = [counts[n][i] for i in range(n)]
            assert max(seen) - min(seen) <= 1


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(0, 60), st.integers(0, 3))
def test_every_case_is_visited_as_often_as_any_other_but_for_one(sizes: list[int], count: int, seed: int) -> None:
    found = visits(cases(*sizes), FORMS, count, seed)
    times = Counter(visit.labeled.case.id for visit in found)
    assert len(found) == count
    assert max(times.values(), default=0) - min((times[f"c{i}"] for i in range(len(sizes))), default=0) <= 1


@pytest.mark.parametrize("seed", range(3))
def test_the_seed_decides_and_nothing_else(seed: int) -> None:
    given_cases = cases(2, 3, 4, 1, 2, 6)
    first = visits(given_cases, FORMS, 40, seed)
    assert visits(given_cases, FORMS, 40, seed) == first
    assert visits(given_cases, FORMS, 17, seed) == first[:17], "a longer training begins as a shorter one does"
    assert visits(given_cases, FORMS, 40, seed + 1) != first


def test_every_pass_has_an_order_of_its_own() -> None:
    given_cases = cases(*[4] * 12)
    found = visits(given_cases, FORMS, 36, seed=0)
    passes = [found[i : i + 12] for i in (0, 12, 24)]
    assert len({tuple(visit.labeled.case.id for visit in one) for one in passes}) == 3
    shown = [{visit.labeled.case.id: visit.order for visit in one} for one in passes]
    assert sum(shown[0][name] != shown[1][name] for name in shown[0]) > 6


def test_the_rest_is_shuffled_too() -> None:
    orders = {visit.order for visit in visits([labeled("a", 4, best=1)], FORMS, 200, seed=0)}
    assert len(orders) == 24


def test_a_lone_response_has_one_order_and_a_form_of_its_own() -> None:
    found = visits([lone("a", True), labeled("b", 3), rated("c", 1, 9)], FORMS, 6, seed=0)
    for visit in found:
        alone = visit.labeled.case.id == "a"
        assert visit.form is (CORRECT if alone else POINTWISE)
        assert not alone or visit.order == (0,)


def test_prompts_ask_for_principles_in_the_mode_of_the_training() -> None:
    for mode in MODES:
        (visit,) = visits([labeled("a", 2)], FORMS, 1, seed=0, mode=mode)
        assert visit.prompt(3) == POINTWISE.render(visit.labeled.case, visit.order, mode, seed=3)
