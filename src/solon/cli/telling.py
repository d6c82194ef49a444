"""What `solon judge` writes of a case and of a run, where the judge judges alone and where a scorer judges first."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from solon.cascade import Cascade, Staged
from solon.judge import Judge
from solon.report import staged, summary
from solon.report.lines import verdict_line
from solon.report.show import show
from solon.report.staged import StagedSummary, staged_line
from solon.report.summary import Summary
from solon.store import Usage
from solon.types import Case, LabeledCase, Verdict

S = TypeVar("S", contravariant=True)
"""What a run says of a case: a verdict, or what a cascade says."""


class Summing(Protocol[S]):
    """Counts a run, case by case."""

    def add(self, place: int, found: Case | LabeledCase, said: S, /) -> None:
        """Count the case at a place."""
        ...

    def figures(self, usage: Usage, left_out: int) -> dict[str, Any]:
        """Return the run's figures; `left_out` further lines of its file could not be judged."""
        ...


class Telling(Protocol[S]):
    """What is written."""

    @property
    def summary(self) -> Summing[S]:
        """What counts the run."""
        ...

    def line(self, case: Case, said: S) -> str:
        """Return a case's line of JSON."""
        ...

    def page(self, case: Case, said: S) -> str:
        """Return a case as text for a person."""
        ...

    def facts(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """Tell the run's figures to a person."""
        ...


class VerdictTelling:
    """What is written of verdicts."""

    def __init__(self, model: Judge) -> None:
        self.summary, self._model = Summary(model), model

    def line(self, case: Case, said: Verdict) -> str:
        """Return a case's line of JSON."""
        return verdict_line(case, said, self._model.config.principles)

    def page(self, case: Case, said: Verdict) -> str:
        """Return a case as text for a person."""
        return show(case, said, said.weights, self._model.ending.votes(len(said.outcomes)))

    def facts(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """Tell the run's figures to a person."""
        return summary.facts(figures)


class StagedTelling:
    """What is written where a scorer judges first."""

    def __init__(self, cascade: Cascade) -> None:
        self.summary = StagedSummary(cascade)
        self._verdicts = VerdictTelling(cascade.model)
        self._mode = cascade.model.config.principles

    def line(self, case: Case, said: Staged) -> str:
        """Return a case's line of JSON."""
        return staged_line(case, said, self._mode)

    def page(self, case: Case, said: Staged) -> str:
        """Return a case as text for a person."""
        if said.verdict is not None:
            return self._verdicts.page(case, said.verdict)
        return f"case {case.id}\n  the scorer's verdict: best {said.best}, scores {said.scores}"

    def facts(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """Tell the run's figures to a person."""
        return staged.facts(figures)
