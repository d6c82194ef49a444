"""Run a benchmark: a greedy pass, a pass of votes, and passes over changed cases, which should be judged alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from solon.benchmarks.benchmark import Benchmark, Item, Mode, Way
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.judging import Ballots, games_of, judge_items
from solon.benchmarks.probes import ALTER
from solon.benchmarks.published import PREFIX, replayed
from solon.benchmarks.scalars import SCORES, WAYS, check, is_scalar, score_items
from solon.config import JudgeConfig
from solon.errors import UserError
from solon.files import make_folder
from solon.forms import load_form
from solon.forms.form import Form
from solon.judge import Judge
from solon.plan import Tell
from solon.store import Store, Usage
from solon.vote import chance, half


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over all items: its name, votes per item, the judgments, what they cost, and what a user should know.

    A scalar model, which scores responses, has no form.
    """

    name: str
    k: int
    ballots: tuple[Ballots, ...]
    ways: tuple[Way, ...]
    form: Form | None
    usage: Usage
    notes: tuple[str, ...]


def ways_of(form: Form, weighed: bool) -> tuple[Way, ...]:
    """Return how judgments of this form vote, the way that counts first."""
    plain = Way("votes", form.rule)
    if not weighed:
        return (plain,)
    return Way("meta, best half", form.rule, keep=half), plain, Way("meta, all softly", form.rule, soft=chance)


def run(
    benchmark: Benchmark,
    items: Sequence[Item],
    mode: Mode,
    config: BenchConfig,
    tell: Tell | None = None,
) -> list[Pass]:
    """Judge a benchmark's items as often as is asked for; what is in the run's folder already is not asked again.

    Raises:
        UserError: the model, its form or an item does not fit, or the folder holds another run.
    """
    scalar = is_scalar(config.model)
    _only(config, "run.sqlite" if scalar else SCORES)
    if scalar:
        check(config)
        return _scored(items, mode, config)
    passes = []
    if config.greedy:
        passes.append(_pass("greedy", benchmark, items, mode, config, 1, tell))
    if config.votes:
        passes.append(_pass("votes", benchmark, items, mode, config, config.votes, tell))
    for probe in dict.fromkeys(config.probe):
        if config.model.startswith(PREFIX):
            raise UserError("--probe judges changed cases, of which nothing was published: leave it out")
        changed = [ALTER[probe](item) for item in items]
        passes.append(_pass(probe, benchmark, changed, mode, config, 1, tell))
    return passes


def _only(config: BenchConfig, other: str) -> None:
    """Refuse a folder that holds a run of the other kind of model."""
    if found := next(config.out.glob(f"*/{other}"), None):
        kinds = ("a scalar model", "a judge")
        was, now = kinds if other == SCORES else kinds[::-1]
        raise UserError(f"'{found}' is of {was}'s run, and '{config.model}' is {now}: use another --out")


def _pass(
    name: str,
    benchmark: Benchmark,
    items: Sequence[Item],
    mode: Mode,
    config: BenchConfig,
    k: int,
    tell: Tell | None,
) -> Pass:
    folder = config.out / name
    make_folder(folder)
    with _judge(benchmark, items, mode, config, name == "votes", k) as model:
        with Store(folder / "run.sqlite", model.identity() | {"source": config.known}) as store:
            judged = judge_items(model, items, mode, store, tell)
            usage = store.usage()
        notes = model.notes([verdict for one in judged for verdict in one.verdicts])
    ways = ways_of(model.form, config.meta is not None) if name == "votes" else (Way("greedy", model.form.rule),)
    return Pass(name, k, tuple(judged), ways, model.form, usage, tuple(notes))


def _scored(items: Sequence[Item], mode: Mode, config: BenchConfig) -> list[Pass]:
    """Score all items, and the changed ones of the probes, with a scalar model."""
    judged: dict[str, Sequence[Item]] = {"greedy": items}
    judged |= {probe: [ALTER[probe](item) for item in items] for probe in config.probe}
    passes = []
    for name, some in judged.items():
        ballots = score_items(config.model, some, mode, config.out / name)
        note = "A scalar model scores every response once: no prompt's form, no votes, no temperature."
        usage = Usage(0, 0, 0, sum(item.case.n for item in some), 0.0)
        passes.append(Pass(name, 1, tuple(ballots), WAYS, None, usage, (note,)))
    return passes


def _judge(benchmark: Benchmark, items: Sequence[Item], mode: Mode, config: BenchConfig, votes: bool, k: int) -> Judge:
    options = config.judging() | {"k": k * games_of(mode), "temperature": config.temperature if votes else 0.0}
    options |= {"meta": config.meta, "meta_api_key_env": config.meta_api_key_env} if votes and config.meta else {}
    if not config.model.startswith(PREFIX):
        return Judge(config.model, form=config.form, **options)
    if benchmark.published is None:
        raise UserError(f"no layout of published judgments is known for {benchmark.title}: name a model")
    file, _, judge = config.model.removeprefix(PREFIX).partition("#")
    texts = benchmark.published(Path(file), judge, config.form is not None)
    form = load_form(config.form or "pointwise")
    told = JudgeConfig(model=config.model, **options)
    return Judge(replayed(texts, items, mode, form, told), form=form, **options)
