"""The parts of the study's arms that decide what is compared, and arms of every kind in small."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from solon import sandbox
from solon.cli.cells import _margins, _pair, _right_first, _written
from solon.cli.costs import costs
from solon.files import write_json
from solon.report.cells import read_cells
from solon.types import Principle, Ratings
from solon.vote import vote
from tests.cli.conftest import Done
from tests.report.making import judged, unread, voted


def test_pairs_of_four_add_up_to_what_each_is_better_by() -> None:
    worth = (3.0, 1.0, 2.0, 0.0)
    met = [voted(judged(worth[i], worth[j])) for i, j in combinations(range(4), 2)]
    assert _margins(met).scores == (6.0, -2.0, 2.0, -6.0)
    assert _margins([*met[:5], voted(unread())]).scores is None, "sums over different opponents cannot be compared"


def test_a_pair_keeps_the_ratings_of_its_two() -> None:
    (one,) = sandbox.cases("test", 1, seed=3, n=4)
    pair = _pair(one, (1, 3))
    assert isinstance(one.label, Ratings)
    assert pair.case.responses == (one.case.responses[1], one.case.responses[3])
    assert pair.label == Ratings((one.label.values[1], one.label.values[3]))
    assert pair.case.id != one.case.id


def test_filtered_principles_are_those_of_the_first_that_was_right() -> None:
    (one,) = sandbox.cases("test", 1, seed=3)
    assert isinstance(one.label, Ratings)
    right = one.label.values
    wrong = tuple(reversed(right))
    named = [judged(*scores, principles=(Principle(name, 2.0),)) for name, scores in
             (("polite", wrong), ("brief", right), ("calm", right))]  # fmt: skip
    verdict = vote(named, 2)
    assert _written(one.case, _right_first(one, verdict), 0) == ("brief 2",)
    assert _written(one.case, verdict.judgments[:1], 0) == ("polite 2",)
    assert _written(one.case, [], 5) == sandbox.random_principles(one.case, 5)


def test_random_principles_are_three_of_all_and_do_not_follow_the_case() -> None:
    drawn = [sandbox.random_principles(one.case, 1) for one in sandbox.cases("test", 200, seed=3)]
    assert all(len({text.rpartition(" ")[0] for text in three}) == 3 for three in drawn)
    names = {text.split(" ")[0] for three in drawn for text in three}
    assert len(names) == 13
    (one,) = sandbox.cases("test", 1, seed=3)
    other = replace(one.case, tags={**one.case.tags, "implied": [("brief", 3)]})
    assert sandbox.random_principles(other, 1) == drawn[0]


def test_costs_add_up_what_was_trained_on_sampled_and_rolled_out(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "many_plain.sqlite")) as run, run:
        run.execute("CREATE TABLE samples (tokens INTEGER)")
        run.executemany("INSERT INTO samples VALUES (?)", [(30,), (12,)])
    log = [
        {"loss": 1, "completions/mean_length": 20.0, "step": 10, "num_tokens": 900},
        {"num_tokens": 1000, "step": 20},
    ]
    folder = tmp_path / "rl" / "checkpoint"
    folder.mkdir(parents=True)
    write_json(folder / "log.json", {"recipe": {"batch": 4}, "log": log})
    assert costs([tmp_path, tmp_path / "rl", tmp_path / "absent"]) == {
        "trained": 1000.0,
        "generated": 42.0 + 20 * 4 * 20,
    }


@pytest.mark.slow
def test_judges_of_other_kinds_are_measured_on_the_same_cases(solon: Callable[..., Done], tmp_path: Path) -> None:
    arms = ("scalar", "pairrm", "cloud", "pairwise", "pairs")
    only = [flag for arm in arms for flag in ("--only", arm)]
    done = solon("sandbox", "study", "--seeds", 7, *only, "--sizes", "tiny", "--out", tmp_path)
    assert done.code == 0, done.told
    cells = {name: seeds[7] for name, seeds in read_cells(tmp_path / "cells").items()}
    assert sorted(cells) == sorted(arms)
    assert [row["cases"] for row in cells["scalar"]] == [8, 8, 6, 6, 6, 6]
    assert len(cells["cloud"][0]["earned"]["votes"]["2"]) == 6
    assert cells["cloud"][0]["spread"]["samples"] > 0
    assert len(cells["pairwise"][0]["earned"]["sure"]["2"]) == 6
    assert [row["setting"] for row in cells["pairs"]] == ["list", "pairs"]
    assert all(row["cost"]["trained"] > 0 for row in (*cells["scalar"], *cells["pairrm"], *cells["cloud"]))
