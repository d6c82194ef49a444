"""The world: exact, balanced, reproducible, and its splits apart."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from statistics import mean

import pytest

from solon.errors import UserError
from solon.sandbox import lexicon
from solon.sandbox.criteria import words
from solon.sandbox.request import KINDS, held_out
from solon.sandbox.world import SPLITS, aside, boasts, cases, implied, rating
from solon.types import Ratings, Right, plain

pytestmark = pytest.mark.slow

PRINT = (
    "import hashlib; from solon.sandbox.world import cases;"
    "print(hashlib.sha256(''.join(repr(c) for s in {splits} for c in cases(s, 20, seed=5)).encode()).hexdigest())"
)


@pytest.fixture(scope="module")
def pairs():
    return cases("test", 1500, seed=7)


def texts(labeled):
    return [plain(response) for response in labeled.case.responses]


def test_ratings_are_the_weight_of_the_criteria_met(pairs):
    for labeled in pairs[:300]:
        assert labeled.label == Ratings(tuple(float(rating(t, implied(labeled.case))) for t in texts(labeled)))


def test_a_single_response_is_right_when_more_than_half_the_weight_is_met():
    singles = cases("dev", 600, seed=7, n=1)
    for labeled in singles:
        weights = implied(labeled.case)
        assert labeled.label == Right(rating(texts(labeled)[0], weights) > sum(weights.values()) / 2)
    assert 0.45 < mean(labeled.label.value for labeled in singles) < 0.55


def test_three_or_four_criteria_are_implied_two_of_them_by_the_kind(pairs):
    for labeled in pairs:
        names = [criterion.name for criterion in implied(labeled.case)]
        assert tuple(names[:2]) == KINDS[labeled.case.tags["kind"]]
        assert len(names) == len(set(names)) in (3, 4)


def test_the_best_stands_in_every_place_equally_often(pairs):
    firsts = mean(labeled.label.values[0] > labeled.label.values[1] for labeled in pairs)
    assert 0.47 < firsts < 0.53
    places = Counter(max(range(5), key=one.label.values.__getitem__) for one in cases("dev", 600, n=5))
    assert all(80 < places[place] < 160 for place in range(5))


@pytest.mark.parametrize(
    ("split", "n", "count"),
    [
        ("train", 2, 1000),
        ("train", 4, 500),
        pytest.param("test", 2, 6000, marks=pytest.mark.slow),
        pytest.param("unseen", 2, 4000, marks=pytest.mark.slow),
        pytest.param("many", 6, 2000, marks=pytest.mark.slow),
        pytest.param("pleading", 2, 4000, marks=pytest.mark.slow),
    ],
)
def test_length_tells_nothing(split, n, count):
    won = []
    for labeled in cases(split, count, seed=11, n=n):
        lengths = [len(words(text)) for text in texts(labeled)]
        best = max(range(n), key=labeled.label.values.__getitem__)
        rest = (sum(lengths) - lengths[best]) / (n - 1)
        if lengths[best] != rest:
            won.append(lengths[best] > rest)
    assert 0.45 < mean(won) < 0.55


def test_ties_at_the_top_are_drawn_again():
    for n in (2, 3, 6):
        ratings = [sorted(labeled.label.values) for labeled in cases("dev", 200, n=n)]
        assert mean(values[-1] == values[-2] for values in ratings) < 0.01


def test_splits_share_no_case():
    seen: dict[tuple[str, ...], str] = {}
    for split in SPLITS:
        for labeled in cases(split, 200):
            key = (plain(labeled.case.prompt[0].content), *sorted(texts(labeled)))
            assert seen.setdefault(key, split) == split
            assert labeled.case.id.startswith(f"{split}-0-")


def test_unseen_pairs_of_criteria_are_in_no_other_split():
    for split, traits in SPLITS.items():
        for labeled in cases(split, 150):
            stated = tuple(criterion.name for criterion in list(implied(labeled.case))[2:])
            assert held_out(labeled.case.tags["kind"], stated) == traits.unseen


def test_many_means_more_than_any_training_split_but_the_base():
    assert max(SPLITS["train"].counts) < min(SPLITS["many"].counts)
    assert {labeled.case.n for labeled in cases("many", 60)} == {5, 6}


def test_pleas_come_mostly_from_the_worse_response():
    """A plea lengthens its response, and cases whose best is to be longer are drawn until it is: 0.80 and 0.15 shift.

    Over 6,000 cases the shares are 0.74 and 0.20; the bounds are three standard deviations of 1,000 cases from them.
    """
    begging: dict[bool, list[bool]] = {True: [], False: []}
    for labeled in cases("pleading", 1000):
        for text, value in zip(texts(labeled), labeled.label.values, strict=True):
            begging[value == max(labeled.label.values)].append(any(plea in text for plea in lexicon.PLEAS))
    assert mean(begging[False]) == pytest.approx(0.74, abs=0.042)
    assert mean(begging[True]) == pytest.approx(0.20, abs=0.038)


def test_lures_are_never_implied_and_mostly_false():
    drawn = cases("dev", 800, n=2, lures=1.0)
    asides = [labeled for labeled in drawn if aside(labeled.case)]
    assert all(aside(labeled.case) not in implied(labeled.case) for labeled in asides)
    claims = [(texts(one)[place], claim) for one in drawn for place, claim in boasts(one.case).items()]
    assert len(asides) > 200 < len(claims)
    assert mean(claim.met(text) for text, claim in claims) < 0.35
    assert not any(aside(one.case) or boasts(one.case) for one in cases("dev", 100, lures=0.0))


def test_cases_do_not_depend_on_how_many_are_asked_for():
    assert cases("test", 30, seed=2)[20:] == cases("test", 10, seed=2, start=20)
    assert cases("test", 5, seed=2) != cases("test", 5, seed=3)


def test_cases_are_the_same_in_every_process():
    code = PRINT.format(splits=tuple(SPLITS))
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    here = "".join(repr(c) for s in SPLITS for c in cases(s, 20, seed=5))
    assert runs == {hashlib.sha256(here.encode()).hexdigest()}


def test_the_world_is_frozen():
    """The shipped model was trained in this very world; a change of it asks for a new base model."""
    drawn = cases("base", 50) + cases("test", 50)
    said = [[plain(one.case.prompt[0].content), *texts(one), str(list(implied(one.case).values()))] for one in drawn]
    assert hashlib.sha256(repr(said).encode()).hexdigest()[:16] == "2977263cabd3bbcf"


def test_unknown_splits_and_sizes_are_refused():
    with pytest.raises(UserError, match="its splits are base, train"):
        cases("nope", 1)
    with pytest.raises(UserError, match="1 to 6"):
        cases("test", 1, n=7)
