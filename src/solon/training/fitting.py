"""Which cases a model has room for: their prompt and the longest judgment together are no longer than it takes."""

from collections.abc import Sequence

from transformers import AutoConfig

from solon.samplers.local.loading import context_of
from solon.samplers.local.prompts import Prompts
from solon.samplers.seam import Failure, Request
from solon.training.config import GrpoConfig
from solon.training.forms import Forms
from solon.training.models import load_tokenizer, source_of
from solon.training.visits import Visit
from solon.types import LabeledCase


def fitting(cases: Sequence[LabeledCase], forms: Forms, config: GrpoConfig) -> list[LabeledCase]:
    """Leave out the cases that are too long for `max_length` or the model, or that its chat template refuses.

    Raises:
        UserError: the tokenizer cannot be loaded or has no chat template.
    """
    tokenizer = load_tokenizer(config)
    longest = min(config.max_length, context_of(AutoConfig.from_pretrained(source_of(config.model))))
    prompts = Prompts(tokenizer, longest - config.max_tokens + 1, {})
    shown = [Visit(one, tuple(range(one.case.n)), forms.of_case(one), config.principles) for one in cases]
    asked = [prompts.ids(Request(visit.prompt(config.seed))) for visit in shown]
    return [one for one, ids in zip(cases, asked, strict=True) if not isinstance(ids, Failure)]
