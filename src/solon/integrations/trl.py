"""TRL: reward functions for `GRPOTrainer` and every trainer with the same argument.

    trl grpo --reward_funcs solon.integrations.trl.solon_reward ...
    GRPOTrainer(reward_funcs=[solon_reward])                          # settings by SOLON_URL and its like
    GRPOTrainer(reward_funcs=[SolonReward(url=..., reward=...)])      # or by keyword
    GRPOTrainer(reward_funcs=[judge_reward(judge)])                   # in this process, without a server

TRL hands over all completions of a process: equal prompts that stand together are judged together. No reward is `None`,
which TRL leaves out of the group's mean and gives no advantage. A dataset column `reference` is shown to the judge.
Logged are `solon/valid` (the share with a reward) and, over those, `solon/score`, `solon/agreement`, `solon/k`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from solon.errors import UserError
from solon.integrations.client import Prompt, in_background
from solon.integrations.in_process import case_of, reply_of
from solon.integrations.settings import Settings, settings
from solon.integrations.together import Judged, grouped, judged, spread
from solon.rewards import mean, valid

if TYPE_CHECKING:
    from solon.judge import Judge

Rewards: TypeAlias = list[float | None]


async def solon_reward(
    prompts: Sequence[Prompt], completions: Sequence[object], completion_ids: object = None, **columns: object
) -> Rewards:
    """Return one reward per completion, judged by the server that the environment names.

    Args:
        prompts: texts or conversations.
        completions: texts or messages, as many.
        completion_ids: not used.
        columns: the dataset's columns, of which `reference` is used, and TRL's `log_metric` and `log_extra`.

    Raises:
        UserError: the address or the key is wrong; nothing else stops a training.
    """
    return await _rewarded(settings(), prompts, completions, columns)


def solon_reward_sync(
    prompts: Sequence[Prompt], completions: Sequence[object], completion_ids: object = None, **columns: object
) -> Rewards:
    """`solon_reward` for callers without an event loop; the loop is one in the background."""
    return in_background(_rewarded(settings(), prompts, completions, columns))


@dataclass(frozen=True)
class SolonReward:
    """`solon_reward` with settings by keyword: those of `Settings`. It can be pickled."""

    options: dict[str, object] = field(default_factory=dict)

    def __init__(self, **options: object) -> None:
        settings(**options)
        object.__setattr__(self, "options", options)

    async def __call__(
        self,
        prompts: Sequence[Prompt],
        completions: Sequence[object],
        completion_ids: object = None,
        **columns: object,
    ) -> Rewards:
        """Return one reward per completion."""
        return await _rewarded(settings(**self.options), prompts, completions, columns)


async def _rewarded(
    told: Settings, prompts: Sequence[Prompt], completions: Sequence[object], columns: dict[str, object]
) -> Rewards:
    return _logged(await judged(prompts, completions, _labels(columns, len(prompts)), told), columns)


def _labels(columns: dict[str, object], n: int) -> Sequence[object]:
    given = columns.get("reference")
    return given if isinstance(given, Sequence) else [None] * n


def _logged(found: Sequence[Judged], columns: dict[str, object]) -> Rewards:
    """Log what became of a batch, with the same columns in every case, and return its rewards."""
    log_extra, log_metric = columns.get("log_extra"), columns.get("log_metric")
    if callable(log_extra):
        log_extra("solon_score", [each.score for each in found])
        log_extra("solon_critique", [each.reply.critique for each in found])
        log_extra("solon_reason", [each.reply.reason for each in found])
    if callable(log_metric):
        for name, value in _metrics(found):
            log_metric(name, value)
    return [each.reward for each in found]


def _metrics(found: Sequence[Judged]) -> Iterator[tuple[str, float]]:
    """Yield what is logged; a mean over nothing is not (TRL averages over the processes that have one)."""
    known = [each for each in found if each.reward is not None]
    means = {
        "solon/valid": mean([valid(each.reward) for each in found]),
        "solon/score": mean([each.score for each in known]),
        "solon/agreement": mean([each.reply.agreement for each in known]),
        "solon/k": mean([each.reply.k for each in known]),
    }
    yield from ((name, value) for name, value in means.items() if value is not None)


def judge_reward(judge: "Judge", **options: object) -> Callable[..., Rewards]:
    """Return a reward function that asks a judge of this process, with no server in between.

    Args:
        judge: what judges.
        options: settings, of which `group_max` is 8 here, the responses in one prompt; `reward` may be mean,
            centered or rank, and url and its like do not matter.

    Raises:
        UserError: a setting is unknown or out of range.
    """
    told = settings(**{"group_max": 8, **options})
    if told.reward == "pairwise":
        raise UserError("reward is 'pairwise'; in process it may be mean, centered or rank: for pairs ask a server")

    def solon_reward(
        prompts: Sequence[Prompt], completions: Sequence[object], completion_ids: object = None, **columns: object
    ) -> Rewards:
        made = grouped(prompts, completions, _labels(columns, len(prompts)), told)
        verdicts = judge.batch([case_of(place, group) for place, group in enumerate(made)])
        replies = [reply_of(verdict, group, told) for verdict, group in zip(verdicts, made, strict=True)]
        return _logged(spread(made, replies), columns)

    return solon_reward
