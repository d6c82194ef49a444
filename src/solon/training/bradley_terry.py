"""Bradley-Terry learning on whole cases with TRL's RewardTrainer: every response is computed once.

As pairs, a case's responses would be computed once for every pair that they stand in, and a shuffle would spread those
over the epoch, which overfits sooner (arXiv 2203.02155, section 3.5). Here a row of the data is a case with the token
ids of its pairs; the collator finds the distinct texts, and the loss compares their rewards pair by pair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import logsigmoid
from transformers import PreTrainedModel
from trl import RewardTrainer

Row = Mapping[str, list[list[int]]]
"""A case: `chosen_ids` and `rejected_ids` hold the token ids of each of its pairs."""

_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class WholeCases:
    """Collates cases: their distinct texts, padded on the right, and `pairs` of places among them (2, pairs).

    `weights` are what the pairs count (pairs): every case alike, however many pairs it has (arXiv 2203.02155,
    equation 1), so that questions with many responses do not outweigh the others; or, where `mean` says how many pairs
    a case has on average, every pair alike.
    """

    pad: int
    mean: float | None = None

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Make a batch of cases."""
        places: dict[tuple[int, ...], int] = {}
        pairs = [
            [places.setdefault(tuple(ids), len(places)) for row in rows for ids in row[name]]
            for name in ("chosen_ids", "rejected_ids")
        ]
        weights = [1 / ((self.mean or len(row["chosen_ids"])) * len(rows)) for row in rows for _ in row["chosen_ids"]]
        return padded(list(places), self.pad) | {"pairs": torch.tensor(pairs), "weights": torch.tensor(weights)}


def padded(texts: Sequence[Sequence[int]], pad: int) -> dict[str, torch.Tensor]:
    """Pad token ids on the right to one length, and mask the padding."""
    longest = max(map(len, texts))
    ids = [[*text, *[pad] * (longest - len(text))] for text in texts]
    mask = [[1] * len(text) + [0] * (longest - len(text)) for text in texts]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


def rewards(model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the reward of every text; on a CPU texts of like length are computed apart, so that little is padding."""
    if ids.device.type != "cpu":
        found: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, 0]
        return found
    lengths = mask.sum(1)
    order = lengths.argsort(descending=True, stable=True)
    parts = [
        model(input_ids=ids[part, :longest], attention_mask=mask[part, :longest], use_cache=False).logits[:, 0]
        for part in torch.split(order, _TOGETHER)
        for longest in [int(lengths[part[0]])]
    ]
    return torch.cat(parts)[order.argsort()]


class CaseTrainer(RewardTrainer):  # type: ignore[misc]
    """TRL's reward trainer, whose loss reads the pairs of whole cases; a pair's loss is TRL's own."""

    def compute_loss(
        self,
        model: PreTrainedModel,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: int | None = None,
    ) -> torch.Tensor:
        """Return -log sigmoid(better - worse), the mean over cases of the means over their pairs, or over all pairs."""
        found = rewards(model, inputs["input_ids"], inputs["attention_mask"])
        better, worse = found[inputs["pairs"]]
        losses = -logsigmoid(better - worse)
        if self.args.center_rewards_coefficient is not None:
            losses = losses + self.args.center_rewards_coefficient * (better + worse) ** 2
        right = (better > worse).float() + (better == worse).float() / 2
        self._metrics["train"]["accuracy"].append(right.mean().item())
        return (losses * inputs["weights"]).sum()


@torch.inference_mode()
def scored(model: PreTrainedModel, texts: Sequence[Sequence[int]], pad: int) -> list[float]:
    """Return the rewards of token ids by a trained model, in the order given."""
    model.eval()
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    found = [0.0] * len(texts)
    for start in range(0, len(order), _TOGETHER):
        part = order[start : start + _TOGETHER]
        batch = {name: value.to(model.device) for name, value in padded([texts[i] for i in part], pad).items()}
        for place, reward in zip(part, model(**batch).logits[:, 0].float().tolist(), strict=True):
            found[place] = reward
    return found
