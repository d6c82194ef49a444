"""Recipes on tiny models in few words: data they can learn from, options that make them short, and their results."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from solon.files import write_whole
from solon.training.cloud import cloud
from solon.training.config import CloudConfig, GrpoConfig, MetaConfig, PairRMConfig, RftConfig, ScalarConfig
from solon.training.critiques import Critique, criticized_line
from solon.training.grpo import grpo
from solon.training.meta import meta
from solon.training.pairrm import pairrm
from solon.training.rft import rft
from solon.training.samples import SampledCase, Trajectory, sampled_line
from solon.training.scalar import scalar
from solon.training.steps import Steps
from solon.types import Judgment, Label, LabeledCase, Order, Unread
from tests.training.making import labeled, lone, write

SHORT: dict[str, Any] = {"steps": 2, "batch": 8, "micro_batch": 4, "learning_rate": 1e-2, "warmup": 0.0}
LORA = {"r": 2, "lora_alpha": 8}
EVERY = ("rft", "grpo", "meta", "scalar", "pairrm", "cloud")


def cases(count: int = 8) -> list[LabeledCase]:
    """Make labeled cases of one to four responses."""
    sizes = [1 + i % 4 for i in range(count)]
    return [lone(f"c{i}", i % 8 == 0) if n == 1 else labeled(f"c{i}", n, best=i % n) for i, n in enumerate(sizes)]


def judged(one: LabeledCase, right: bool) -> Trajectory:
    """Make a terse judgment of a case as the sandbox's form has it, in a turned order."""
    order: Order = (*range(1, one.case.n), 0)
    principle = "brief 3" if right else "calm 2"
    scores = ", ".join(str(9 - i if right else i + 2) for i in order)
    return Trajectory(order, f"Principles: {principle}.\n[1] brief yes: 4\n\\boxed{{{scores}}}", right)


def samples(path: Path, *more: LabeledCase, count: int = 8) -> Path:
    """Write sampled cases in the sandbox's form: two right samples, one wrong and one unread each."""
    lines = []
    for one in [*cases(count), *more]:
        form = "sandbox-correct" if one.case.n == 1 else "sandbox"
        unread = Trajectory(tuple(range(one.case.n)), "I cannot say.", False, "no_scores")
        plain = (judged(one, True), judged(one, False), judged(one, True), unread)
        lines.append(sampled_line(SampledCase(one, form, plain, ())))
    write_whole(path, lines)
    return path


def criticized(path: Path) -> Path:
    """Write cases with a critique of every response."""
    said = [(one, tuple((Critique("so so"),) for _ in one.case.responses)) for one in cases()]
    write_whole(path, (criticized_line(one, "critique", critiques) for one, critiques in said))
    return path


def brief(outcome: Judgment | Unread, label: Label) -> float:
    """Pay for saying little, so that a model that says nothing readable has something to learn."""
    return -len(outcome.text) / 10


def grpo_config(model: Path, out: Path, **options: Any) -> GrpoConfig:
    """Write labeled cases beside a training's output, and return its configuration."""
    out.mkdir(parents=True, exist_ok=True)
    own = {"max_tokens": 8, "rewards": [f"{__name__}:brief"], "form": "sandbox"}
    data = {"model": str(model), "out": out, "data": [write(out / "cases.jsonl", cases())]}
    return GrpoConfig(**SHORT | own | data | options)


def run(recipe: str, model: Path, out: Path, tell: Steps | None = None, **options: Any) -> Path:
    """Run a recipe by its name on data beside its output, and return its checkpoint; `grpo trl` samples with TRL."""
    if recipe in ("grpo", "grpo trl"):
        rollouts = {"rollouts": "trl"} if recipe == "grpo trl" else {}
        return grpo(grpo_config(model, out, **rollouts, **options), tell)
    out.mkdir(parents=True, exist_ok=True)
    shared: dict[str, Any] = SHORT | {"model": str(model), "out": out}
    if recipe == "scalar":
        return scalar(ScalarConfig(**shared | {"data": [write(out / "cases.jsonl", cases())]} | options), tell)
    if recipe == "pairrm":
        return pairrm(PairRMConfig(**shared | {"data": [write(out / "cases.jsonl", cases())]} | options), tell)
    if recipe == "cloud":
        return cloud(CloudConfig(**shared | {"data": [criticized(out / "critiques.jsonl")]} | options), tell)
    shared |= {"samples": [samples(out / "samples.jsonl")]} | options
    if recipe == "rft":
        return rft(RftConfig(**shared), tell)
    return meta(MetaConfig(**{"held_out": 0.3} | shared), tell)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return a checkpoint's weights by name."""
    return dict(load_file(folder / "model.safetensors"))


def same(first: Path, second: Path) -> bool:
    """Tell whether two checkpoints hold the same weights, bit by bit."""
    a, b = weights(first), weights(second)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
