"""What TRL's trainer costs over a loop of minimal size, on the sandbox's model: 256 judgments a step, group 4.

Three arms train on the same cases in turns: the loop below (our decoder, micro-batches sorted by length, one update),
TRL's GRPOTrainer as `solon train grpo` runs it (our decoder as its `rollout_func`, padding trimmed), and TRL as it is.
Processor time of one thread is measured, so that a busy machine does not count.

    python bench/grpo.py [--rounds 3] [--json FILE]
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from report import figure, options, show
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOTrainer

from solon.checkpoint import SHIPPED
from solon.reward import outcome_reward
from solon.samplers.local.decode import Row, decode
from solon.samplers.local.prompts import Prompts
from solon.samplers.seam import Request
from solon.samplers.transformers import eos_of
from solon.sandbox import cases
from solon.training.config import GrpoConfig
from solon.training.forms import Forms
from solon.training.grpo import grpo_trainer
from solon.training.rewards import Reader
from solon.training.visits import Visit, visits

STEPS, BATCH, GROUP, MICRO, BETA, LONGEST = 3, 256, 4, 64, 0.08, 100


class MinimalLoop:
    """GRPO in one class: sample, reward, and one update, with nothing that this size does not need."""

    def __init__(self) -> None:
        self.model, self.reference = (AutoModelForCausalLM.from_pretrained(SHIPPED / "base") for _ in range(2))
        self.tokenizer = AutoTokenizer.from_pretrained(SHIPPED / "base")
        self.eos = eos_of(self.model, self.tokenizer)
        self.adamw = torch.optim.AdamW(self.model.parameters(), lr=1e-6)

    def step(self, planned: Sequence[Visit], seed: int) -> None:
        """Train on one batch of prompts."""
        prompts = Prompts(self.tokenizer, 4096, {})
        asked = [list(prompts.ids(Request(visit.prompt(0)))) for visit in planned]
        rows = [Row(i // GROUP, seed * BATCH + i, 1.0, LONGEST) for i in range(BATCH)]
        decode(self.model.eval(), asked, rows, self.eos)
        self.model.train()
        reader = Reader(planned, self.tokenizer, self.eos)
        outcomes = [reader.outcome(row.ids, row.prompt) for row in rows]
        rewards = torch.tensor([outcome_reward(o, reader.label(r.prompt)) for o, r in zip(outcomes, rows, strict=True)])
        grouped = rewards.view(-1, GROUP)
        advantages = ((grouped - grouped.mean(1, True)) / (grouped.std(1, keepdim=True) + 1e-4)).view(-1)
        sorted_rows = sorted(range(BATCH), key=lambda i: len(asked[rows[i].prompt]) + len(rows[i].ids))
        for start in range(0, BATCH, MICRO):
            places = sorted_rows[start : start + MICRO]
            pairs = [(asked[rows[i].prompt], rows[i].ids) for i in places]
            (self.loss(pairs, advantages[places]) * len(places) / BATCH).backward()
        self.adamw.step()
        self.adamw.zero_grad()

    def loss(self, pairs: Sequence[tuple[list[int], list[int]]], advantages: torch.Tensor) -> torch.Tensor:
        """Return equation 15's loss, on-policy: the ratio is 1 and only its gradient counts."""
        longest = max(len(prompt) + len(said) for prompt, said in pairs)
        ids = torch.tensor([[*p, *s, *[0] * (longest - len(p) - len(s))] for p, s in pairs])
        said = torch.tensor([[0] * len(p) + [1] * len(s) + [0] * (longest - len(p) - len(s)) for p, s in pairs])[:, 1:]
        now = self.logprobs(self.model, ids)
        with torch.no_grad():
            before = self.logprobs(self.reference, ids)
        kl = torch.exp(before - now) - (before - now) - 1
        each = torch.exp(now - now.detach()) * advantages.unsqueeze(1) - BETA * kl
        return -((each * said).sum(1) / said.sum(1)).mean()

    @staticmethod
    def logprobs(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
        """Return the log-probability of every token but the first."""
        logits = model(input_ids=ids).logits[:, :-1]
        return torch.log_softmax(logits, -1).gather(-1, ids[:, 1:].unsqueeze(-1)).squeeze(-1)


def minimal(planned: Sequence[Visit]) -> float:
    """Return the processor seconds of a step of the minimal loop."""
    loop, size = MinimalLoop(), BATCH // GROUP
    started = time.process_time()
    for step in range(STEPS):
        loop.step(planned[step * size : (step + 1) * size], step)
    return (time.process_time() - started) / STEPS


def trl(planned: Sequence[Visit], rollouts: str) -> float:
    """Return the processor seconds of a step of TRL's trainer."""
    with tempfile.TemporaryDirectory() as folder:
        config = GrpoConfig(
            model="sandbox", out=Path(folder), data=[], batch=BATCH, micro_batch=MICRO, group=GROUP, beta=BETA,
            rollouts=rollouts, max_tokens=LONGEST, learning_rate=1e-6, trainer={"save_strategy": "no"},
        )  # fmt: skip
        trainer = grpo_trainer(config, planned)
        if rollouts == "trl":
            trainer.__class__ = GRPOTrainer
        started = time.process_time()
        trainer.train()
        return (time.process_time() - started) / STEPS


def main() -> None:
    """Run the rounds and print the table."""
    given = options("Cost of GRPO trainers", rounds=3)
    torch.set_num_threads(1)
    planned = visits(cases("train", 400), Forms.of("sandbox"), STEPS * BATCH // GROUP, 0)
    arms = {"loop": minimal, "shared": lambda v: trl(v, "shared"), "trl": lambda v: trl(v, "trl")}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(given.rounds):
        for name, arm in arms.items():
            seconds[name].append(arm(planned))
    ratios = {n: [v / w for v, w in zip(seconds[n], seconds["loop"], strict=True)] for n in ("shared", "trl")}
    told = {"loop": "the minimal loop", "shared": "TRL with our decoder", "trl": "TRL as it is"}
    rows = [
        *(figure(f"{told[name]}: processor seconds a step", seconds[name]) for name in arms),
        figure("TRL with our decoder: times the minimal loop", ratios["shared"], most=1.5),
        figure("TRL as it is: times the minimal loop", ratios["trl"]),
    ]
    show(f"{STEPS} steps of {BATCH} judgments, group {GROUP}", rows, given.json)


if __name__ == "__main__":
    main()
