"""The protocols by hand: what single outcomes are worth, in tables small enough to check with a pencil."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytest

from solon.benchmarks import benchmark_of
from solon.benchmarks.benchmark import Item, Mode, Outcome, against_the_rest
from solon.benchmarks.figures import Figure, difference
from solon.benchmarks.judging import Ballots, cases_of
from solon.benchmarks.loading import load
from solon.benchmarks.reading import Source
from solon.benchmarks.realmistake import area, area_drawn
from solon.benchmarks.rm_bench import LEVELS
from solon.stats import Part
from solon.types import Best, Case, Judgment, Message, Ratings, Right, Unread, content, plain
from tests.benchmarks.making import VOTES, by, judgment, real, values, verdict
from tests.benchmarks.synthetic import MAKE

UNREAD = Unread("no_scores", "no box")


def items_of(name: str, folder: Path) -> list[Item]:
    return load(benchmark_of(name), Source(MAKE[name](folder, 0)), partial=True)


def shown(item: Item, first: Sequence[float] | None, second: Sequence[float] | None, mode: Mode = "pairs") -> Outcome:
    """Return the outcome of an item that one judgment saw in its own order and one in the other."""
    outcomes: list[Judgment | Unread] = [UNREAD if one is None else judgment(*one) for one in (first, second)]
    return Ballots(item, mode, (verdict(item.case, outcomes),)).at(1, VOTES)


def test_rm_bench_by_hand(tmp_path: Path) -> None:
    """Right responses score 3, 5, 7 and wrong ones 4, 5, 6: chosen rows, rejected columns.

        4  5  6
    3   .  .  .      hard (above the diagonal): 0 of 3
    5   x  =  .      normal (on it): 7 > 6 alone, 1 of 3, and half for the tie
    7   x  x  x      easy (below it): 3 of 3
    """
    items = items_of("rm-bench", tmp_path)
    scores = (3.0, 5.0, 7.0, 4.0, 5.0, 6.0)
    for mode in ("list", "pairs", "single"):
        outcomes = _rm_bench(items, mode, scores)  # type: ignore[arg-type]
        found = values("rm-bench", outcomes)
        assert (found["easy"], found["normal"], found["hard"]) == (1.0, pytest.approx(1 / 3), 0.0)
        assert found["score"] == pytest.approx(4 / 9)
        assert values("rm-bench", outcomes, "random")["normal"] == pytest.approx((0 + 0.5 + 1) / 3)
    assert [len(cells) for cells in LEVELS.values()] == [3, 3, 3]


def _rm_bench(items: Sequence[Item], mode: Mode, scores: Sequence[float]) -> list[Outcome]:
    found = []
    for item in items:
        chosen = item.pairs if mode == "pairs" else [(i,) for i in range(6)] if mode == "single" else [range(6)]
        verdicts = [
            verdict(case, [judgment(*(scores[i] for i in some))] * 2)
            for case, some in zip(cases_of(item, mode), chosen, strict=True)
        ]
        found.append(Ballots(item, mode, tuple(verdicts)).at(1, VOTES))
    return found


def test_safety_is_the_mean_of_its_two_parts(tmp_path: Path) -> None:
    items = items_of("rm-bench", tmp_path)
    right, wrong = (9.0,) * 3 + (1.0,) * 3, (1.0,) * 3 + (9.0,) * 3
    found = values("rm-bench", by(lambda case: right if case.id.startswith("safety-refuse") else wrong, items, "list"))
    assert (found["safety"], found["safety-refuse"], found["safety-response"]) == (0.5, 1.0, 0.0)
    assert found["score"] == found["easy"] == found["hard"] == pytest.approx(0.5 / 4)


def test_rm_bench_on_the_real_files() -> None:
    """The matrix as RM-Bench's README computes it, filled in here cell by cell from the files themselves."""
    folder = real("official/rm-bench")
    items = load(benchmark_of("rm-bench"), Source(folder), partial=True)
    found = values("rm-bench", by(lambda case: [float(len(plain(one))) for one in case.responses], items, "list"))
    levels = {}
    for domain, size in (("chat", 129), ("code", 228), ("safety-refuse", 284), ("safety-response", 157)):
        rows = json.loads(gzip.decompress((folder / f"{domain}_filtered.json.gz").read_bytes()))
        assert len(rows) == size
        matrix = [
            [fmean(len(row["chosen"][i]) > len(row["rejected"][j]) for row in rows) for j in range(3)] for i in range(3)
        ]
        below, above = matrix[1][0] + matrix[2][0] + matrix[2][1], matrix[0][1] + matrix[0][2] + matrix[1][2]
        levels[domain] = (below / 3, fmean(matrix[i][i] for i in range(3)), above / 3)
    for place, level in enumerate(("easy", "normal", "hard")):
        safety = (levels["safety-refuse"][place] + levels["safety-response"][place]) / 2
        assert found[level] == pytest.approx(fmean([levels["chat"][place], levels["code"][place], safety]), abs=1e-12)
    assert found["score"] == pytest.approx((found["easy"] + found["normal"] + found["hard"]) / 3, abs=1e-12)
    assert found["chat"] == pytest.approx(fmean(levels["chat"]), abs=1e-12)


def test_judgebench_counts_decisions_for_and_against(tmp_path: Path) -> None:
    item = next(one for one in items_of("judgebench", tmp_path) if one.label == Best(0))
    both, against, tie = (2, 1), (1, 2), (1, 1)
    cases = {
        (both, both): 1,
        (both, tie): 1,
        (tie, both): 1,
        (both, None): 1,
        (both, against): 0,
        (tie, tie): 0,
        (tie, None): 0,
        (against, both): 0,
        (None, None): 0,
    }
    for (first, second), worth in cases.items():
        assert values("judgebench", [shown(item, first, second)])["overall"] == worth, (first, second)
    assert values("judgebench", [shown(item, both, against)], "random")["overall"] == 0.5
    assert values("judgebench", [shown(item, None, None)], "random")["overall"] == 0.5


def test_llmbar_averages_orders_and_tells_their_agreement(tmp_path: Path) -> None:
    items = [one for one in items_of("llmbar", tmp_path) if one.subset == "Natural" and one.label == Best(1)]
    right, wrong, tie = (1, 2), (2, 1), (1, 1)
    outcomes = [shown(items[0], *pair) for pair in ((right, right), (right, wrong), (tie, right), (None, wrong))]
    found = values("llmbar", outcomes)
    assert (found["Natural"], found["Natural, agreement"]) == ((1 + 0.5 + 0.5 + 0) / 4, 0.25)


def test_pandalm_is_about_three_classes(tmp_path: Path) -> None:
    items = items_of("pandalm", tmp_path)
    by_label = {one.label: one for one in items}
    first, second, tie = (by_label[Ratings(pair)] for pair in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5)))
    outcomes = [shown(first, (2, 1), (2, 1)), shown(second, (1, 1), (1, 1)), shown(tie, None, None)]
    found = values("pandalm", outcomes)
    assert found["accuracy"] == pytest.approx(2 / 3), "what cannot be read is a tie, officially"
    assert found["macro precision"] == pytest.approx((1 + 0 + 0.5) / 3)
    assert found["macro recall"] == pytest.approx((1 + 0 + 1) / 3)
    assert found["macro F1"] == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert values("pandalm", outcomes, "random")["accuracy"] == 0.75


def test_pandalm_has_its_majority_labels() -> None:
    items = load(benchmark_of("pandalm"), Source(real("pandalm/pandalm_test.jsonl.gz")))
    labels = [one.label for one in items]
    counts = [labels.count(Ratings(pair)) for pair in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))]
    assert counts == [422, 472, 105]


def test_a_best_of_n_must_beat_every_loser_in_list_and_in_pairs(tmp_path: Path) -> None:
    item = next(one for one in items_of("rmb", tmp_path) if one.case.n == 4)
    cell = item.subset.partition(":")[0]
    for scores, official, listed, paired in (
        ((9, 3, 2, 1), 1, 1, 1),
        ((9, 9, 2, 1), 0, 0.5, 0.5),
        ((9, 9, 9, 1), 0, 1 / 3, 0.25),
        ((8, 9, 2, 1), 0, 0, 0),
    ):
        whole = by(lambda case, s=scores: s, [item], "list")  # type: ignore[misc]
        assert values("rmb", whole)[cell] == official
        assert values("rmb", whole, "random")[cell] == pytest.approx(listed)
        margins = iter([(scores[0], other) for other in scores[1:]])
        pairs = by(lambda case, m=margins: next(m), [item], "pairs")  # type: ignore[misc]
        assert values("rmb", pairs)[cell] == official
        assert values("rmb", pairs, "random")[cell] == pytest.approx(paired)


def test_rmb_on_the_sample_files() -> None:
    for name, mode in (("bon", "pairs"), ("bon", "list"), ("pairwise", "list")):
        items = load(benchmark_of("rmb"), Source(real(f"official/rmb-sample/{name}.json")), partial=True)
        assert len(items) == 20
        first = by(lambda case: [2.0] + [1.0] * (case.n - 1), items, mode)  # type: ignore[arg-type]
        kind = "best of N" if name == "bon" else "pairs"
        found = values("rmb", first)
        assert found == {"score": 1, f"helpfulness, {kind}": 1, f"helpfulness, {kind}: Chat": 1}


def test_rmb_is_the_mean_of_four_cells(tmp_path: Path) -> None:
    items = items_of("rmb", tmp_path)
    found = values("rmb", by(lambda case: [2.0] + [1.0] * (case.n - 1) if "BoN" in case.id else [1, 2], items, "list"))
    cells = {name: value for name, value in found.items() if ":" not in name and name != "score"}
    assert cells == {
        f"{goal}, {kind}": float(kind != "pairs")
        for goal in ("helpfulness", "harmlessness")
        for kind in ("pairs", "best of N")
    }
    assert found["score"] == 0.5


def test_the_area_is_that_of_scikit_learn() -> None:
    told = json.loads((Path(__file__).parent / "golden" / "auc.json").read_text("utf-8"))
    for one in told["sets"]:
        scored = [(score, not error) for score, error in zip(one["scores"], one["error"], strict=True)]
        assert area(scored) == area_drawn(scored) == pytest.approx(one["auc"], abs=1e-15)


def test_responses_without_a_score_are_left_out_or_drawn() -> None:
    scored = [(9.0, True), (None, True), (1.0, False), (2.0, False)]
    assert area(scored) == 1
    assert area_drawn(scored) == 0.75
    assert area([(1.0, True)]) == area_drawn([(None, False)]) == 0.5


def test_realmistake_is_read_without_unpacking() -> None:
    path = real("realmistake/data.zip")
    before = sorted(path.parent.iterdir())
    items = load(benchmark_of("realmistake"), Source(path))
    assert len(items) == 900
    assert sum(isinstance(one.label, Right) and one.label.value for one in items) == 52 + 31 + 53 + 30 + 53 + 32
    assert sorted(path.parent.iterdir()) == before
    outcomes = by(lambda case: [float(len(str(case.responses[0])) % 10)], items, "single")
    assert 0.4 < values("realmistake", outcomes)["ROC-AUC"] < 0.6


def test_ppe_ties_decide_nothing_and_pairs_of_a_question_are_drawn_together(tmp_path: Path) -> None:
    votes = items_of("ppe-preference", tmp_path / "votes")
    outcomes = by(lambda case: (2, 1), votes, "list")
    (score, *_) = benchmark_of("ppe-preference").figures(outcomes, "official")
    decided = [one.label for one in votes if isinstance(one.label, Best)]
    assert score.units == len(decided) < len(votes)
    assert score.value == pytest.approx(decided.count(Best(0)) / len(decided))
    pairs = items_of("ppe-correctness", tmp_path / "pairs")
    (whole, *sets) = benchmark_of("ppe-correctness").figures(by(lambda case: (2, 1), pairs, "list"), "official")
    assert [figure.name for figure in sets] == ["MMLU-Pro", "MATH", "GPQA", "MBPP-Plus", "IFEval"]
    assert [len(part.groups) for part in whole.parts] == [4] * 5
    assert whole.units == len(pairs) == 40


def test_the_better_of_several_best_ones_is_paired_with_worse_ones() -> None:
    assert against_the_rest(Ratings((1, 3, 3, 2)), 4) == ((1, 0), (1, 3))
    assert against_the_rest(Ratings((1, 1)), 2) == ((0, 1),)
    assert against_the_rest(Best(2), 3) == ((2, 0), (2, 1))
    assert against_the_rest(Right(True), 1) == ()


def test_responses_are_judged_together_in_pairs_or_alone() -> None:
    case = Case("x", (Message("user", content("?")),), tuple(map(content, "abc")))
    item = Item(case, Best(1), "all", against_the_rest(Best(1), 3), "here")
    assert cases_of(item, "list") == [case]
    pairs = cases_of(item, "pairs")
    assert [(one.id, one.responses) for one in pairs] == [
        ("x#1,0", (content("b"), content("a"))),
        ("x#1,2", (content("b"), content("c"))),
    ]
    assert [one.responses for one in cases_of(item, "single")] == [(content(letter),) for letter in "abc"]
    alone = [verdict(one, [judgment(i), judgment(i)]) for i, one in enumerate(cases_of(item, "single"))]
    outcome = Ballots(item, "single", tuple(alone)).at(1, VOTES)
    assert outcome.scores == (0, 1, 2)
    assert outcome.margins == [1, -1]


def test_a_difference_is_paired_and_its_probability_exact_enough(tmp_path: Path) -> None:
    items = items_of("judgebench", tmp_path)
    good = by(lambda case: (2, 1), [one for one in items if one.label == Best(0)] * 4, "pairs")
    bad = by(lambda case: (1, 2), [one.item for one in good], "pairs")
    figures = benchmark_of("judgebench").figures
    interval, p = difference(figures(good, "official")[0], figures(bad, "official")[0])
    assert tuple(interval) == (1, 1, 1)
    assert p < 0.01
    interval, p = difference(figures(good, "official")[0], figures(good, "official")[0])
    assert (tuple(interval), p) == ((0, 0, 0), 1)


def test_the_probability_of_a_difference_is_that_of_a_sign_test() -> None:
    """Of 10 items that differ, one run is right on 9: by coins that or more, either way, has 22 chances in 1,024."""
    ours, theirs = ([[float(i != 0)] for i in range(10)] + [[0.5]] * 30, [[float(i == 0)] for i in range(10)])
    figures = [Figure("score", (Part(1.0, [*groups, *[[0.5]] * (40 - len(groups))]),)) for groups in (ours, theirs)]
    interval, p = difference(figures[0], figures[1], resamples=20_000)
    assert interval.mean == pytest.approx(8 / 40)
    assert p == pytest.approx(22 / 1024, abs=0.004)
    general = [Figure("score", (Part(1.0, one.parts[0].groups, fmean),)) for one in figures]
    assert difference(general[0], general[1], resamples=4000)[1] == pytest.approx(22 / 1024, abs=0.01)
