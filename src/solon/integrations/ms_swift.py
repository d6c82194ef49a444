"""ms-swift: a reward model plugin that asks a Solon server, to be registered in a file of your own.

    # solon_plugin.py, named by --external_plugins
    from swift.rewards.rm_plugin import rm_plugins
    from solon.integrations.ms_swift import SolonPlugin
    rm_plugins["solon"] = SolonPlugin

It is named by --reward_model_plugin solon. Conversations that differ in the last turn only and stand together are
judged together. A missing reward is NaN, as where a reward function of ms-swift returns None.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from solon.integrations.client import in_background
from solon.integrations.settings import settings
from solon.integrations.together import judged

if TYPE_CHECKING:
    from torch import Tensor


class SolonPlugin:
    """Rewards conversations whose last turn is the policy's; model and template are taken and not used."""

    def __init__(self, model: object = None, template: object = None) -> None:
        settings()

    def __call__(self, inputs: Sequence[Mapping[str, Any]], **_: object) -> "Tensor":
        """Return a tensor of one reward per input, in order.

        Raises:
            UserError: the server's address or key is wrong.
        """
        import torch

        found = in_background(_rewarded(inputs))
        return torch.tensor([float("nan") if each is None else each for each in found], dtype=torch.float32)


async def _rewarded(inputs: Sequence[Mapping[str, Any]]) -> list[float | None]:
    told = settings()
    prompts = [[dict(turn) for turn in each["messages"][:-1]] for each in inputs]
    said = [each["messages"][-1:] for each in inputs]
    found = await judged(prompts, said, [each.get("reference") for each in inputs], told)
    return [each.reward for each in found]
