"""Rollouts by our own decoder: the samples of a group share their prompt's prefill.

This is the one place that knows TRL's `rollout_func`, which is experimental there. Each sample's generator is seeded by
the training's seed, the step and its place in the batch, so a resumed training draws what it would have drawn.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import GRPOTrainer

from solon.data.fields import messages
from solon.errors import UserError
from solon.order import stable_hash
from solon.samplers.local.decode import Row, decode
from solon.samplers.local.prompts import Prompts
from solon.samplers.local.waves import Job, Part, waves
from solon.samplers.seam import Failure, Request
from solon.samplers.transformers import cache_room, eos_of
from solon.training.config import GrpoConfig


class SharedRollouts:
    """Answers TRL's `rollout_func`."""

    def __init__(self, config: GrpoConfig, tokenizer: PreTrainedTokenizerBase, prompts: Prompts) -> None:
        self._config = config
        self._tokenizer = tokenizer
        self._prompts = prompts

    def __call__(self, prompts: Sequence[Any], trainer: GRPOTrainer) -> dict[str, object]:
        """Sample one completion per prompt; equal neighbors are a group."""
        plugin = trainer.accelerator.state.deepspeed_plugin
        if trainer.is_fsdp_enabled or (plugin is not None and plugin.zero_stage == 3):
            raise UserError("rollouts=shared needs whole weights on every device, and these are sharded: use trl")
        model = trainer.accelerator.unwrap_model(trainer.model)
        model = model.get_base_model() if self._config.lora else model
        groups = [(turns, len(list(same))) for turns, same in groupby(prompts)]
        jobs = self._jobs(groups)
        firsts = [sum(n for _, n in groups[:i]) for i in range(len(groups))]
        seed = (self._config.seed, trainer.state.global_step, trainer.accelerator.process_index)
        found: list[list[int]] = [[] for _ in prompts]
        training = model.training
        model.eval()
        try:
            with trainer.accelerator.autocast():
                for wave in waves(jobs, self._config.rows, cache_room(model)):
                    for place, row in self._decoded(model, wave, firsts, seed):
                        found[place] = row.ids
        finally:
            model.train(training)
        ids = [list(job.prompt) for job in jobs for _ in range(job.n)]
        return {"prompt_ids": ids, "completion_ids": found, "logprobs": None}

    def _jobs(self, groups: Sequence[tuple[Any, int]]) -> list[Job]:
        jobs = []
        for place, (turns, n) in enumerate(groups):
            ids = self._prompts.ids(Request(messages(turns)))
            if isinstance(ids, Failure):
                raise UserError(f"a prompt of the training cannot be sampled: {ids.detail}")
            jobs.append(Job(place, ids, n, self._prompts.room(ids, self._config.max_tokens)))
        return jobs

    def _decoded(
        self, model: PreTrainedModel, wave: Sequence[Part], firsts: Sequence[int], seed: tuple[int, ...]
    ) -> list[tuple[int, Row]]:
        places = [firsts[part.job.place] + part.first + i for part in wave for i in range(part.n)]
        rows = [
            Row(
                prompt,
                stable_hash("rollout", *seed, firsts[part.job.place] + part.first + i),
                self._config.temperature,
                part.job.longest,
            )
            for prompt, part in enumerate(wave)
            for i in range(part.n)
        ]
        decode(model, [part.job.prompt for part in wave], rows, eos_of(model, self._tokenizer))
        return list(zip(places, rows, strict=True))
