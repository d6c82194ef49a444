"""Which form a labeled case is put in: a lone response with a 0/1 label has its own (arXiv 2504.02495, section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from solon.checkpoint import Checkpoint
from solon.forms import load_form
from solon.forms.form import Form
from solon.forms.sandbox import SANDBOX_CORRECT, terse
from solon.types import LabeledCase, Right


@dataclass(frozen=True, slots=True)
class Forms:
    """The form for ratings and best responses, and the one for 0/1 labels."""

    many: Form
    single: Form

    @classmethod
    def of(cls, model: str, form: str | None = None, single_form: str | None = None) -> "Forms":
        """Load the forms that a model speaks, or those named in their place.

        Raises:
            UserError: there is no such form.
        """
        checkpoint = Checkpoint.of(model)
        many = load_form(form or (checkpoint.form if checkpoint else "pointwise"))
        return cls(many, load_form(single_form or (SANDBOX_CORRECT.name if many.layout is terse else "correct")))

    def of_case(self, one: LabeledCase) -> Form:
        """Return the form for a case."""
        return self.single if isinstance(one.label, Right) else self.many


def spoken_by(model: str, forms: Sequence[str]) -> Checkpoint:
    """Return what the checkpoint trained on these forms says of itself: the first that judges several responses.

    The temperature stays that of the model it came from.
    """
    loaded = [load_form(name) for name in dict.fromkeys(forms)]
    form = next((one for one in loaded if len(one.responses) > 1), loaded[0])
    before = Checkpoint.of(model)
    return Checkpoint(form.file or form.name, form.template_hash, before.temperature if before else None)
