"""Pairs of a label: all strictly ordered ones, at most so many by the seed, and ties in both directions."""

from collections import Counter
from dataclasses import replace

import pytest

from solon.training.pairs import ordered, pairings, pairs_of, split_of, tied
from solon.types import Best, Image, Label, LabeledCase, Ratings, Right
from tests.training.making import lone, rated


@pytest.mark.parametrize(
    ("label", "n", "pairs", "ties"),
    [
        (Ratings((2.0, 1.0)), 2, [(0, 1)], []),
        (Ratings((1.0, 3.0, 2.0)), 3, [(1, 0), (1, 2), (2, 0)], []),
        (Ratings((1.0, 1.0, 0.0)), 3, [(0, 2), (1, 2)], [(0, 1)]),
        (Ratings((5.0, 5.0)), 2, [], [(0, 1)]),
        (Ratings((5.0,)), 1, [], []),
        (Best(1), 3, [(1, 0), (1, 2)], []),
        (Right(True), 1, [], []),
    ],
)
def test_the_pairs_of_a_label(label: Label, n: int, pairs: list[tuple[int, int]], ties: list[tuple[int, int]]) -> None:
    assert ordered(label, n) == pairs
    assert tied(label) == ties


def test_where_there_are_few_all_pairs_are_taken() -> None:
    assert pairs_of(rated("a", 1, 1, 0), 16, seed=3) == ((0, 2), (1, 2)), "a tied top still teaches"


def test_where_there_are_more_the_seed_and_the_id_draw() -> None:
    many = [float(i) for i in range(12)]
    first = pairs_of(rated("a", *many), 16, seed=0)
    assert first == pairs_of(rated("a", *many), 16, seed=0)
    assert len(set(first)) == 16
    assert all(i > j for i, j in first)
    assert first != pairs_of(rated("a", *many), 16, seed=1)
    assert first != pairs_of(rated("b", *many), 16, seed=0)


def test_drawn_pairs_cover_all_pairs_evenly() -> None:
    drawn = Counter(pair for seed in range(600) for pair in pairs_of(rated("a", 3, 2, 1, 0), 2, seed))
    assert set(drawn.values()) <= set(range(150, 251)), "each of 6 pairs in a third of 600 draws"


def test_a_tied_pair_enters_in_both_directions_and_an_ordered_one_twice() -> None:
    entered = Counter(pairs_of(rated("a", 1, 1, 0), 16, seed=0, ties=True))
    assert entered == {(0, 1): 1, (1, 0): 1, (0, 2): 2, (1, 2): 2}
    assert len(pairs_of(rated("a", *[1.0] * 9), 4, seed=0, ties=True)) == 8


def test_cases_without_pairs_are_counted_by_reason() -> None:
    found = pairings([rated("a", 2, 1), rated("b", 1, 1), rated("c", 1), lone("d", True), shown("e")], 16, 0)
    assert [one.case.id for one in found.cases] == ["a"]
    assert found.count == 1
    assert found.skipped == {"with equal ratings": 1, "of a single response": 2, "with an image": 1}
    assert pairings([rated("b", 1, 1)], 16, 0, ties=True).count == 2


def shown(name: str) -> LabeledCase:
    one = rated(name, 2, 1)
    return LabeledCase(replace(one.case, responses=(one.case.responses[0], (Image("x.png"),))), one.label)


@pytest.mark.parametrize(
    ("tags", "split"), [({"meta": {"split": "test"}}, "test"), ({"meta": {}}, None), ({"meta": "x"}, None), ({}, None)]
)
def test_the_split_is_named_by_the_data(tags: dict[str, object], split: str | None) -> None:
    assert split_of(replace(rated("a", 2, 1).case, tags=tags)) == split
