"""`solon demo`: the whole method in miniature, on a CPU: a tiny judge is trained, and then it votes."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from rich.console import Console

from solon import sandbox
from solon.cli.clock import Clock
from solon.cli.options import Count
from solon.cli.progress import bar
from solon.cli.progress import steps as shown
from solon.cli.rivals import scalar
from solon.cli.stages import Stages
from solon.cli.train import need_training
from solon.files import make_folder, make_room, write_json
from solon.plan import Tell
from solon.report.curve import KS, earned
from solon.report.miniature import WEIGHED, Judges, Ranking, Trained, Weighed, tell, write
from solon.report.page import need_matplotlib
from solon.sandbox.judging import Judged, judged
from solon.types import LabeledCase

FEW = 8
"""The base and the fine-tuned model vote up to so many times, the reinforced one up to the last of `KS`."""


def demo(
    *,
    cases: Count = 1000,
    train: Count = 1500,
    steps: Count = 60,
    seed: int = 1,
    out: Path = Path("runs/demo"),
    json: Path | None = None,
) -> None:
    """Train a one-million-parameter judge by fine-tuning and reinforcement on a CPU, and watch its votes add up.

    Parameters
    ----------
    cases
        Held-out cases to judge.
    train
        Labeled cases to train on.
    steps
        Steps of the reinforcement.
    seed
        The seed of the cases, the trainings and the samples.
    out
        The folder for everything; the same command again resumes.
    json
        Also write the figures to this file.
    """
    console = Console()
    make_folder(out)
    make_room(json)
    need_matplotlib()
    need_training()
    console.print(
        f"A judge of one million parameters learns from {train} labeled cases, then judges {cases} that it never saw.\n"
    )
    clock = Clock(console)
    from solon.samplers.local.loading import quietly

    stages = Stages(out, sandbox.checkpoint(), train, seed, steps)
    stages.begin(held_out=cases)
    with quietly(sandbox.checkpoint()):
        folders = _trained(stages, clock, console)
        held = sandbox.cases("test", cases, seed=seed)
        with clock.stage("choosing how the meta model weighs, on cases of the dev split"), bar(console) as told:
            rule = _rule(folders, sandbox.cases("dev", max(1, cases // 4), seed=seed, n=2), out, seed, told)
        trained = _judged(folders, held, out, seed, clock, console)
        with clock.stage("judging one, three and four responses"), bar(console) as told:
            sizes = _sizes(folders, max(1, cases // 4), seed, told)
        alone = Judged(tuple(held), tuple(scalar(folders["scalar"], held)), 0.0)
    judges = Judges(trained, rule, Ranking.of(folders["meta"]), alone, sizes)
    figures = tell(judges, console)
    write(judges, clock.seconds, out)
    for path in [out / "figures.json", *([json] if json else [])]:
        write_json(path, figures)
    console.print(f"report: {out / 'report.html'}", markup=False, highlight=False)


def _trained(stages: Stages, clock: Clock, console: Console) -> dict[str, Path]:
    """Run all stages and return their checkpoints."""
    base = stages.base
    with clock.stage("sampling the base model"), bar(console) as judging:
        samples = stages.sampled(base, judging)
    with clock.stage("rejective fine-tuning"), shown(console, "rft") as told:
        rft = stages.fine_tuned(samples, told)
    with clock.stage("reinforcement"), shown(console, "grpo") as told:
        rl = stages.reinforced(rft, samples, told)
    with clock.stage("sampling the reinforced model"), bar(console) as judging:
        again = stages.sampled(rl, judging, "samples_rl")
    with clock.stage("the meta reward model"), shown(console, "meta") as told:
        meta = stages.weigher([samples, again], told)
    with clock.stage("the scalar model, for comparison"), shown(console, "scalar") as told:
        alone = stages.scalar(told)
    return {"base": base, "rft": rft, "rl": rl, "meta": meta, "scalar": alone}


def _rule(folders: Mapping[str, Path], chosen: list[LabeledCase], out: Path, seed: int, told: Tell) -> Weighed:
    """Return the better of two ways to weigh votes on cases that nothing is measured on."""
    store = out / "rl_dev.sqlite"
    votes = judged(folders["rl"], chosen, FEW, seed=seed, store=store, meta=folders["meta"], tell=told)
    labels = [one.label for one in chosen]
    return max(WEIGHED.values(), key=lambda rule: fmean(earned(votes.verdicts, labels, FEW, **rule.way)))


def _sizes(folders: Mapping[str, Path], count: int, seed: int, told: Tell) -> dict[int, dict[str, Judged]]:
    """Judge cases of other numbers of responses, by votes, with the base and the reinforced judge."""
    held = {n: sandbox.cases("test", count, seed=seed, n=n) for n in (1, 3, 4)}
    return {
        n: {name: judged(folders[name], some, FEW, seed=seed, tell=told) for name in ("base", "rl")}
        for n, some in held.items()
    }


def _judged(
    folders: Mapping[str, Path], held: list[LabeledCase], out: Path, seed: int, clock: Clock, console: Console
) -> dict[str, Trained]:
    """Judge the held-out cases with every judge, greedily and by votes that the meta model weighs."""
    found = {}
    for name in ("base", "rft", "rl"):
        k = KS[-1] if name == "rl" else FEW
        with clock.stage(f"judging with {name}: greedy, then {k} judgments a case"), bar(console) as told:
            greedy = judged(folders[name], held, 1, seed=seed, store=out / f"{name}_greedy.sqlite", tell=told)
            votes = judged(
                folders[name], held, k, seed=seed, store=out / f"{name}_votes.sqlite", meta=folders["meta"], tell=told
            )
        found[name] = Trained(greedy, votes, tuple(each for each in KS if each <= k))
    return found
