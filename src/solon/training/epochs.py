"""The best epoch of a training: after each the model is measured on cases that it does not learn from.

The weights of the best one so far lie among the training's states, so a killed training that goes on still knows them.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from solon.files import write_json

LOG = logging.getLogger(__name__)


class BestEpoch(TrainerCallback):  # type: ignore[misc]
    """Measures a model after every epoch, and keeps the weights of the best one; an earlier one wins a tie.

    Args:
        folder: where the training keeps its states.
        measure: how good the model is, higher is better.
    """

    def __init__(self, folder: Path, measure: Callable[[PreTrainedModel], float]) -> None:
        self._weights, self._noted, self._measure = folder / "best.safetensors", folder / "epochs.json", measure

    @property
    def measured(self) -> dict[str, float]:
        """What every epoch so far came to, by its number."""
        found: dict[str, float] = json.loads(self._noted.read_text("utf-8")) if self._noted.is_file() else {}
        return found

    def on_epoch_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: PreTrainedModel,
        **rest: object,
    ) -> None:
        """Measure the model, and keep it if no epoch before was as good."""
        epoch, found = str(round(state.epoch or 0)), self._measure(model)
        before = {name: value for name, value in self.measured.items() if int(name) < int(epoch)}
        LOG.info("epoch %s: %.4f on held-out cases", epoch, found)
        if found > max(before.values(), default=float("-inf")):
            save_file({name: value.detach().contiguous() for name, value in _taught(model)}, self._weights)
        write_json(self._noted, before | {epoch: found})

    def restore(self, model: PreTrainedModel) -> None:
        """Give a model the weights of its best epoch."""
        model.load_state_dict(load_file(self._weights), strict=False)


def _taught(model: PreTrainedModel) -> list[tuple[str, torch.Tensor]]:
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]
