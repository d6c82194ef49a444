"""Sample labeled cases: N_RFT plain judgments each and, where it is wanted, one that is told the label.

The judging itself is the conductor's, so every model that can judge can sample, and a killed run goes on from its run
files without asking anything twice.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from solon.checkpoint import Checkpoint
from solon.config import SamplingConfig
from solon.errors import UserError
from solon.files import make_folder
from solon.forms.form import Form
from solon.judge import Judge
from solon.order import stable_hash
from solon.plan import Tell
from solon.reward import correct
from solon.samplers.opening import open_sampler
from solon.samplers.seam import Failure, Sampled, Sampler
from solon.store import Store
from solon.training.config import SampleConfig
from solon.training.forms import Forms
from solon.training.hinted import HintedForm
from solon.training.labeled import Teaching, read_labeled, teaching
from solon.training.samples import SampledCase, Trajectory
from solon.types import Judgment, LabeledCase, Reason, Right, Unread, Verdict

_TEMPERATURE = 0.5


@dataclass(frozen=True, slots=True)
class Sampling:
    """The sampled cases, in the order of the data, and how many cases were left out, by reason."""

    cases: tuple[SampledCase, ...]
    skipped: dict[str, int]

    def counts(self) -> dict[str, int]:
        """Count the cases, those left out, the samples of both kinds, and how often which pass count was reached."""
        passes = Counter(one.plain_right for one in self.cases)
        plain, hinted = ([t for one in self.cases for t in getattr(one, kind)] for kind in ("plain", "hinted"))
        return {
            "cases": len(self.cases),
            **{f"left out {reason}": count for reason, count in self.skipped.items()},
            "plain samples": len(plain),
            **{f"cases with {right} right": passes[right] for right in sorted(passes)},
            "hinted samples": len(hinted),
            "hinted right": sum(one.right for one in hinted),
            "unread": sum(one.unread is not None for one in [*plain, *hinted]),
        }


def sample(config: SampleConfig, *, sampler: Sampler | None = None, tell: Tell | None = None) -> Sampling:
    """Sample every case of the config's data that has one best response or a 0/1 label.

    Args:
        config: the model, the data and what is sampled.
        sampler: asked in place of the config's model, whose name still tells the form; it is closed at the end.
        tell: called as samples arrive.

    Raises:
        UserError: the data hold a malformed or unlabeled line, nothing to learn from, or the model cannot be asked.
    """
    taught = teaching(read_labeled(config.data))
    forms = Forms.of(config.model, config.form, config.single_form)
    _check(taught.cases, forms, config)
    make_folder(config.out)
    sampled = asyncio.run(_sampled(config, taught, forms, sampler or open_sampler(config), tell))
    return Sampling(tuple(sampled), taught.skipped)


def _check(cases: Sequence[LabeledCase], forms: Forms, config: SampleConfig) -> None:
    told = [(one.case.id, forms.of_case(one).misfit(one.case, config.principles)) for one in cases]
    if misfits := [f"case '{name}': {misfit}" for name, misfit in told if misfit]:
        raise UserError(f"{len(misfits)} cases cannot be sampled; {misfits[0]}")


async def _sampled(
    config: SampleConfig, taught: Teaching, forms: Forms, sampler: Sampler, tell: Tell | None
) -> list[SampledCase]:
    found: dict[str, SampledCase] = {}
    try:
        for name, form in (("many", forms.many), ("single", forms.single)):
            cases = [one for one in taught.cases if isinstance(one.label, Right) is (name == "single")]
            plain = await _judged(config, cases, form, sampler, f"{name}_plain", config.plain, tell)
            put = form.file or form.name
            rows = {one.case.id: SampledCase(one, put, plain[one.case.id], (), config.principles) for one in cases}
            hinted = [one for one in cases if _wanted(config, rows[one.case.id])]
            told = HintedForm.of(form, cases)
            extra = await _judged(config, hinted, told, sampler, f"{name}_hinted", 1, tell)
            found |= {key: replace(row, hinted=extra.get(key, ())) for key, row in rows.items()}
    finally:
        await sampler.close()
    return [found[one.case.id] for one in taught.cases]


def _wanted(config: SampleConfig, row: SampledCase) -> bool:
    return config.hint == "all" or (config.hint == "failed" and row.plain_right == 0)


async def _judged(
    config: SampleConfig,
    cases: Sequence[LabeledCase],
    form: Form,
    sampler: Sampler,
    name: str,
    k: int,
    tell: Tell | None,
) -> dict[str, tuple[Trajectory, ...]]:
    """Judge cases in a form, k times each, and return their trajectories by case id."""
    if not cases:
        return {}
    judge = Judge(sampler, form=form, k=k, **_options(config) | {"seed": stable_hash(config.seed, name) % 2**31})
    judged = [one.case for one in cases]
    labels = stable_hash(*form.hints.items()) if isinstance(form, HintedForm) else None
    identity = judge.identity() | {"model": config.known, "hints": labels}
    with closing(Store(Path(config.out) / f"{name}.sqlite", identity)) as store:
        verdicts = await judge.judge(judged, store, tell)
        kept = [store.samples(case.id) for case in judged]
    told = zip(cases, verdicts, kept, strict=True)
    return {one.case.id: _trajectories(verdict, one, samples) for one, verdict, samples in told}


def _options(config: SampleConfig) -> dict[str, Any]:
    """Return what of the config is the judge's own; a temperature that is not set is the checkpoint's, or 0.5."""
    checkpoint = Checkpoint.of(config.model)
    spoken = checkpoint.temperature if checkpoint else None
    own = _TEMPERATURE if spoken is None else spoken
    shared = {name: getattr(config, name) for name in SamplingConfig.model_fields if name not in ("model", "form")}
    return shared | {"temperature": own if config.temperature is None else config.temperature}


def _trajectories(
    verdict: Verdict, one: LabeledCase, samples: Mapping[int, Sampled | Failure]
) -> tuple[Trajectory, ...]:
    pairs = enumerate(zip(verdict.outcomes, verdict.orders, strict=True))
    return tuple(Trajectory(order, o.text, _right(o, one), _reason(o), _thought(samples[i])) for i, (o, order) in pairs)


def _thought(sample: Sampled | Failure) -> str:
    return sample.reasoning if isinstance(sample, Sampled) else ""


def _right(outcome: Judgment | Unread, one: LabeledCase) -> bool:
    return isinstance(outcome, Judgment) and correct(outcome.scores, one.label)


def _reason(outcome: Judgment | Unread) -> Reason | None:
    return outcome.reason if isinstance(outcome, Unread) else None
