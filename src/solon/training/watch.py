"""Watch a training: stop in words when the loss is no number, and say when a step taught nothing."""

import logging
import math
from collections.abc import Mapping

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from solon.errors import UserError

LOG = logging.getLogger(__name__)


class Watch(TrainerCallback):  # type: ignore[misc]
    """Reads a trainer's logs as they are written."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **rest: object,
    ) -> None:
        """Stop at a loss or gradient that is no number; warn when all groups of a GRPO step were alike.

        Raises:
            UserError: the training has diverged.
        """
        for name in ("loss", "grad_norm"):
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(float(value)):
                raise UserError(
                    f"the training diverged: {name} is {value} at step {state.global_step}; lower learning_rate, raise "
                    "warmup, or start from another model"
                )
        if (logs or {}).get("frac_reward_zero_std") == 1.0:
            LOG.warning(
                "step %d: in every group all judgments got the same reward, so nothing is learned: take harder or "
                "easier cases, larger groups, or a higher temperature",
                state.global_step,
            )
