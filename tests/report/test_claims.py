"""The claims of the study on made-up cells: what holds, what is refuted, what stays open, and what was not run."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from statistics import fmean, pstdev
from typing import Any

import pytest

from solon.errors import UserError
from solon.report.cells import Cells, Row
from solon.report.claims import ASKED, claims
from solon.report.contrasts import Contrast, difference, figure, greedy, measure
from solon.report.contrasts import rated as scored
from solon.report.deciding import Claim, judge
from solon.report.resampling import Draws, Estimate
from solon.sandbox.request import KINDS
from solon.stats import auc
from tests.report.celling import SEEDS, arm, rated, row, seeded, shares

BETTER, WORSE = shares(0.9), shares(0.5)


def claim(name: str, cells: Cells) -> Claim:
    if name == "C15":
        return next(one for one in claims(cells, Draws(10)) if one.name == name)
    return judge(next(asked for asked in ASKED if asked.name == name), cells, Draws())


def compared(rl: dict[int, list[Row]], pairwise: dict[int, list[Row]]) -> Estimate | None:
    cells = {"rl": rl, "pairwise": pairwise}
    return measure(difference(greedy("rl"), greedy("pairwise")), cells, Draws())


def test_a_claim_holds_when_all_of_its_parts_are_above_0() -> None:
    found = claim("C13", {"rl": arm(BETTER, setting="test"), "pairwise": arm(WORSE)})
    assert (found.verdict, [part.outcome for part in found.parts]) == ("holds", ["above", "above"])
    part = found.parts[0]
    assert (part.text, part.mean, part.seeds) == (
        "rl greedy > pairwise greedy",
        pytest.approx(0.4),
        (pytest.approx(0.4),) * 3,
    )
    assert part.lower is not None
    assert part.low is not None
    assert 0 < part.lower < part.low < part.mean


def test_one_part_below_0_refutes_a_claim_and_one_at_0_leaves_it_open() -> None:
    pairwise = arm(WORSE, BETTER)
    better_greedily = {"rl": arm(BETTER, WORSE, setting="test"), "pairwise": pairwise}
    assert claim("C13", better_greedily).verdict == "refuted"
    alike = claim("C13", {"rl": arm(BETTER, BETTER, setting="test"), "pairwise": pairwise})
    assert (alike.verdict, [part.outcome for part in alike.parts]) == ("undecided", ["above", "neither"])


def test_one_seed_that_disagrees_leaves_a_claim_open_whatever_the_pooled_interval_says() -> None:
    lower = [shares(0.3), shares(0.3), shares(0.95)]
    cells = {"rl": arm(BETTER, setting="test"), "pairwise": seeded(lambda i: [row(lower[i], {8: lower[i]})])}
    found = claim("C13", cells)
    assert all(part.lower is not None and part.lower > 0 for part in found.parts), "pooled, rl is far better"
    assert found.parts[0].seeds[2] < 0
    assert found.verdict == "undecided"


def test_what_lacks_arms_seeds_or_votes_was_not_run() -> None:
    rl = arm(BETTER, setting="test")
    assert claim("C13", {"rl": rl}).missing == ("pairwise on 0 of 3 seeds",)
    two = {seed: rows for seed, rows in arm(WORSE).items() if seed != SEEDS[0]}
    assert claim("C13", {"rl": rl, "pairwise": two}).missing == ("pairwise on 2 of 3 seeds",)
    without = {"rl": rl, "pairwise": seeded(lambda _: [row(WORSE)])}
    assert claim("C13", without).missing == ("pairwise @8 on 0 of 3 seeds",)
    other = {seed + 1: rows for seed, rows in arm(WORSE).items()}
    found = claim("C13", {"rl": rl, "pairwise": other})
    assert (found.missing, found.verdict, found.parts) == (("everything on 2 of 3 seeds",), "not run", ())
    assert {one.verdict for one in claims({}, Draws(10))} == {"not run"}


def test_all_claims_are_judged_in_order() -> None:
    assert [one.name for one in claims({}, Draws(10))] == [f"C{i}" for i in range(1, 16)]
    assert {asked.name: len(asked.parts) for asked in ASKED} == {
        "C1": 6, "C2": 3, "C3": 6, "C4": 2, "C5": 3, "C6": 2, "C7": 12, "C8": 1, "C9": 2, "C10": 1, "C11": 3, "C12": 1,
        "C13": 2, "C14": 3,
    }  # fmt: skip


def test_arms_are_paired_by_the_first_cases_that_both_have() -> None:
    longer = arm([*BETTER, *shares(0.0, 60)], setting="test")
    found = compared(longer, arm(WORSE))
    assert found is not None
    assert found.mean == pytest.approx(0.4), "the other 60 cases of rl have no partner"
    paired = compared(arm(WORSE, setting="test"), arm(WORSE))
    assert paired is not None
    assert (paired.low, paired.high) == (0.0, 0.0), "the same earnings case by case do not differ in any resample"


def test_arms_of_other_cases_are_refused() -> None:
    other: list[Row] = [row(WORSE) | {"kinds": ["poem"] * 40}]
    with pytest.raises(UserError, match=r"rl greedy and pairwise greedy of seed 101 are not of the same cases"):
        compared(arm(BETTER, setting="test"), seeded(lambda _: other))


def test_the_bootstrap_draws_cases_within_seeds() -> None:
    values = shares(0.5, 400)
    found = measure(figure(greedy("none")), {"none": arm(values)}, Draws())
    assert found is not None
    assert found.low is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.upper - 0.5 == pytest.approx(2.576 * sqrt(0.25 / 1200), rel=0.08)
    assert 0.5 - found.low == pytest.approx(1.96 * sqrt(0.25 / 1200), rel=0.05)
    assert 0.5 - found.lower == pytest.approx(2.576 * sqrt(0.25 / 1200), rel=0.08)
    apart = seeded(lambda place: [row([float(place > 0)] * 400)])
    constant = measure(figure(greedy("none")), {"none": apart}, Draws())
    assert constant is not None
    assert (constant.low, constant.high) == (pytest.approx(2 / 3), pytest.approx(2 / 3)), "a seed keeps its cases"
    assert constant.seeds == (0.0, 1.0, 1.0)


def test_gains_are_compared_case_by_case() -> None:
    cells = {"rl": arm(WORSE, BETTER, setting="test"), "none": arm(WORSE, shares(0.6))}
    greedily, gain = claim("C4", cells).parts
    assert (greedily.mean, gain.mean) == (0.0, pytest.approx(0.3))
    assert (greedily.outcome, gain.outcome) == ("neither", "above")
    assert gain.text == "(rl @8 - @1) > (none @8 - @1)"


def test_margins_count() -> None:
    small = seeded(lambda _: [row(shares(0.5, 400), {32: shares(0.9, 400)})])
    rl = arm(shares(0.9, 400), setting="test")
    assert claim("C8", {"small": small, "rl": rl}).verdict == "holds", "as good is within a point"
    for share, verdict in ((0.9, "holds"), (0.6, "refuted")):
        pairs = [row(shares(each, 400), setting=name) for name, each in (("list", 0.9), ("pairs", share))]
        assert claim("C9", {"pairs": dict.fromkeys(SEEDS, pairs)}).verdict == verdict


def collapsed(letter: tuple[list[float], list[float]], **more: Any) -> dict[str, dict[int, list[Row]]]:
    """Make C7's arms, alike but for the letters: what rl and beta 0 earn on them."""
    labels, scores = [True, False] * 10, [3.0, 2.0, 1.0, 2.0] * 5

    def two(letters: list[float], setting: str) -> Row:
        values = [0.5] * (10 * len(letters))
        values[:: len(KINDS)] = letters
        return row(values, setting=setting)

    four = row(WORSE, setting="n = 4")
    rl, beta = letter
    beta_arm = seeded(lambda _: [two(beta, "n = 2"), rated(labels, scores, setting="n = 1"), four])
    return {
        "rl": seeded(lambda _: [two(rl, "test")]),
        "single": seeded(lambda _: [rated(labels, scores, setting="rl, sandbox")]),
        "sizes": seeded(lambda _: [row(WORSE, setting="rl, n = 4")]),
        "beta_0": beta_arm,
        **more,
    }


def test_one_of_twelve_subsets_is_asked_for_more() -> None:
    wins, none = [1.0] * 5 + [0.0] * 8, [0.0] * 13
    clear = claim("C7", collapsed(([1.0] * 13, none)))
    assert clear.verdict == "holds"
    assert [part.text for part in clear.parts if part.outcome == "above"] == ["rl > beta 0 greedy (n = 2), letter"]
    cells = collapsed((wins, [*none[:-1], 1.0]))
    asked = next(one for one in ASKED if one.name == "C7")
    letter = {text: contrast for text, contrast in asked.parts.items() if text.endswith("letter")}
    alone = judge(replace(asked, parts=letter), cells, Draws())
    among = judge(asked, cells, Draws())
    assert (alone.verdict, among.verdict) == ("holds", "undecided")
    assert asked.error == pytest.approx(0.01 / 12)


def test_all_subsets_below_0_are_needed_to_refute_a_collapse() -> None:
    found = claim("C7", collapsed(([0.0] * 13, [1.0] * 13)))
    assert [part.outcome for part in found.parts].count("below") == 1
    assert found.verdict == "undecided"


def test_other_weights_are_shown_and_decide_nothing() -> None:
    worse = collapsed(([1.0] * 13, [0.0] * 13))["beta_0"]
    cells = collapsed(([1.0] * 13, [1.0] * 13), **{"beta_0.01": worse})
    found = claim("C7", cells)
    assert found.verdict == "undecided"
    shown = [part for part in found.parts if not part.decides]
    assert (len(found.parts), len(shown)) == (24, 12)
    assert [part.outcome for part in shown].count("above") == 1


def test_single_responses_that_one_judge_left_unread_are_left_out_of_both() -> None:
    labels = [True, False, True, False, True, False]
    ours, theirs = [9.0, 1.0, None, 5.0, 5.0, 2.0], [2.0, 3.0, 9.0, 1.0, None, 2.0]
    cells = {
        "single": seeded(lambda _: [rated(labels, ours, setting="rl, sandbox")]),
        "beta_0": seeded(lambda _: [rated(labels, theirs, setting="n = 1")]),
    }
    found = measure(difference(scored("single", "rl, sandbox"), scored("beta_0", "n = 1"), "auc"), cells, Draws())
    kept = [0, 1, 3, 5]
    one, other = (auc([scores[i] or 0 for i in kept], [labels[i] for i in kept]) for scores in (ours, theirs))
    assert one is not None
    assert other is not None
    assert found is not None
    assert found.seeds == (pytest.approx(one - other),) * 3
    assert one - other == pytest.approx(1.0 - 0.5)


def test_scores_of_different_trainings_are_not_compared() -> None:
    def made(place: int) -> list[Row]:
        return [rated([True, False] * 5, [100 * place + 1.0, 100.0 * place] * 5, setting="n = 1")]

    cells = {"beta_0": seeded(made)}
    found = measure(figure(scored("beta_0", "n = 1"), "auc"), cells, Draws())
    assert found is not None
    assert (found.mean, found.low) == (1.0, 1.0)


def test_single_responses_of_one_label_tell_nothing() -> None:
    cells = {"beta_0": seeded(lambda _: [rated([True] * 3, [1.0, 2.0, 3.0], setting="n = 1")])}
    assert measure(figure(scored("beta_0", "n = 1"), "auc"), cells, Draws()) is None


def test_bias_is_the_spread_of_the_kinds() -> None:
    uneven = [float(i % 10 < 5 or i >= 200) for i in range(400)]
    cells = {
        "scalar": seeded(lambda _: [row(uneven, setting="test")]),
        "rl": seeded(lambda _: [row(shares(0.5, 400), {32: [0.5] * 400}, setting="test")]),
    }
    (part,) = claim("C10", cells).parts
    by_kind = [fmean(uneven[kind::10]) for kind in range(10)]
    assert part.mean == pytest.approx(pstdev(by_kind))
    assert part.outcome == "above"


def growth(distinct: Mapping[int, list[float]], ties: Mapping[int, list[float]]) -> dict[str, dict[int, list[Row]]]:
    """Make the arms of C15; where no values are given for the place of a seed, they are as they should be."""
    rising, falling = [1.0, 2, 4, 8, 16, 32], [0.5, 0.4, 0.3, 0.2, 0.1, 0.0]

    def curve(values: list[float]) -> dict[str, float]:
        return {str(2**i): value for i, value in enumerate(values)}

    def made(place: int) -> list[Row]:
        own = {"distinct": curve(distinct.get(place, rising)), "ties": curve(ties.get(place, falling))}
        return [row(WORSE, setting="test") | own]

    return {"rl": seeded(made), "base": seeded(lambda place: made(-1))}


def test_more_votes_must_give_more_values_and_fewer_ties_at_every_step_on_every_seed() -> None:
    holds = claim("C15", growth({}, {}))
    assert holds.verdict == "holds"
    assert (holds.parts[0].seeds, holds.parts[0].low, holds.parts[0].unit) == ((31.0,) * 3, None, "values")
    step = claim("C15", growth({1: [1, 2, 4, 4, 16, 32]}, {}))
    assert (step.verdict, [part.outcome for part in step.parts]) == (
        "undecided",
        ["neither", "above", "above", "above"],
    )
    wrong = [0.1, 0.0, 0.0, 0.0, 0.0, 0.2]
    assert claim("C15", growth({}, {0: wrong, 2: wrong})).verdict == "undecided", "one seed has fewer ties at the end"
    assert claim("C15", growth({}, dict.fromkeys(range(3), wrong))).verdict == "refuted"


def test_what_is_found_depends_on_its_own_cells_alone() -> None:
    cells = {"rl": arm(BETTER, setting="test"), "pairwise": arm(WORSE)}
    again = {"pairwise": arm(WORSE), "none": arm(shares(0.7)), "rl": arm(BETTER, setting="test")}
    assert claims(cells) == claims(cells)
    by_name = {one.name: one for one in claims(again)}
    assert by_name["C13"] == claim("C13", cells)
    assert by_name["C4"].verdict != "not run"


def test_a_kind_alone_is_measured_by_its_own_cases() -> None:
    values = [float(i % 10 == 0) for i in range(40)]
    cells = {"none": arm(values)}
    found = measure(Contrast(((1, greedy("none")),), kind=next(iter(KINDS))), cells, Draws())
    assert found is not None
    assert (found.mean, found.low) == (1.0, 1.0)


def test_reports_load_numpy_only_when_they_measure() -> None:
    code = "import sys, solon.report.findings, solon.report.sheets; print({'numpy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
