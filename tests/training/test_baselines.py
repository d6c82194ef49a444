"""The baselines and the comparison: what a bag of words can learn, and intervals over questions."""

import random
from dataclasses import replace

import pytest

from solon.stats import bootstrap, clustered
from solon.training.baselines import BagOfWords, by_text, terms, words
from solon.training.comparing import compared, credit
from solon.training.pairs import PairedCase, pairings
from solon.types import LabeledCase, Ratings
from tests.judge.judging import case

WORDS = ["river", "stone", "light", "cloud", "grass"]


def worded(count: int, good: str = "surely", source: str = "s", seed: int = 0) -> list[PairedCase]:
    """Make cases of two responses, the first of which holds a word that the better one always has."""
    rng = random.Random(seed)
    made = []
    for i in range(count):
        said = [f"{' '.join(rng.choices(WORDS, k=4))} {tail}" for tail in (good, "never")]
        one = replace(case(f"{source}{i}", *said), tags={"source": source})
        made.append(LabeledCase(one, Ratings((1.0, 0.0))))
    return list(pairings(made, 16, 0).cases)


def test_terms_are_words_marks_and_neighbors_in_lower_case() -> None:
    assert terms("No, no!") == {"no", ",", "!", "no ,", ", no", "no !"}
    assert terms("") == set()


def test_a_bag_of_words_learns_the_word_that_tells() -> None:
    model = BagOfWords.learned(worded(40))
    assert model.weights["surely"] > 0 > model.weights["never"]
    assert model.weights["surely"] > max(abs(model.weights[word]) for word in WORDS)
    held = worded(20, seed=1)
    assert all(credit(found, (0, 1)) == 1 for found in by_text(held, model.score))
    assert model.score("unheard") == 0


def test_a_bag_of_words_is_the_same_for_the_same_pairs_and_at_its_optimum() -> None:
    cases = worded(30)
    model = BagOfWords.learned(cases)
    assert model == BagOfWords.learned(cases)
    assert sum(model.weights[term] for term in ("surely", "never")) == pytest.approx(0, abs=1e-4)


def test_a_bag_of_words_can_learn_from_a_single_case() -> None:
    assert BagOfWords.learned(worded(1)).score("surely") == 0, "no word stands in two responses"


def test_every_source_has_a_bag_of_words_of_its_own() -> None:
    train = [*worded(30, "surely", "s"), *worded(30, "maybe", "t")]
    opposed = [replace(one, pairs=((1, 0),)) for one in worded(30, "surely", "u")]
    held = [*worded(3, "surely", "s", 1), *worded(3, "surely", "u", 1), *worded(3, "maybe", "unseen", 1)]
    found = [credit(scores, (0, 1)) for scores in words([*train, *opposed], held)]
    assert found[:6] == [1, 1, 1, 0, 0, 0]
    assert found[6:] == [1, 1, 1], "learned from all sources"


def test_rows_are_by_source_and_over_all() -> None:
    cases = [*worded(3, source="s"), *worded(2, source="t")]
    scorers = {"a": [{0: 1.0, 1: 0.0}] * 5, "b": [{0: 0.0, 1: 0.0}] * 3 + [{0: 0.0, 1: 1.0}] * 2}
    rows = compared(cases, scorers)
    assert [(row["source"], row["cases"], row["pairs"]) for row in rows] == [("s", 3, 3), ("t", 2, 2), ("all", 5, 5)]
    assert [row["a"]["mean"] for row in rows] == [1.0, 1.0, 1.0]  # type: ignore[index]
    assert [row["a - b"]["mean"] for row in rows] == [0.5, 1.0, 0.7]  # type: ignore[index]
    assert [row["source"] for row in compared(cases[:3], {"a": scorers["a"][:3]})] == ["s"]


def test_an_interval_over_groups_is_wider_than_over_values() -> None:
    groups = [[float(i % 2)] * 10 for i in range(40)]
    flat, whole = bootstrap([value for group in groups for value in group]), clustered(groups)
    assert flat.mean == whole.mean == 0.5
    assert whole.high - whole.low > 2.5 * (flat.high - flat.low)


def test_groups_of_one_are_the_plain_bootstrap_and_values_count_alike() -> None:
    values = [0.0, 1.0, 1.0, 0.5, 0.0, 1.0]
    assert clustered([[value] for value in values], seed=4) == bootstrap(values, seed=4)
    assert clustered([[1.0] * 3, [0.0]]).mean == 0.75
    assert clustered([[1.0], []]).mean == 1.0
    with pytest.raises(ValueError, match="at least one value"):
        clustered([[]])
