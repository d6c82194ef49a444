"""Watch a training: say how it goes, stop in words when the loss is no number, and say when a step taught nothing."""

import logging
import math
from collections.abc import Mapping

from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from solon.errors import UserError
from solon.training.steps import Steps

LOG = logging.getLogger(__name__)
SHOWN = ("loss", "rewards/outcome/mean", "outcome/unread", "kl", "accuracy", "learning_rate")
"""What a line of the log holds, of what a trainer measures; all of it is kept in the checkpoint's log.json."""


class Watch(TrainerCallback):  # type: ignore[misc]
    """Reads a trainer's logs as they are written."""

    def __init__(self, tell: Steps | None = None) -> None:
        self._tell = tell

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: object
    ) -> None:
        """Tell how far the training is."""
        if self._tell is not None:
            self._tell(state.global_step, state.max_steps)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **rest: object,
    ) -> None:
        """Log a line; stop at a loss or gradient that is no number; warn when all groups of a GRPO step were alike.

        Raises:
            UserError: the training has diverged.
        """
        logs = logs or {}
        for name in ("loss", "grad_norm", "train_loss"):
            if name in logs and not math.isfinite(float(logs[name])):
                raise UserError(
                    f"the training diverged: {name} is {logs[name]} at step {state.global_step}; lower learning_rate, "
                    "raise warmup, or start from another model"
                )
        if "loss" in logs:
            told = ", ".join(f"{name} {float(logs[name]):.4g}" for name in SHOWN if name in logs)
            LOG.info("step %d of %d: %s", state.global_step, state.max_steps, told)
        if logs.get("frac_reward_zero_std") == 1.0:
            LOG.warning(
                "step %d: in every group all judgments got the same reward, so nothing is learned: take harder or "
                "easier cases, larger groups, or a higher temperature",
                state.global_step,
            )


def watched(trainer: Trainer, tell: Steps | None = None) -> Trainer:
    """Give a trainer this watch in place of the dictionaries that the library prints."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Watch(tell))
    return trainer
