"""Replay judges from what benchmarks published of them: their texts, or where there are none their decisions."""

from collections.abc import Sequence

from solon.benchmarks.benchmark import Item, Mode, Texts
from solon.benchmarks.judging import cases_of, games_of
from solon.config import JudgeConfig
from solon.forms.form import Form
from solon.samplers.recorded import PublishedSampler
from solon.types import Message

PREFIX = "published:"


def replayed(texts: Texts, items: Sequence[Item], mode: Mode, form: Form, config: JudgeConfig) -> PublishedSampler:
    """Return a sampler that gives every prompt of these items, in this form, the text that was published for it."""
    known: dict[tuple[Message, ...], Sequence[str]] = {}
    for case in (case for item in items for case in cases_of(item, mode)):
        for order in ((0, 1), (1, 0)):
            if (case.id, order) in texts:
                shown = form.render(case, order, config.prompt_mode, seed=config.seed)
                known[shown] = [texts[case.id, order]] * (config.k // games_of(mode))
    return PublishedSampler(known)
