"""PairRM: what a duel shows, what the duels of a case come to, and a training that balances places by construction."""

import asyncio
import json
import math
import random
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.forms.sandbox import SANDBOX_PAIRWISE
from solon.samplers.seam import Failure
from solon.scorers.opening import open_scorer
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Conversation
from solon.training.config import PairRMConfig
from solon.training.duels import PAIRRM, SANDBOX_PAIRRM, Logits, agreement, duel, duel_form, duels, verdict_of
from solon.training.pairrm import pairrm
from solon.training.pairs import ordered
from solon.types import Case, LabeledCase, Verdict, plain
from tests.judge.judging import case
from tests.training import families, recipes
from tests.training.making import labeled, rated, write

DOWN = Failure("down")


def of_logits(n: int, *logits: float) -> Logits:
    """Give the duels (0, 1), (0, 2), ..., (1, 0), ... of n responses these logits."""
    return dict(zip(permutations(range(n), 2), logits, strict=True))


def text_of(messages: Conversation) -> str:
    (turn,) = messages
    assert turn.role == "user"
    return plain(turn.content)


def split(one: LabeledCase, name: str) -> LabeledCase:
    """Put a case into a split, as data with `meta.split` are read."""
    fields = {"prompt": one.case.prompt, "responses": one.case.responses, "tags": {"meta": {"split": name}}}
    return LabeledCase(Case(f"{name} {one.case.id}", **fields), one.label)


@pytest.mark.parametrize("form", [PAIRRM, SANDBOX_PAIRRM])
def test_a_duel_shows_two_responses_in_the_order_asked_for_and_nothing_of_the_others(form: Any) -> None:
    one = case("a", "first words", "second words", "third words", tags={"best": 2})
    said = text_of(duel(form, one, (2, 0)))
    assert said.index("third words") < said.index("first words")
    assert "second words" not in said
    assert said.index("[1]" if form is SANDBOX_PAIRRM else "<<<response 1") < said.index("third words")


def test_a_model_of_the_sandbox_reads_the_prompt_that_its_base_was_trained_on() -> None:
    one = case("a", "x", "y")
    assert duel(SANDBOX_PAIRRM, one, (1, 0)) == SANDBOX_PAIRWISE.render(one, (1, 0))
    assert text_of(duel(PAIRRM, one, (0, 1))).startswith("The conversation:\n<<<turn 1, user")


def test_the_form_is_the_one_trained_on_else_one_that_suits_the_model(tmp_path: Path) -> None:
    assert duel_form("sandbox") is SANDBOX_PAIRRM
    assert duel_form("some/model") is PAIRRM
    for named, form in (("pairrm", PAIRRM), ("sandbox-pairrm", SANDBOX_PAIRRM), ("sandbox-critique", SANDBOX_PAIRRM)):
        Checkpoint(named, "").save(tmp_path)
        assert duel_form(str(tmp_path)) is form


@pytest.mark.parametrize(
    ("logits", "scores"),
    [
        (of_logits(2, 3.0, -1.0), (2.0, -2.0)),
        (of_logits(2, 1.5, 1.5), (0.0, 0.0)),
        (of_logits(1), (0.0,)),
        # halves: 0 over 1 by 2, 0 over 2 by 1, 2 over 1 by 1
        (of_logits(3, 4.0, 1.0, 0.0, -1.0, -1.0, 1.0), (1.5, -1.5, 0.0)),
    ],
)
def test_a_score_is_the_mean_over_opponents_of_half_the_difference_of_both_orders(
    logits: Logits, scores: tuple[float, ...]
) -> None:
    verdict = verdict_of(logits, len(scores))
    assert verdict.scores == pytest.approx(scores)
    assert (verdict.orders, len(verdict.outcomes)) == ((tuple(range(len(scores))),), 1)


@given(st.integers(2, 6), st.floats(-50, 50), st.integers(0, 2**32))
def test_no_preference_for_a_place_changes_a_score_and_scores_sum_to_nothing(n: int, bias: float, seed: int) -> None:
    rng = random.Random(seed)
    logits = {pair: rng.uniform(-5, 5) for pair in permutations(range(n), 2)}
    scores = verdict_of(logits, n).scores
    biased = verdict_of({pair: logit + bias for pair, logit in logits.items()}, n).scores
    assert scores is not None
    assert biased == pytest.approx(scores, abs=1e-9)
    assert math.fsum(scores) == pytest.approx(0.0, abs=1e-9)
    turned = verdict_of({(j, i): -logit for (i, j), logit in logits.items()}, n).scores
    assert turned == pytest.approx(scores), "who is shown first does not matter"


def test_a_case_with_a_failed_duel_is_unread_and_not_a_tie() -> None:
    verdict = verdict_of({(0, 1): 1.0, (1, 0): DOWN}, 2)
    assert (verdict.scores, verdict.tied, verdict.unread) == (None, (), {"failed_call": 1})


def test_orders_agree_where_the_same_response_wins_in_both() -> None:
    same, swayed = of_logits(2, 2.0, -1.0), of_logits(2, 2.0, 1.0)
    assert agreement([same, swayed, same, of_logits(2, 0.0, 0.0)]) == 0.5
    assert agreement([{(0, 1): 1.0, (1, 0): DOWN}, of_logits(1)]) is None


def test_all_ordered_pairs_of_all_cases_are_asked_about_in_one_go() -> None:
    cases = [case("a", "worth 1", "worth 9"), case("b", "worth 5"), case("c", "worth 4", "worth 2", "worth 7")]
    scorer = ScriptedScorer(difference)
    found = asyncio.run(duels(scorer, PAIRRM, cases, seed=3))
    assert len(scorer.asked) == 2 + 0 + 6
    verdicts = [verdict_of(logits, one.n) for logits, one in zip(found, cases, strict=True)]
    assert [verdict.scores for verdict in verdicts] == [(-8.0, 8.0), (0.0,), (-0.5, -3.5, 4.0)]
    assert [verdict.best for verdict in verdicts] == [1, 0, 2]


def difference(conversation: Conversation) -> float:
    """Say by how much the first is worth more, and prefer the first place a good deal."""
    first, second = (int(part.split("\n")[0]) for part in text_of(conversation).split("worth ")[1:])
    return first - second + 100.0


def config(model: Path | str, out: Path, cases: list[LabeledCase], **options: Any) -> PairRMConfig:
    out.mkdir(parents=True, exist_ok=True)
    data = {"model": str(model), "out": out, "data": [write(out / "cases.jsonl", cases)]}
    return PairRMConfig(**recipes.SHORT | data | options)


def some(count: int = 6) -> list[LabeledCase]:
    """Make cases of two to four responses, ratings with ties among them, some to measure on."""
    taught = [labeled(f"c{i}", 2 + i % 3, best=i % 2) for i in range(count)]
    return [*taught, rated("r", 1, 3, 3), *(split(one, "test") for one in taught[:3]), rated("e", 2, 2)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("qwen3", tmp_path_factory.mktemp("base"))


@pytest.mark.slow
@pytest.mark.parametrize("lora", [{}, recipes.LORA], ids=["full", "lora"])
@pytest.mark.parametrize("family", sorted(families.FAMILIES))
def test_the_loss_is_binary_cross_entropy_of_both_orders_of_every_ordered_pair(
    family: str, lora: dict[str, int], tmp_path: Path
) -> None:
    base, cases = families.save(family, tmp_path / "base"), some()
    still = {"steps": 1, "learning_rate": 1e-30, "batch": 256, "micro_batch": 256, "lora": lora}
    folder = pairrm(config(base, tmp_path, cases, **still))
    log = json.loads((folder / "log.json").read_text())
    taught = [one for one in cases if not one.case.tags]
    found = asyncio.run(duels(open_scorer(str(folder)), PAIRRM, [one.case for one in taught]))
    logits = [(one_found, pair) for one, one_found in zip(taught, found, strict=True) for pair in pairs(one)]
    losses = [math.log1p(math.exp(-float(of[i, j]))) + math.log1p(math.exp(float(of[j, i]))) for of, (i, j) in logits]
    assert len(losses) == 14
    assert log["log"][-1]["train_loss"] == pytest.approx(sum(losses) / (2 * len(losses)), rel=1e-3)
    assert Checkpoint.of(str(folder)) == Checkpoint("pairrm", PAIRRM.template_hash)


def pairs(one: LabeledCase) -> list[tuple[int, int]]:
    return ordered(one.label, one.case.n)


@pytest.mark.slow
def test_a_tiny_model_learns_who_is_best_and_its_report_says_so(tmp_path: Path) -> None:
    base = families.save("qwen3", tmp_path / "base")
    Checkpoint("sandbox", "").save(base)
    cases = [labeled("c", 2 + i % 2, best=i % 2) for i in range(12)]
    cases = [LabeledCase(Case(f"c{i}", one.case.prompt, one.case.responses), one.label) for i, one in enumerate(cases)]
    every = [*cases, *(split(one, "test") for one in cases[:4])]
    folder = pairrm(config(base, tmp_path, every, steps=60, batch=16, micro_batch=16, warmup=0.1))
    report = json.loads((tmp_path / "report.json").read_text())
    (row,) = report["measured"]
    assert (row["cases"], row["pairs"]) == (4, 6)
    assert row["pairrm"]["mean"] == 1.0
    assert row["longer wins"]["mean"] == 0.0, "other 1 is longer than best"
    assert report["orders agree"] >= 0.75, "of two others no order was taught"
    found = asyncio.run(duels(open_scorer(str(folder)), duel_form(str(folder)), [one.case for one in cases]))
    verdicts: list[Verdict] = [verdict_of(logits, one.case.n) for logits, one in zip(found, cases, strict=True)]
    assert [verdict.best for verdict in verdicts] == [i % 2 for i in range(12)]


@pytest.mark.slow
def test_pairs_that_are_too_long_are_left_out_and_counted(base: Path, tmp_path: Path) -> None:
    long = LabeledCase(case("long", "x" * 900, "y"), labeled("long").label)
    pairrm(config(base, tmp_path, [labeled("a"), long], max_length=600))
    counts = json.loads((tmp_path / "report.json").read_text())["counts"]
    assert (counts["trained on: pairs"], counts["trained on: pairs too long"]) == (2, 1)
    with pytest.raises(UserError, match="every pair is longer than 20 tokens"):
        pairrm(config(base, tmp_path / "short", [labeled("a")], max_length=20))


def test_without_an_ordered_pair_nothing_is_trained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no case is left to train on \(1 with equal ratings\)"):
        pairrm(config("sandbox", tmp_path, [rated("a", 1, 1)]))


@pytest.mark.slow
def test_a_step_weighs_alike_however_it_is_cut(base: Path, tmp_path: Path) -> None:
    """The loss of a step is the mean over its duels, not the sum over the batches that it is computed in."""
    losses = []
    for micro in (8, 2):
        given = config(base, tmp_path / str(micro), some(), steps=1, batch=8, micro_batch=micro)
        losses.append(json.loads((pairrm(given) / "log.json").read_text())["log"][-1]["train_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_also_when_it_breaks_off(base: Path, tmp_path: Path) -> None:
    def breaking(step: int, total: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    long = {"steps": 5, "save_every": 1}
    straight = pairrm(config(base, tmp_path / "straight", some(), **long))
    with pytest.raises(KeyboardInterrupt):
        pairrm(config(base, tmp_path / "broken", some(), **long), breaking)
    done: list[int] = []
    resumed = pairrm(config(base, tmp_path / "broken", some(), **long), lambda step, total: done.append(step))
    assert done == [3, 4, 5]
    assert recipes.same(straight, resumed)
    other = pairrm(config(base, tmp_path / "other", some(), seed=1, **long))
    assert not recipes.same(straight, other)
