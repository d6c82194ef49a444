"""A run file read again, without any model: the verdicts of all its samples, which other rules can then vote on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from solon.config import Scores
from solon.errors import UserError
from solon.forms.form import Form
from solon.judge import Judge
from solon.store import Store, Usage
from solon.types import Case, Judgment, Verdict
from solon.vote import marks

Marks: TypeAlias = tuple[float, ...]
"""What a judgment gives to each response; nothing where it could not be read."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run: its configuration, form and cases, a verdict of all the samples of each, and what it cost."""

    config: Mapping[str, Any]
    form: Form
    cases: tuple[Case, ...]
    verdicts: tuple[Verdict, ...]
    usage: Usage

    @classmethod
    def of(cls, run: Path, scores: Scores = "boxed") -> "Recorded":
        """Read a run's folder or its run file, with boxed scores or with expectations, if it kept log-probabilities.

        Raises:
            UserError: there is none, a case lacks samples, or its form is not the one that it was made with.
        """
        path = run / "run.sqlite" if run.is_dir() else run
        with Store.of(path) as store:
            config, cases = store.config(), store.cases()
            with Judge.of_run(config | {"scores": scores}) as judge:
                verdicts = tuple(_verdict(judge, store, case, path) for case in cases)
                return cls(config, judge.form, tuple(cases), verdicts, store.usage())

    @property
    def k(self) -> int:
        """The number of judgments of a case."""
        return int(self.config["k"])

    def others(self, run: Path) -> dict[str, "Recorded"]:
        """Read the run again with every kind of expected scores that its form and its log-probabilities allow."""
        if not self.config["top_logprobs"]:
            return {}
        kinds: tuple[tuple[Scores, bool], ...] = (
            ("expected", self.form.scale is not None),
            ("soft", self.form.soften is not None),
        )
        return {f"{kind} scores": Recorded.of(run, kind) for kind, allowed in kinds if allowed}

    def full(self) -> list[list[Marks]]:
        """Return what every judgment gave to each response, by case; an unread one is empty. Weights are left out."""
        rule = self.form.rule
        return [
            [marks([o], rule=rule)[0] if isinstance(o, Judgment) else () for o in verdict.outcomes]
            for verdict in self.verdicts
        ]


def _verdict(judge: Judge, store: Store, case: Case, path: Path) -> Verdict:
    verdict = judge.recalled(case, store)()
    if len(verdict.outcomes) < judge.config.k:
        raise UserError(
            f"the run '{path}' holds {len(verdict.outcomes)} of {judge.config.k} samples of case '{case.id}': finish "
            "it with the same command, without --stop and --first"
        )
    return verdict
