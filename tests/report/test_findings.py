"""What stands beside the claims, and all of it as tables, Markdown, plain values and a picture."""

import json
from pathlib import Path
from statistics import fmean

import pytest
from rich.console import Console

from solon.errors import UserError
from solon.files import write_json
from solon.report.beside import facts
from solon.report.cells import Row, read_cells
from solon.report.claims import ASKED, GROWING, claims
from solon.report.deciding import Claim, Outcome, Part, Ruling, growing, judge
from solon.report.fact import Fact
from solon.report.findings import draw_findings, findings
from solon.report.guiding import DEV
from solon.report.resampling import Draws, Estimate, Unit
from solon.report.sheets import brief, markdown, sheet_lines, sheets, written
from solon.report.studied import lines, studied
from solon.report.tables import text_table
from solon.sandbox import STUDIED
from solon.sandbox.request import KINDS
from tests.report.celling import arm, rated, row, seeded, shares

CELLS = Path(__file__).parents[2] / "docs" / "study" / "cells"


def rl(place: int) -> list[Row]:
    """Make the rows of rl: meta votes gain on `test`, and dev prefers another way on the last seed."""
    plain, guided = shares(0.5), shares(0.9)
    said = {
        "longer": 0.6,
        "longer chosen": 0.5,
        "checks true": 0.8 + place / 10,
        "covered by eight": None,
        "weight correlation": 0.25,
    }
    test = row(plain, {1: plain, 8: plain}, setting="test") | {"rules": {"greedy": said, "votes": {}}}
    test["earned"] |= {"meta": {"8": guided}, "soft": {"8": plain}}
    test |= {"unread": {"greedy": 0.0, "votes": place / 100}, "cost": {"trained": 2e6, "generated": 1e6}}
    test |= {"tokens": {"greedy": 100, "votes": 90}, "spread": {"samples": 1.0, "cases": 2.0 + 2 * place}}
    dev = row(plain, setting=DEV)
    votes = guided if place == 0 else plain
    dev["earned"] |= {"votes": {"8": votes}, "meta": {"8": plain if place == 2 else guided}, "soft": {"8": guided}}
    return [test, dev]


def told(found: list[Fact], topic: str) -> dict[tuple[str, str], Fact]:
    return {(fact.of, fact.name): fact for fact in found if fact.topic == topic}


def value(fact: Fact) -> Estimate:
    assert isinstance(fact.value, Estimate)
    return fact.value


def test_rules_are_means_over_seeds_and_what_is_unknown_is_left_out() -> None:
    found = told(facts({"rl": seeded(rl)}), "by the world's rules")
    assert value(found["rl, greedy, test", "checks true"]).mean == pytest.approx(0.9)
    assert value(found["rl, greedy, test", "checks true"]).low is None
    assert ("rl, greedy, test", "covered by eight") not in found


def test_two_definitions_of_longer_share_no_name() -> None:
    found = told(facts({"rl": seeded(rl)}), "by the world's rules")
    assert value(found["rl, greedy, test", "longer, equal counted as not"]).mean == pytest.approx(0.6)
    assert value(found["rl, greedy, test", "longer chosen"]).mean == 0.5
    assert "longer" not in {name for _, name in found}


def test_guided_votes_are_paired_with_plain_ones_and_dev_chooses_on_each_seed() -> None:
    found = facts({"rl": seeded(rl)})
    gains = told(found, "meta-guided votes over plain ones")
    assert list(gains) == [("the best half, test", "@8"), ("all, by the chance to be right, test", "@8")]
    assert value(gains["the best half, test", "@8"]).mean == pytest.approx(0.4)
    chosen = told(found, "votes on the dev split, @8")
    assert [chosen[f"seed {seed}", "chosen"].value for seed in (101, 102, 103)] == [
        "not guided", "the best half", "all, by the chance to be right",
    ]  # fmt: skip


def test_of_the_two_ways_to_guide_votes_each_seed_s_own_choice_is_paired_with_plain_votes() -> None:
    found = told(facts({"rl": seeded(rl)}), "the way to guide votes that the dev split chooses, over plain ones")
    chosen = [found[f"seed {seed}", "chosen"].value for seed in (101, 102, 103)]
    assert chosen == ["the best half", "the best half", "all, by the chance to be right"]
    assert value(found["seed 101", "test, @8"]).mean == pytest.approx(0.4)
    assert value(found["all seeds", "test, @8"]).seeds == (pytest.approx(0.4), pytest.approx(0.4), 0.0)
    assert ("all seeds", "unseen, @8") not in found


def test_arms_fine_tuned_with_hints_stand_among_the_rules_with_the_votes_they_had() -> None:
    def hinted(place: int) -> list[Row]:
        rules = {"greedy": {"checks true": 0.7}, "votes": {"checks true": 0.6 + place / 10, "distinct sets": 7.5}}
        return [row(shares(0.5), {1: shares(0.5), 8: shares(0.5)}) | {"rules": rules}]

    found = told(facts({"rl": seeded(rl), "rft_hinted": seeded(hinted)}), "by the world's rules")
    assert value(found["rft hinted, 8 votes, test", "checks true"]).seeds == (0.6, 0.7, 0.8)
    assert value(found["rft hinted, 8 votes, test", "distinct sets"]).mean == 7.5
    assert value(found["rft hinted, greedy, test", "checks true"]).mean == pytest.approx(0.7)
    assert not any(of.startswith(("rft all", "rft hinted, greedy, unseen")) for of, _ in found)


def test_differences_are_of_the_first_named() -> None:
    better, worse = shares(0.75), shares(0.5)
    cells = {"orders": seeded(lambda _: [row(better, setting="balanced"), row(worse, setting="random")])}
    (fact,) = told(facts(cells), "paired differences").values()
    assert (fact.of, fact.name, value(fact).mean) == ("rl, balanced - random orders", "greedy", 0.25)


def test_curves_kinds_and_ties_are_told_one_by_one() -> None:
    plain, better = shares(0.5), shares(0.75)
    ties = {"ties": {"1": 0.25, "8": 0.125}, "distinct": {"1": 10.0, "8": 52.0}}
    found = facts({"rl": arm(plain, better, setting="test", **ties), "small": arm(plain, better)})
    assert value(told(found, "accuracy by number of votes, test")["small", "@8"]).mean == 0.75
    shaped = told(found, "ties and distinct rewards, test")
    assert [value(shaped["rl, ties", f"@{k}"]).mean for k in (1, 8)] == [0.25, 0.125]
    assert value(shaped["rl, distinct", "@8"]).mean == 52
    kinds = told(found, "accuracy by kind of request, test")
    assert {of for of, _ in kinds} == set(KINDS)
    assert fmean(value(fact).mean for fact in kinds.values()) == pytest.approx(0.5)


def test_what_an_arm_rests_on_counts_among_what_it_took() -> None:
    def cost(trained: float, generated: float) -> dict[int, list[Row]]:
        return arm(shares(0.5), cost={"trained": trained, "generated": generated})

    cells = {"rl": cost(1000, 300), "rft": cost(100, 50), "rl_cold": cost(1200, 400), "beta_0": cost(900, 250)}
    found = told(facts(cells | {"orders": cost(0, 0)}), "compute that made an arm, in tokens of a seed")
    assert [value(found["rl cold", name]).mean for name in ("trained on", "generated")] == [1200, 450]
    assert [value(found["beta 0", name]).mean for name in ("trained on", "generated")] == [1000, 300]
    assert value(found["rl cold", "trained on, of rl's"]).mean == pytest.approx(1.2)
    assert ("orders", "trained on") not in found
    del cells["rft"][102]
    found = told(facts(cells), "compute that made an arm, in tokens of a seed")
    assert value(found["beta 0", "trained on"]).seeds == (1000, 1000), (
        "a seed without rft is left out, not told too low"
    )


def test_spreads_are_relative_on_each_seed() -> None:
    spread = told(facts({"rl": seeded(rl)}), "spread of sampled rewards")["rl", "within cases / between cases"]
    assert value(spread).seeds == (0.5, 0.25, pytest.approx(1 / 6))


def test_the_largest_unread_shares_stand_first() -> None:
    cells = {"base": arm(shares(0.5), setting="test", unread={"greedy": 0.0, "votes": 0.0}), "rl": seeded(rl)}
    found = told(facts(cells), "largest unread shares")
    assert list(found)[:2] == [("rl, test", "greedy"), ("rl, test", "votes")]
    assert value(found["rl, test", "votes"]).seeds == (0.0, 0.01, 0.02)


def test_other_numbers_of_responses_stand_beside_chance() -> None:
    votes = {8: shares(0.6)}
    rows = [row(shares(share), votes, setting=f"{judge}, n = 3") for judge, share in (("base", 0.5), ("rl", 0.7))]
    found = told(facts({"sizes": seeded(lambda _: rows)}), "by number of responses")
    assert value(found["n = 3", "rl - base, greedy"]).mean == pytest.approx(0.2)
    assert value(found["n = 3", "rl - base, @8"]).mean == 0.0
    assert value(found["n = 3", "chance"]).mean == pytest.approx(1 / 3)
    assert ("n = 3", "rft, greedy") not in found


def test_single_responses_have_an_auc() -> None:
    labels, scores = [True, False] * 10, [2.0, 1.0] * 10
    single = seeded(lambda _: [rated(labels, scores, setting="rl, sandbox-correct")])
    (fact,) = told(facts({"single": single}), "AUC of single responses").values()
    assert (fact.of, fact.name, value(fact).mean) == ("rl, sandbox-correct", "greedy", 1.0)


def test_what_votes_of_a_small_model_cost_is_shown() -> None:
    small = arm(shares(0.5), tokens={"greedy": 100, "votes": 50})
    found = told(facts({"rl": seeded(rl), "small": small}), "compute of a small model's votes")
    assert value(found["small @32", "generated tokens a case"]).mean == 1600
    assert value(found["rl greedy", "times millions of parameters"]).mean == pytest.approx(107)


def test_figures_are_written_in_their_units() -> None:
    one = Estimate(0.125, -0.0001, 0.2, None, None, ())
    assert written(one, "percent") == "12.5 [0.0, 20.0]"
    assert written(one, "points") == "+12.5 [+0.0, +20.0]"
    assert written(one, "ratio") == "0.125 [0.000, 0.200]"
    assert written(Estimate(31.0, None, None, None, None, ()), "values") == "+31.0"


def test_markdown_holds_every_table_and_is_the_same_each_time() -> None:
    cells = {"rl": seeded(rl), "pairwise": arm(shares(0.25))}
    lines = markdown(findings(cells))
    assert lines == markdown(findings(cells))
    assert "| rl | test | 3 | 120 | 50.0 [40.8, 59.2] | 50.0 [40.8, 59.2] | 50.0 [40.8, 59.2] | - |" in lines
    assert "| rl | test | 50.0 [40.8, 59.2] | - | - | 100 | 90 |" in lines
    assert "| C13 | GRM greedy beats the LLM-as-a-Judge of the same training | holds |  |  |  |" in lines
    (part,) = (line for line in lines if line.startswith("|  | rl greedy > pairwise greedy"))
    assert "| above 0 | +25.0 [" in part
    assert part.endswith(" | +25.0, +25.0, +25.0 |")
    alike = [f"{one} ({one}, {one}, {one})" for one in ("0.250", "60.0", "50.0")]
    assert " | ".join(["| rl, greedy, test", "90.0 (80.0, 90.0, 100.0)", *alike]) + " |" in lines
    assert any("not run | lacks rft on 0 of 3 seeds; lacks rft hinted on 0 of 3 seeds" in line for line in lines)
    blocks = "\n".join(lines).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) == sum(line.startswith("### ") for line in lines) > 4
    assert all(len({line.count(" |") for line in rows}) == 1 for rows in tables)


def test_terminals_show_the_same_cells() -> None:
    console = Console(width=240)
    with console.capture() as captured:
        for sheet in sheets(findings({"rl": seeded(rl)})):
            console.print(text_table(sheet.title, sheet.heads, sheet.rows))
    assert "50.0 [40.8, 59.2]" in captured.get()
    assert "not run" in captured.get()


def test_plain_values_are_figures_and_not_texts() -> None:
    cells = {"rl": seeded(rl), "pairwise": arm(shares(0.25))}
    plain = json.loads(json.dumps(findings(cells).plain(), allow_nan=False))
    assert plain["arms"][0]["earned"]["greedy"]["mean"] == 0.5
    by_name = {one["name"]: one for one in plain["claims"]}
    assert by_name["C13"]["parts"][0]["seeds"] == [0.25] * 3
    assert by_name["C1"]["verdict"] == "not run"
    assert {"topic", "of", "name", "value", "unit"} == set(plain["facts"][0])


def test_the_picture_shows_the_arms_that_vote(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw_findings({"rl": seeded(rl), "scalar": arm(shares(0.6), setting="test")}, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="there is nothing to draw"):
        draw_findings({"pairs": arm(shares(0.5))}, tmp_path / "none.png")


def test_draws_can_be_fewer() -> None:
    few = facts({"pleading": arm(shares(0.5), setting="rl")}, Draws(50))
    assert value(told(few, "responses that plead")["rl", "greedy"]).mean == 0.5


def test_a_claim_in_brief_shows_the_part_that_its_verdict_hangs_on() -> None:
    better, worse = shares(0.9), shares(0.5)
    cells = {"rl": arm(better, worse, setting="test"), "pairwise": arm(worse)}
    (line,) = (row for row in brief(claims(cells, Draws(200))).rows if row[0].startswith("C13"))
    assert line[1] == "69.9 over 67.8"
    assert line[2].startswith("rl @8 > pairwise @8: +0.0 [")
    assert line[2].endswith("], the one undecided of 2")
    assert line[3:] == ["undecided", "`solon sandbox study --only rl --only pairwise`"]
    (lacking,) = (row for row in brief(claims({}, Draws(10))).rows if row[0].startswith("C12"))
    assert lacking[2:4] == ["lacks principles on 0 of 3 seeds", "not run"]


def part(text: str, outcome: Outcome, mean: float, lower: float | None = None, unit: Unit = "points") -> Part:
    bounds = (None,) * 4 if lower is None else (lower, mean, lower, mean)
    return Part(mean, *bounds, (mean,) * 3, text=text, outcome=outcome, unit=unit)


@pytest.mark.parametrize(
    ("verdict", "one", "parts", "told"),
    [
        (
            "refuted", False,
            [part("wide", "neither", -0.02, -0.09), part("tight", "below", -0.02, -0.04)],
            "tight: -2.0 [-4.0, -2.0], the one below 0 of 2",
        ),
        (
            "refuted", False,
            [part("low", "below", -0.1, -0.2), part("high", "below", -0.1, -0.15), part("open", "neither", -0.3, -0.5)],
            "low: -10.0 [-20.0, -10.0], lowest of 2 below 0 of 3",
        ),
        (
            "undecided", False,
            [part("counts", "above", 194.7, unit="values"), part("rl", "above", 0.2), part("base", "neither", 0.3)],
            "base: +30.0, the one undecided of 3",
        ),
        (
            "holds", False,
            [part("counts", "above", 194.7, unit="values"), part("ties", "above", 0.2)],
            "counts: +194.7, first of 2",
        ),
        (
            "holds", True,
            [part("wide", "neither", 0.5, 0.3), part("some", "above", 0.2, 0.1), part("more", "above", 0.2, 0.15)],
            "more: +20.0 [+15.0, +20.0], highest of 2 above 0 of 3",
        ),
    ],
)  # fmt: skip
def test_a_verdict_hangs_on_the_parts_of_its_own_outcome(
    verdict: Ruling, one: bool, parts: list[Part], told: str
) -> None:
    (line,) = brief([Claim("C0", "claimed", "stated", ("rl",), verdict, tuple(parts), one=one)]).rows
    assert line[2] == told


def test_the_committed_cells_tell_c11_and_c15_by_the_part_that_decides() -> None:
    cells, (asked,) = read_cells(CELLS), (one for one in ASKED if one.name == "C11")
    rows = brief([judge(asked, cells, Draws()), growing(*GROWING, cells)]).rows
    assert [row[2] for row in rows] == [
        "rft general greedy > rft no general greedy: -2.2 [-3.7, -0.7], the one below 0 of 3",
        "base, ties at 32 under 1: +34.6, the one undecided of 4",
    ]


def test_the_lines_that_ship_are_read_back_as_they_were_and_say_that_they_are_of_the_study(tmp_path: Path) -> None:
    pairwise = arm(shares(0.5), shares(0.75))
    write_json(tmp_path / "lines.json", lines({"pairwise": pairwise, "scalar": arm(shares(0.6), setting="test")}))
    plain, alone = studied(tmp_path / "lines.json")
    assert (plain.title, plain.greedy) == ("study, 3 seeds: pairwise", 0.5)
    assert [(height.k, height.accuracy.mean) for height in plain.votes] == [(1, 0.5), (8, 0.75)]
    assert (alone.name, alone.greedy) == ("scalar model (Bradley-Terry)", pytest.approx(0.6))


def test_the_lines_that_ship_are_those_of_the_committed_cells() -> None:
    assert json.loads(STUDIED.read_text("utf-8")) == json.loads(json.dumps(lines(read_cells(CELLS))))


@pytest.mark.slow
def test_the_committed_findings_are_what_the_committed_cells_come_to() -> None:
    assert (CELLS.parent / "findings.md").read_text("utf-8").splitlines() == markdown(findings(read_cells(CELLS)))


@pytest.mark.slow
def test_the_readme_shows_the_claims_as_the_committed_cells_decide_them() -> None:
    shown = sheet_lines(brief(claims(read_cells(CELLS))))
    assert "\n".join(shown) in (CELLS.parents[2] / "README.md").read_text("utf-8")
