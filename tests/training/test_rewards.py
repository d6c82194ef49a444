"""What reaches TRL as reward: equation 11 on token ids, in orders of their own, with unread told from wrong."""

import pytest
from transformers import PreTrainedTokenizerFast

from solon.errors import UserError
from solon.forms.correct import CORRECT
from solon.forms.pointwise import POINTWISE
from solon.reward import outcome_reward
from solon.training.rewards import Reader, TrlReward, reward_functions
from solon.training.visits import Visit
from solon.types import Best, Judgment, Label, LabeledCase, Order, Unread
from tests.judge.judging import boxed
from tests.training import families
from tests.training.making import labeled, lone, rated

FAMILIES = sorted(families.FAMILIES)


def visit(one: LabeledCase, order: Order) -> Visit:
    return Visit(one, order, CORRECT if one.case.n == 1 else POINTWISE)


LONE_RIGHT, LONE_FAULTY = visit(lone("a", True), (0,)), visit(lone("b", False), (0,))
PAIR = visit(labeled("c", 2, best=0), (1, 0))
FOUR = visit(labeled("d", 4, best=1), (2, 0, 3, 1))
RATED = visit(rated("e", 1, 3, 2), (1, 2, 0))
VISITS = [LONE_RIGHT, LONE_FAULTY, PAIR, FOUR, RATED]
CUT = "Analysis:\nthe first is "
BATCH = [
    (LONE_RIGHT, boxed([1]), True, 1.0),
    (LONE_RIGHT, boxed([0]), True, -1.0),
    (LONE_FAULTY, boxed([0]), True, 1.0),
    (LONE_FAULTY, boxed([5]), True, -1.0),
    (PAIR, boxed([3, 9]), True, 1.0),
    (PAIR, boxed([9, 3]), True, -1.0),
    (PAIR, boxed([7, 7]), True, -1.0),
    (FOUR, boxed([1, 2, 3, 9]), True, 1.0),
    (FOUR, boxed([1, 9, 3, 2]), True, -1.0),
    (FOUR, boxed([9, 1, 1, 9]), True, -1.0),
    (FOUR, boxed([1, 9]), True, -1.0),
    (RATED, boxed([8, 7, 7]), True, 1.0),
    (RATED, boxed([7, 8, 7]), True, -1.0),
    (PAIR, "no box at all", True, -1.0),
    (PAIR, CUT, False, -1.0),
    (PAIR, f"earlier \\boxed{{3, 9}} and {CUT}", False, -1.0),
    (PAIR, boxed([3, 9]), False, 1.0),
    (PAIR, "", False, -1.0),
]
"""Judgments of visits, their boxes in the order shown; whether they came to their end; and their rewards."""
UNREAD = 6


def ids(tokens: PreTrainedTokenizerFast, family: str, text: str, ended: bool) -> list[int]:
    end = [tokens.convert_tokens_to_ids(families.FAMILIES[family].turn)] if ended else []
    return [*tokens(text, add_special_tokens=False)["input_ids"], *end]


def reader(family: str = "qwen3") -> Reader:
    tokens = families.tokenizer(family)
    ends = frozenset(tokens.convert_tokens_to_ids(list(families.FAMILIES[family].ends)))
    return Reader(VISITS, tokens, ends)


def paid(reward: TrlReward, family: str, logged: dict[str, float] | None = None) -> list[float]:
    """Pay the batch as TRL does, with the columns that it hands over."""
    tokens = families.tokenizer(family)
    return reward(
        completion_ids=[ids(tokens, family, text, ended) for _, text, ended, _ in BATCH],
        visit=[VISITS.index(here) for here, *_ in BATCH],
        prompts=[[] for _ in BATCH],
        completions=[[] for _ in BATCH],
        trainer_state=None,
        log_metric=None if logged is None else logged.__setitem__,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mixed_batch_is_paid_by_equation_11(family: str) -> None:
    (reward,) = reward_functions([], reader(family))
    assert reward.__name__ == "outcome"
    assert paid(reward, family) == [expected for *_, expected in BATCH]


def test_unread_is_logged_apart_from_wrong() -> None:
    (reward,) = reward_functions([], reader())
    logged: dict[str, float] = {}
    rewards = paid(reward, "qwen3", logged)
    assert logged == {
        "outcome/unread": pytest.approx(UNREAD / len(BATCH)),
        "outcome/read": pytest.approx((sum(rewards) + UNREAD) / (len(BATCH) - UNREAD)),
    }


def test_a_batch_that_nobody_can_read_has_no_reward_of_the_read() -> None:
    logged: dict[str, float] = {}
    (reward,) = reward_functions([], reader())
    assert reward(completion_ids=[[], []], visit=[2, 3], log_metric=logged.__setitem__) == [-1.0, -1.0]
    assert logged == {"outcome/unread": 1.0}


def test_outcomes_stand_in_the_cases_own_order() -> None:
    tokens = families.tokenizer("qwen3")
    outcome = reader().outcome(ids(tokens, "qwen3", boxed([1, 2, 3, 4]), True), 3)
    assert isinstance(outcome, Judgment)
    assert outcome.scores == (2.0, 4.0, 1.0, 3.0)
    cut = reader().outcome(ids(tokens, "qwen3", CUT, False), 3)
    assert isinstance(cut, Unread)
    assert cut.reason == "truncated"
    assert reader().label(3) == Best(1)


def brief(outcome: Judgment | Unread, label: Label) -> int:
    """Pay in whole numbers for what was said."""
    assert isinstance(label, Best) or not isinstance(outcome, Judgment) or len(outcome.scores) in (1, 3)
    return -len(outcome.text)


def test_further_rewards_are_plain_functions_of_outcome_and_label() -> None:
    first, second = reward_functions([f"{__name__}:brief"], reader())
    assert (first.__name__, second.__name__) == ("outcome", "brief")
    rewards = paid(second, "qwen3")
    assert rewards == [float(-len(text)) for _, text, *_ in BATCH]
    assert {type(reward) for reward in rewards} == {float}
    assert paid(first, "qwen3") == [expected for *_, expected in BATCH]
    (same,) = reward_functions(["solon.reward:outcome_reward"], reader())[1:]
    assert (same.__name__, paid(same, "qwen3")) == ("outcome_reward", paid(first, "qwen3"))
    assert outcome_reward(Unread("truncated", ""), Best(0)) == -1.0


@pytest.mark.parametrize(
    "name", ["no_such_module:f", "solon.reward:no_such_name", "solon.reward", ":f", "", "..reward:f", "solon.reward:"]
)
def test_a_reward_that_cannot_be_imported_is_named(name: str) -> None:
    with pytest.raises(UserError, match=rf"the reward '{name}' cannot be imported .*; give module:name"):
        reward_functions([name], reader())


def test_a_reward_that_is_no_function_is_named() -> None:
    with pytest.raises(UserError, match=r"the reward 'solon.reward:__doc__' is no function f\(outcome, label\)"):
        reward_functions(["solon.reward:__doc__"], reader())
