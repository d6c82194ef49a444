"""What the base model reads: every kind of prompt, every answer readable, inspections clean, hints followed."""

import random
from collections import Counter
from dataclasses import replace
from itertools import islice
from statistics import mean

import pytest

from solon.sandbox.annotator import Annotation, Habits, annotate
from solon.sandbox.corpus import EXERCISES, MODES, demonstration, exercises, instructions
from solon.sandbox.criteria import Criterion
from solon.sandbox.evaluate import checks
from solon.sandbox.hints import bend, follows
from solon.sandbox.world import cases
from solon.types import Judgment, plain

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn():
    return list(islice(exercises(3, 0, inspections=0.3), 2400))


def test_every_answer_can_be_read(drawn):
    for one in drawn:
        judgment = EXERCISES[one.kind][0].read(one.answer, one.case.n)
        assert isinstance(judgment, Judgment), one.answer
        if one.kind in ("pointwise", "correct", "pairwise"):
            assert len(judgment.scores) == one.case.n
            assert bool(judgment.principles) >= (one.mode == "self")


def test_every_kind_mode_and_size_is_there(drawn):
    seen = Counter((one.kind, one.mode) for one in drawn)
    assert all(seen["pointwise", mode] > 20 for mode in MODES)
    assert all(seen["pairwise", mode] > 5 for mode in MODES)
    assert all(seen["correct", mode] > 3 for mode in MODES)
    assert {one.case.n for one in drawn if one.kind == "pointwise"} == {1, 2, 3, 4, 5, 6}
    assert any("Hint: " in plain(one.messages[0].content) for one in drawn)


def test_checks_are_clean_in_inspections_and_mostly_true_in_judgments(drawn):
    clean = [true for one in drawn if one.kind == "inspection" for _, true in checks(one.case, one.order, one.answer)]
    noisy = [true for one in drawn if one.kind != "inspection" for _, true in checks(one.case, one.order, one.answer)]
    assert all(clean)
    assert 0.8 < mean(noisy) < 0.97


def test_inspections_are_balanced():
    said = " ".join(one.answer for one in islice(exercises(4, 0, inspections=1.0), 900))
    yes, no = said.count(" yes"), said.count(" no")
    assert 0.42 < yes / (yes + no) < 0.58


def test_answers_add_up(drawn):
    for one in drawn:
        if one.kind == "pointwise" and one.mode == "self":
            judgment = EXERCISES["pointwise"][0].read(one.answer, one.case.n)
            weights = [principle.weight for principle in judgment.principles]
            for line, score in zip(judgment.critique.split("\n"), judgment.scores, strict=True):
                met = [check.endswith(" yes") for check in line.partition(": ")[0].split(", ")]
                assert score == 1 + sum(w for w, yes in zip(weights, met, strict=True) if yes)


def test_the_corpus_is_a_function_of_seed_and_index(drawn):
    again = list(islice(exercises(3, 0, inspections=0.3), 50))
    assert again == drawn[:50]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_bent_judgment_follows_its_hint(n):
    rng = random.Random(0)
    for labeled in cases("dev", 40, n=n):
        for hint in range(max(2, n)):
            annotation = annotate(labeled.case, rng)
            assert follows(bend(annotation, hint, rng), hint)


def test_a_hint_names_the_place_as_shown():
    labeled = cases("dev", 1, n=3)[0]
    for seed in range(60):
        one = demonstration(labeled.case, random.Random(seed), "pointwise", hinted=1.0)
        hinted = plain(one.messages[0].content).partition("Hint: ")[2].partition(" ")[0]
        scores = EXERCISES["pointwise"][0].read(one.answer, 3).scores
        assert scores.index(max(scores)) + 1 == int(hinted)


def test_instructions_hold_no_judgment():
    for one in instructions(20, seed=2):
        assert one.kind == "inspection"
        assert one.case.id.startswith("train-2-")
        assert "boxed" not in one.answer


def test_a_lure_is_followed_with_probability_q():
    tags = {"implied": [("sum", 3), ("order", 2), ("calm", 1)], "aside": "polite", "boasts": []}
    case = replace(cases("dev", 1, n=2)[0].case, tags=tags)
    for q in (0.0, 0.6, 1.0):
        drawn = [annotate(case, random.Random(i), Habits(true=1.0, follow=q)) for i in range(300)]
        assert abs(mean((Criterion("polite"), 3) in one.principles for one in drawn) - q) < 0.1


def test_scores_count_the_weight_met():
    annotation = Annotation(((Criterion("sum"), 3), (Criterion("calm"), 2)), ((True, False), (True, True)))
    assert annotation.scores == (4, 6)
    assert annotation.approves
