"""A form that gives the label away: it names the best response, or the verdict, in one extra line of every prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Self

from solon.forms.form import Form
from solon.reward import best_responses
from solon.types import Case, LabeledCase, Message, Order, PromptMode, Right


@dataclass(frozen=True, slots=True)
class HintedForm(Form):
    """A form whose prompts hold a hint for every case; only rejective fine-tuning asks in it."""

    hints: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, form: Form, cases: Sequence[LabeledCase]) -> Self:
        """Make a form hint at the labels of these cases, each of which has one best response or a 0/1 label."""
        values = {one.name: getattr(form, one.name) for one in fields(Form)}
        hints = {one.case.id: hint(one) for one in cases}
        return cls(**values | {"name": f"{form.name}+hint", "hints": hints})

    def render(
        self, case: Case, order: Order, mode: PromptMode = "self", hint: int | None = None, seed: int = 0
    ) -> tuple[Message, ...]:
        """Put the case into the template with its own hint; the index named is the place where the best is shown."""
        return Form.render(self, case, order, mode, self.hints[case.id], seed)


def hint(one: LabeledCase) -> int:
    """Return the case's own index of its best response, or its 0/1 label."""
    if isinstance(one.label, Right):
        return int(one.label.value)
    return best_responses(one.label)[0]
