"""NeMo-RL: an environment that judges once and ends the episode.

    register_env("solon", "solon.integrations.nemo_rl.SolonEnvironment")
    env.solon: {url: "http://solon:8100", num_workers: 1}       # any setting of `Settings`; other keys are left alone

Conversations that differ in the last turn only and stand together are judged together. A missing reward is the stand-in
of `neutral`, with `mask_sample` in the sample's metadata; the share that had a reward is the metric `solon_valid`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from solon.integrations.client import in_background
from solon.integrations.settings import Settings, settings
from solon.integrations.together import judged, numbers
from solon.rewards import valid


async def rewarded(
    logs: Sequence[Sequence[Mapping[str, Any]]], metadata: Sequence[Any], told: Settings
) -> list[tuple[float, float]]:
    """Return the reward of every conversation, and 1.0 if it is one rather than the stand-in, else 0.0."""
    prompts = [[_plain(turn) for turn in log[:-1]] for log in logs]
    said = [[_plain(log[-1])] for log in logs]
    labels = [each.get("reference") if isinstance(each, Mapping) else None for each in metadata]
    found = await judged(prompts, said, labels, told)
    sent = numbers(prompts, found, told)
    return [(number, valid(each.reward)) for number, each in zip(sent, found, strict=True)]


def _plain(turn: Mapping[str, Any]) -> dict[str, object]:
    """Return a turn without the token ids that NeMo-RL keeps in it."""
    return {"role": turn["role"], "content": turn["content"]}


class _Judging:
    """One turn: the policy answers, the judge rewards."""

    def __init__(self, cfg: Mapping[str, Any] | None = None) -> None:
        known = {each.name for each in fields(Settings)}
        self._settings = settings(**{name: value for name, value in (cfg or {}).items() if name in known})
        self._valid = [0.0, 0.0]

    def step(self, message_log_batch: Sequence[Any], metadata: Sequence[Any]) -> Any:
        """Judge a batch of conversations, which are then over."""
        import torch
        from nemo_rl.environments.interfaces import EnvironmentReturn

        n = len(message_log_batch)
        found = in_background(rewarded(message_log_batch, metadata, self._settings))
        self._valid = [self._valid[0] + sum(ok for _, ok in found), self._valid[1] + n]
        return EnvironmentReturn(
            observations=[{"role": "environment", "content": ""}] * n,
            metadata=[{**(each or {}), "mask_sample": not ok} for each, (_, ok) in zip(metadata, found, strict=True)],
            next_stop_strings=[None] * n,
            rewards=torch.tensor([reward for reward, _ in found], dtype=torch.float32),
            terminateds=torch.ones(n, dtype=torch.bool),
            answers=[None] * n,
        )

    def global_post_process_and_metrics(self, batch: Any) -> tuple[Any, dict[str, float]]:
        """Report the share of rewards that were rewards since the last report."""
        (known, asked), self._valid = self._valid, [0.0, 0.0]
        return batch, {"solon_valid": known / max(1, asked)}


def _made_environment() -> object:
    """Make the environment an actor, which needs ray, on NeMo-RL's base."""
    import ray
    from nemo_rl.environments.interfaces import EnvironmentInterface

    return ray.remote(type("SolonEnvironment", (_Judging, EnvironmentInterface), {"__module__": __name__}))


def __getattr__(name: str) -> object:
    """Make the environment when NeMo-RL first asks for it."""
    if name != "SolonEnvironment":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    globals()[name] = _made_environment()
    return globals()[name]
