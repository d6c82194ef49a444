"""`solon train`: sample labeled cases, and train judges and scalar models on them."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter
from rich.console import Console

from solon.cli.progress import bar, steps
from solon.files import write_json, write_whole
from solon.report.tables import facts_table
from solon.training.config import GrpoConfig, MetaConfig, RftConfig, SampleConfig, TrainConfig
from solon.training.samples import sampled_line
from solon.training.steps import Steps

Config = TypeVar("Config", bound=TrainConfig)


def sample(*, config: Annotated[SampleConfig, Parameter(name="*")]) -> None:
    """Sample judgments of labeled cases, for rejective fine-tuning and for the meta reward model."""
    from solon.training.sampling import sample as run

    console = Console(stderr=True)
    with bar(console) as tell:
        sampling = run(config, tell=tell)
    write_whole(config.out / "samples.jsonl", map(sampled_line, sampling.cases))
    facts = sampling.counts()
    write_json(config.out / "report.json", facts)
    console.print(facts_table(facts, "sampled"))
    console.print(f"samples: {config.out / 'samples.jsonl'}", markup=False, highlight=False, soft_wrap=True)


def rft(*, config: Annotated[RftConfig, Parameter(name="*")]) -> None:
    """Fine-tune a model on the judgments of it, or of another, that were right."""
    from solon.training.rft import rft as run

    _run(run, config)


def grpo(*, config: Annotated[GrpoConfig, Parameter(name="*")]) -> None:
    """Train a judge by reinforcement on whether its judgments are right."""
    from solon.training.grpo import grpo as run

    _run(run, config)


def meta(*, config: Annotated[MetaConfig, Parameter(name="*")]) -> None:
    """Train the scalar model that tells right judgments from wrong ones and weighs votes."""
    from solon.training.meta import meta as run

    _run(run, config)


def _run(recipe: Callable[[Config, Steps], Path], config: Config) -> None:
    """Run a recipe with its log on the terminal, and say where the checkpoint is."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    console = Console(stderr=True)
    with steps(console, "training") as tell:
        folder = recipe(config, tell)
    console.print(f"checkpoint: {folder}", markup=False, highlight=False, soft_wrap=True)
