"""A form: how a case is put to a model and how the answer is read back."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from solon.errors import UserError
from solon.forms import layout as layouts
from solon.forms.chances import Soften
from solon.forms.reading import ends_with_box
from solon.forms.template import fill, inserted
from solon.types import Case, Content, Judgment, Message, Order, PromptMode, Reason, Unread, content

_LARGEST_SCORE = 1e300
_WITH_GIVEN: tuple[PromptMode, ...] = ("given", "given+self")
_CUT: dict[str, tuple[Reason, str]] = {
    "length": ("truncated", "the text was cut off at the token limit before it ended with a box"),
    "content_filter": ("refused", "the text was cut off by a content filter before it ended with a box"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """A template and its reader.

    `read(text, n)` returns a judgment whose scores stand in the order shown, or why there is none; it must return for
    any text, in linear time, and never raise. `rule` is the vote that its scores are made for, and `scale` the least
    and the largest score, where there are such. `responses` is the range of response counts that it can judge. `file`
    is where a user's own form comes from. `soften` reads the verdicts of a critique as probabilities, if it holds any.
    """

    name: str
    template: str
    read: Callable[[str, int], Judgment | Unread]
    rule: Literal["mean", "majority"] = "mean"
    responses: range = range(1, 1000)
    layout: layouts.Layout = layouts.fenced
    file: str = ""
    scale: tuple[float, float] | None = None
    soften: Soften | None = None

    @property
    def reach(self) -> float | None:
        """The most by which a judgment can favor one response over another in a vote; None where nothing bounds it."""
        if self.rule == "majority":
            return 1.0
        return None if self.scale is None else float(self.scale[1] - self.scale[0])

    @property
    def template_hash(self) -> str:
        """Identify the template: a checkpoint trained on another one is told apart by it."""
        return hashlib.sha256(self.template.encode()).hexdigest()[:16]

    def render(
        self, case: Case, order: Order, mode: PromptMode = "self", hint: int | None = None, seed: int = 0
    ) -> tuple[Message, ...]:
        """Put the case into the template, its responses in `order`.

        Args:
            case: the case; nothing of its tags is shown.
            order: the permutation in which the responses are shown.
            mode: who writes the principles.
            hint: the case's own index of the best response (with one response: its 0/1 label), named in an extra line.
            seed: the run's seed, which the marks around judged texts depend on.

        Raises:
            UserError: the template is broken, or the mode asks for given principles and the case has none.
        """
        if mode in _WITH_GIVEN and not case.principles:
            raise UserError(f"case '{case.id}' has no principles; principles={mode} needs them in every case")
        laid_out = self._laid_out(case, order, layouts.nonce(case, seed))
        slots = laid_out | {
            "principles": laid_out.get("principles", ()) if mode in _WITH_GIVEN else (),
            "self": _flag(mode in ("self", "given+self")),
            "given": _flag(mode == "given"),
            "none": _flag(mode == "none"),
            "single": _flag(case.n == 1),
            "hint": () if hint is None else content(str(order.index(hint) + 1 if case.n > 1 else hint)),
            "n": content(str(case.n)),
        }
        return (Message("user", fill(self.template, slots)),)

    def echo_mark(self, case: Case, seed: int = 0) -> str:
        """Return the last mark of the case's prompt, after which a completion that repeats it is cut; may be empty."""
        if self.layout is not layouts.fenced:
            return ""
        blocks: tuple[layouts.Block, ...] = get_args(layouts.Block)
        fenced = [slot for slot in blocks if slot != "reference" or case.reference is not None]
        shown = [slot for slot in inserted(self.template) if slot in fenced]
        return layouts.last_mark(case, layouts.nonce(case, seed), shown[-1]) if shown else ""

    def outcome(self, text: str, n: int, finish: str = "stop") -> Judgment | Unread:
        """Read a sample of n responses, once it is clear that the model could say all of it.

        A text that ran into the token limit (`finish` is "length") or a filter ("content_filter") counts only when
        nothing follows its last box.

        Raises:
            UserError: the reader of a user's form raised, or a reader returned something else than it may.
        """
        if finish in _CUT and not ends_with_box(text):
            return Unread(*_CUT[finish], text)
        try:
            outcome = self.read(text, n)
        except Exception as error:
            if not self.file:
                raise
            raise UserError(f"{self._place}: read(text, n) raised {type(error).__name__}: {error}") from error
        if fault := _fault(outcome, n):
            raise UserError(f"{self._place}: read(text, n) {fault}")
        return outcome

    def misfit(self, case: Case, mode: PromptMode = "self") -> str | None:
        """Say why this form cannot judge the case in this mode, or None when it can."""
        if case.n not in self.responses:
            low, high = self.responses[0], self.responses[-1]
            allowed = f"n = {low}" if low == high else f"n >= {low}" if high >= 999 else f"{low} <= n <= {high}"
            return f"the form '{self.name}' is made for {allowed} responses, this case has {case.n}"
        if mode in _WITH_GIVEN and not case.principles:
            return f"principles={mode} needs principles in the case, this one has none"
        return None

    @property
    def _place(self) -> str:
        return f"the form '{self.name}'" + (f" ({self.file})" if self.file else "")

    def _laid_out(self, case: Case, order: Order, nonce: str) -> dict[str, Content]:
        try:
            slots = self.layout(case, order, nonce)
        except Exception as error:
            if not self.file:
                raise
            raise UserError(f"{self._place}: layout(...) raised {type(error).__name__}: {error}") from error
        if not isinstance(slots, dict):
            raise UserError(f"{self._place}: layout(...) returned {type(slots).__name__}; a dict of slots is needed")
        return slots


def _fault(outcome: object, n: int) -> str | None:
    """Say what is wrong with what a reader returned, or None."""
    if isinstance(outcome, Unread):
        reasons = get_args(Reason)
        return None if outcome.reason in reasons else f"gave the reason '{outcome.reason}'; use {', '.join(reasons)}"
    if not isinstance(outcome, Judgment):
        return f"returned {type(outcome).__name__}; a Judgment or an Unread is needed"
    if isinstance(outcome.scores, tuple) and len(outcome.scores) == n and all(map(_finite, outcome.scores)):
        return None
    return f"returned the scores {outcome.scores!r}; a tuple of {n} finite numbers is needed"


def _finite(score: object) -> bool:
    return isinstance(score, (int, float)) and abs(score) < _LARGEST_SCORE


def _flag(value: bool) -> Content:
    return content("yes") if value else ()
