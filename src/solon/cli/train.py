"""`solon train`: sample labeled cases, and train judges and scalar models on them."""

import logging
from collections.abc import Callable
from importlib.util import find_spec
from json import loads
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter
from rich.console import Console

from solon.cli.progress import bar, steps
from solon.errors import UserError
from solon.files import make_room, write_json, write_whole
from solon.report.tables import accuracy_table, facts_table
from solon.training.config import (
    CloudConfig,
    CritiqueConfig,
    GrpoConfig,
    MetaConfig,
    PairRMConfig,
    PairsConfig,
    RftConfig,
    SampleConfig,
    ScalarConfig,
    TrainConfig,
)
from solon.training.critiques import criticized_line
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


def scalar(*, config: Annotated[ScalarConfig, Parameter(name="*")], json: Path | None = None) -> None:
    """Train a scalar reward model on ordered pairs, and measure it beside a bag of words and longer-wins.

    Parameters
    ----------
    config
        The training.
    json
        Also write what was measured to this file.
    """
    from solon.training.scalar import scalar as run

    make_room(json)
    _run(run, config)
    report = _measured(config)
    if json:
        write_json(json, report)


def pairrm(*, config: Annotated[PairRMConfig, Parameter(name="*")]) -> None:
    """Train a scalar model that reads two responses together, and measure it."""
    from solon.training.pairrm import pairrm as run

    _run(run, config)
    _measured(config)


def critique(*, config: Annotated[CritiqueConfig, Parameter(name="*")]) -> None:
    """Sample critiques of single responses, for a scalar head to learn from."""
    from solon.training.criticizing import criticize as run

    console = Console(stderr=True)
    with bar(console) as tell:
        found = run(config, tell=tell)
    pairs = zip(found.cases, found.critiques, strict=True)
    write_whole(config.out / "critiques.jsonl", (criticized_line(one, found.form.name, said) for one, said in pairs))
    write_json(config.out / "report.json", found.counts())
    console.print(facts_table(found.counts(), "criticized"))
    console.print(f"critiques: {config.out / 'critiques.jsonl'}", markup=False, highlight=False, soft_wrap=True)


def cloud(*, config: Annotated[CloudConfig, Parameter(name="*")]) -> None:
    """Train a scalar head that reads a response with a critique of it, and measure it."""
    from solon.training.cloud import cloud as run

    _run(run, config)
    _measured(config)


def _measured(config: PairsConfig) -> dict[str, Any]:
    """Show what a training on pairs measured, and return it."""
    report: dict[str, Any] = loads((config.out / "report.json").read_text("utf-8"))
    console = Console()
    console.print(facts_table(report["counts"], "pairs"))
    if report["measured"]:
        console.print(accuracy_table(report["measured"], f"accuracy on the pairs of the split '{config.measure}'"))
    return report


def _run(recipe: Callable[[Config, Steps], Path], config: Config) -> None:
    """Run a recipe with its log on the terminal, and say where the checkpoint is."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    console = Console(stderr=True)
    need_training()
    from solon.samplers.local.loading import quietly
    from solon.training.models import source_of

    with quietly(source_of(config.model)), steps(console, "training") as tell:
        folder = recipe(config, tell)
    console.print(f"checkpoint: {folder}", markup=False, highlight=False, soft_wrap=True)


def need_training() -> None:
    """Make sure that the libraries of the trainings are there, before anything else is done for one.

    Raises:
        UserError: one is not installed.
    """
    if missing := [name for name in ("torch", "transformers", "trl", "peft", "datasets") if find_spec(name) is None]:
        raise UserError(f"training needs {missing[0]}: pip install 'solon[train]'")
