"""`solon sandbox`: write the world's cases, measure its ceilings, train its base model."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from solon import sandbox
from solon.checkpoint import folder_of
from solon.cli.options import Count
from solon.data.writing import case_line, messages_line
from solon.files import make_room, write_json, write_whole
from solon.report.tables import rows_table


def base(*, config: Annotated[sandbox.BaseConfig | None, Parameter(name="*")] = None, json: Path | None = None) -> None:
    """Train the tiny base model from nothing, or go on where a killed training stopped, and measure it.

    Parameters
    ----------
    config
        How it is trained.
    json
        Also write the measured figures to this file.
    """
    make_room(json)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    folder = sandbox.train_base(config or sandbox.BaseConfig())
    measure(folder, json=json)


def measure(checkpoint: Path | None = None, /, *, count: Count = 500, seed: int = 0, json: Path | None = None) -> None:
    """Measure a sandbox checkpoint: what cannot be read of each kind of prompt, and how true its checks are.

    Parameters
    ----------
    checkpoint
        The checkpoint folder, or sandbox for the judge that comes with the package; by default its base model.
    count
        Cases of each number of responses, 1 to 6.
    seed
        The seed of the cases.
    json
        Also write the figures to this file.
    """
    folder = folder_of(checkpoint or sandbox.checkpoint())
    sandbox.digest(folder)
    make_room(json)
    rows = sandbox.evaluate(folder, count=count, seed=seed)
    console = Console()
    for key, title in (("kind", "kinds of prompt, greedy"), ("criterion", "checks that are right, greedy")):
        console.print(rows_table([row for row in rows if key in row], title))
    if json is not None:
        write_json(json, rows)


def cases(split: str, out: Path, /, *, count: Count = 500, seed: int = 1, n: int | None = None) -> None:
    """Write labeled cases of the sandbox as case lines.

    Parameters
    ----------
    split
        test, unseen, many or pleading to measure; base, train or dev are for training and choices.
    out
        The file to write.
    count
        How many cases.
    seed
        The world's seed.
    n
        Responses per case; by default the split's own mix.
    """
    write_whole(out, map(case_line, sandbox.cases(split, count, seed=seed, n=n)))


def instructions(out: Path, /, *, count: Count = 1000, seed: int = 0) -> None:
    """Write general instruction data of the sandbox: conversations whose answer checks every response, without noise.

    Parameters
    ----------
    out
        The file to write: JSON lines with messages.
    count
        How many conversations.
    seed
        The seed of their cases.
    """
    write_whole(out, (messages_line(one.messages, one.answer) for one in sandbox.instructions(count, seed=seed)))


def ship(run: Path, /, *, only: tuple[str, ...] = sandbox.TRAINED) -> None:
    """Take the fine-tuned, the reinforced and the meta model of a run into the package, for `--model sandbox`.

    Parameters
    ----------
    run
        The folder of the demo, or one with trainings in folders of the same names.
    only
        Which of the three are taken.
    """
    for folder in sandbox.ship(run, only=only):
        Console(stderr=True).print(f"checkpoint: {folder}", markup=False, highlight=False, soft_wrap=True)


def check(*, count: Count = 1000, seed: int = 0, json: Path | None = None) -> None:
    """Measure the world's own ceilings with simulated annotators, without any model.

    Parameters
    ----------
    count
        Two-response cases to measure on.
    seed
        The seed of the cases and of the annotators.
    json
        Also write the figures to this file.
    """
    make_room(json)
    rows = [asdict(row) for row in sandbox.self_check(count, seed=seed)]
    Console().print(rows_table(rows, f"ceilings of the sandbox: {count} cases, seed {seed}"))
    if json is not None:
        write_json(json, rows)
