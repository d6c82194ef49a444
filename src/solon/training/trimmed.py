"""TRL's GRPO trainer without the padding: a batch is as wide as its own texts, not as the longest of the whole step.

TRL pads every judgment of a step to the longest prompt and the longest completion before it cuts the step into batches.
Cases of one and of six responses in one step make that half of the work, in the policy and in the reference model. Here
the rows of a batch are computed in order of their length, in parts whose padding is small; what comes back is the same.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from trl import GRPOTrainer

_SPREAD = 1.25
"""No row of a part is shorter than the longest by more than this factor."""
_FEWEST = 16
"""Parts have at least so many rows: smaller ones cost more than their padding."""


class TrimmedGRPOTrainer(GRPOTrainer):  # type: ignore[misc]
    """GRPO as TRL trains it; only the log-probabilities are computed part by part."""

    def _get_per_token_logps_and_entropies(
        self,
        model: torch.nn.Module,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        compute_aux_loss: bool = False,
        **images: object,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        compute = super()._get_per_token_logps_and_entropies
        options = {"compute_entropy": compute_entropy, "compute_aux_loss": compute_aux_loss}
        alone = self.accelerator.num_processes == 1  # devices that share weights must all compute as often
        if not alone or compute_aux_loss or any(value is not None for value in images.values()):
            whole: tuple[Tensor, Tensor | None, Tensor | None] = compute(
                model, input_ids, attention_mask, logits_to_keep, batch_size, **options, **images
            )
            return whole
        found = []
        for rows in parts(attention_mask.sum(-1).tolist(), batch_size or len(input_ids)):
            ids, mask, right = trimmed(input_ids[rows], attention_mask[rows], logits_to_keep)
            logps, entropies, _ = compute(model, ids, mask, logits_to_keep - right, **options)
            found.append((rows, [_padded(values, right) for values in (logps, entropies) if values is not None]))
        places = torch.tensor([row for rows, _ in found for row in rows], device=input_ids.device).argsort()
        joined = [torch.cat(values)[places] for values in zip(*(values for _, values in found), strict=True)]
        return joined[0], joined[1] if compute_entropy else None, None


def parts(lengths: list[int], largest: int) -> Iterator[list[int]]:
    """Yield the rows from the longest to the shortest in parts of like length, of at most `largest` rows."""
    part: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        uneven = len(part) >= _FEWEST and lengths[part[0]] > _SPREAD * lengths[row]
        if len(part) == largest or uneven:
            yield part
            part = []
        part.append(row)
    yield part


def trimmed(ids: Tensor, mask: Tensor, completion: int) -> tuple[Tensor, Tensor, int]:
    """Cut the columns that are padding in every row, on the left of prompts and on the right of completions.

    Args:
        ids: token ids of shape (rows, prompt + completion), prompts padded on the left, completions on the right.
        mask: 1 for tokens and 0 for padding, of the same shape.
        completion: the width of the completions; one column of them always stays.

    Returns:
        The ids and the mask that are left, and how many columns went on the right.
    """
    used = mask.any(0).nonzero().squeeze(-1)
    left, end = int(used[0]), int(used[-1]) + 1
    end = max(end, ids.shape[1] - completion + 1)
    return ids[:, left:end], mask[:, left:end], ids.shape[1] - end


def _padded(values: Tensor, right: int) -> Tensor:
    return torch.nn.functional.pad(values, (0, right))
