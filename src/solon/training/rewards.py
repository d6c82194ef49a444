"""What reinforcement learning pays a judgment: equation 11, and whatever else a user adds.

A reward is a function `f(outcome, label) -> float` of a judgment whose scores stand in the case's own order, or of why
there is none. TRL gets it wrapped, with what a person wants to see beside it: unread apart from wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TypeAlias

from transformers import PreTrainedTokenizerBase

from solon.errors import UserError
from solon.order import restore
from solon.reward import outcome_reward
from solon.samplers.completion import complete
from solon.samplers.local.tokens import Tokens
from solon.samplers.seam import Request
from solon.training.visits import Visit
from solon.types import Judgment, Label, Unread

RewardFunction: TypeAlias = Callable[[Judgment | Unread, Label], float]


class Reader:
    """Reads what TRL sampled: token ids and the number of a visit, to an outcome in the case's own order."""

    def __init__(self, visits: Sequence[Visit], tokenizer: PreTrainedTokenizerBase, eos: frozenset[int]) -> None:
        self._visits = visits
        self._tokens = Tokens(tokenizer)
        self._eos = eos

    def label(self, visit: int) -> Label:
        """Return the label of a visit."""
        return self._visits[visit].labeled.label

    def outcome(self, ids: Sequence[int], visit: int) -> Judgment | Unread:
        """Read one completion."""
        here = self._visits[visit]
        ended = bool(ids) and ids[-1] in self._eos
        sampled = complete(self._tokens.text(ids), Request(()), "stop" if ended else "length")
        outcome = here.form.outcome(sampled.text, here.labeled.case.n, sampled.finish)
        if isinstance(outcome, Unread):
            return outcome
        return replace(outcome, scores=restore(outcome.scores, here.order))


class TrlReward:
    """A reward function as TRL calls it; its name stands in TRL's logs."""

    def __init__(self, name: str, function: RewardFunction, reader: Reader) -> None:
        self.__name__ = name
        self._function = function
        self._reader = reader

    def __call__(self, completion_ids: Sequence[Sequence[int]], visit: Sequence[int], **columns: object) -> list[float]:
        """Return one reward per completion."""
        pairs = list(zip(completion_ids, visit, strict=True))
        outcomes = [self._reader.outcome(ids, here) for ids, here in pairs]
        rewards = [
            float(self._function(outcome, self._reader.label(here)))
            for outcome, (_, here) in zip(outcomes, pairs, strict=True)
        ]
        log_metric = columns.get("log_metric")
        if callable(log_metric):
            unread = sum(isinstance(outcome, Unread) for outcome in outcomes)
            log_metric(f"{self.__name__}/unread", unread / len(outcomes))
            read = [reward for reward, outcome in zip(rewards, outcomes, strict=True) if isinstance(outcome, Judgment)]
            if read:
                log_metric(f"{self.__name__}/read", sum(read) / len(read))
        return rewards


def reward_functions(named: Sequence[str], reader: Reader) -> list[TrlReward]:
    """Return equation 11 and the further reward functions that `module:name` names, for TRL.

    Raises:
        UserError: a name cannot be imported, or is no function.
    """
    further = [TrlReward(name.rpartition(":")[2], _imported(name), reader) for name in named]
    return [TrlReward("outcome", outcome_reward, reader), *further]


def _imported(name: str) -> RewardFunction:
    module, colon, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(
            f"the reward '{name}' cannot be imported ({error}); give module:name, and the module's folder in PYTHONPATH"
        ) from error
    if not colon or not callable(found):
        raise UserError(f"the reward '{name}' is no function f(outcome, label) -> float; give module:name")
    imported: RewardFunction = found
    return imported
