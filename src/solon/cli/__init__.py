"""The command line: parse, call, print. One file per verb."""

import json
import os
import sys
import tomllib
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection, CycloptsError, Parameter, Token, UnknownCommandError
from cyclopts.config import Dict
from pydantic import ValidationError

from solon.errors import SolonError, UserError

app = App(
    name="solon",
    help="Generative reward modeling: judges that write principles, critique, score and vote.",
    help_epilogue="Every option can also stand in a file: --config FILE.toml; a flag wins over the file.",
    default_parameter=Parameter(negative=()),
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,
)
app.command("solon.cli.judge:judge", help="Judge a file of cases with any model.")
app.command(
    "solon.cli.bench:bench", help="Run a benchmark: its score against the number of votes, by its own protocol."
)
app.command("solon.cli.systems:compare", help="Compare runs of benchmarks: paired differences, ranks, the aggregate.")
app.command("solon.cli.curve:curve", help="Show what more judgments bought in a run, without sampling anything.")
app.command("solon.cli.cascade:cascade", help="Measure a scalar model before the judge, on a run of full votes.")
app.command("solon.cli.demo:demo", help="Train a tiny judge and watch it grow more accurate with every vote, on a CPU.")
app.command("solon.cli.serve:serve", help="Serve a judge as a reward, by the protocols that trainers speak.")
sandbox = App(name="sandbox", help="The procedural world and its tiny model: cases, ceilings, base training.")
sandbox.command("solon.cli.sandbox:base", help="Train the tiny base model from nothing, and measure it.")
sandbox.command("solon.cli.sandbox:cases", help="Write labeled cases as case lines.")
sandbox.command("solon.cli.sandbox:check", help="Measure the world's own ceilings, without any model.")
sandbox.command("solon.cli.sandbox:measure", help="Measure a checkpoint on every kind of prompt.")
sandbox.command("solon.cli.study:study", help="Run the study's arms, cell by cell, and judge its claims.")
sandbox.command("solon.cli.sandbox:ship", help="Take a demo's checkpoints into the package.")
sandbox.command("solon.cli.compare:compare", help="Judge the same cases with several checkpoints.")
sandbox.command("solon.cli.sandbox:instructions", help="Write general instruction data: clean inspections.")
app.command(sandbox)
train = App(name="train", help="Train judges: sample, fine-tune, reinforce, and train the models that weigh votes.")
train.command("solon.cli.train:sample", help="Sample judgments of labeled cases.")
train.command("solon.cli.train:rft", help="Rejective fine-tuning on sampled judgments.")
train.command("solon.cli.train:meta", help="Train the scalar model that weighs votes.")
train.command("solon.cli.train:grpo", help="Rule-based reinforcement learning with GRPO.")
train.command("solon.cli.train:scalar", help="The scalar Bradley-Terry baseline, beside a bag of words.")
train.command("solon.cli.train:pairrm", help="The pairwise scalar baseline (PairRM).")
train.command("solon.cli.train:critique", help="Sample critiques of single responses.")
train.command("solon.cli.train:cloud", help="The semi-scalar baseline (CLoud): a head that reads critiques.")
app.command(train)


tune = App(
    name="tune",
    help="Choose how votes are weighed, when they end, and whom they spare, on cases that nothing is measured on.",
)
tune.command("solon.cli.tune:stop", help="Calibrate the confident stopping rule on full votes.")
tune.command("solon.cli.tune:vote", help="Choose how to vote by labels, cross-validated.")
tune.command("solon.cli.cascade:tune", name="cascade", help="Choose when a scalar model's verdict stands, by labels.")
app.command(tune)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors that the caller can mend end in one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        arguments = _configured(arguments)
        result = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _failed(_sentence(error), 2)
    except UserError as error:
        return _failed(str(error), 2)
    except SolonError as error:
        return _failed(str(error), 1)
    except KeyboardInterrupt:
        return _failed("interrupted; with --out the same command goes on where it stopped", 130)
    return result if isinstance(result, int) else 0


def _configured(arguments: list[str]) -> list[str]:
    """Take `--config FILE.toml` out of the arguments: its values stand between the defaults and the flags.

    Its tables go on as JSON, which keeps the types of what they hold, and so do dotted flags.
    """
    app.config = (_joining({}, "flags"),)
    flags, rest = [], iter(arguments)
    for argument in rest:
        name, equals, path = argument.partition("=")
        if name == "--config":
            path = path if equals else next(rest, "")
            values = _toml(path)
            told = {key: json.dumps(one, default=str) if isinstance(one, dict) else one for key, one in values.items()}
            app.config = (_joining(values, path), Dict(told, source=path, use_commands_as_keys=False))
        else:
            flags.append(argument)
    return flags


def _joining(values: dict[str, Any], source: str) -> Callable[[App, tuple[str, ...], ArgumentCollection], None]:
    """Make one table of dotted flags and of the file's table of their name, all of which they would replace."""
    tables = {_dashed(key): table for key, table in values.items() if isinstance(table, dict)}

    def join(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        for argument in arguments:
            table = tables.get(_dashed(argument.name.removeprefix("--")), {})
            flags = {token.keys: token.value for token in argument.tokens}
            twice = len(flags) < len(argument.tokens)  # cyclopts refuses that, and JSON beside dotted flags
            if flags and () not in flags and not twice:
                whole = json.dumps(_joined(table, flags), default=str)
                argument.tokens = [Token(keyword=argument.name, value=whole, source=source)]

    return join


def _joined(table: dict[str, Any], flags: dict[tuple[str, ...], str]) -> dict[str, Any]:
    whole = deepcopy(table)
    for (*outer, last), value in flags.items():
        place = whole
        for key in outer:
            name = _named(place, key)
            place[name] = place[name] if isinstance(place.get(name), dict) else {}
            place = place[name]
        place[_named(place, last)] = _meant(value)
    return whole


def _meant(text: str) -> object:
    """Take the text of a dotted flag as the JSON that it is, else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _named(table: dict[str, Any], flag: str) -> str:
    """Return the field that a flag means: that of the table which differs in dashes at most, else its own."""
    return next((key for key in table if _dashed(key) == _dashed(flag)), flag)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _toml(path: str) -> dict[str, Any]:
    """Read a TOML file of options."""
    try:
        values = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UserError(f"'{path}' cannot be read ({error.strerror}); --config takes a TOML file") from error
    except ValueError as error:
        raise UserError(f"'{path}' is no TOML file: {error}") from error
    if named := [key for key in values if key in app]:
        raise UserError(f"'{path}' has a table for '{named[0]}': options stand without the name of their command")
    return values


def _sentence(error: CycloptsError) -> str:
    if isinstance(error.__cause__, ValidationError):
        from solon.config import faults

        return faults(error.__cause__)
    if isinstance(error, UnknownCommandError):
        return f"there is no command '{' '.join(error.unused_tokens or ())}'; see solon --help"
    return " ".join(str(error).split()) + " See --help."


def _failed(message: str, code: int) -> int:
    print(f"solon: {message}", file=sys.stderr)
    return code
