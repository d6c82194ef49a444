"""A run's labeled cases, judged by a scorer and by the run's votes: what a cascade is counted on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solon.calibrating import read_prior, stopped
from solon.errors import UserError
from solon.report.cascading import Trial
from solon.report.recorded import Marks, Recorded
from solon.report.spending import earned_at, prefers, request_count
from solon.reward import credit
from solon.samplers.seam import Failure, Sampled
from solon.stopping import Stop, looks
from solon.store import Store
from solon.types import Case, First, Label, Verdict


@dataclass(frozen=True, slots=True)
class Votes:
    """How many votes a cascade is compared with, and those of the cases that it sends to the judge.

    Attributes:
        k: the votes of every case that it is compared with.
        sent: the most votes of a case that is sent.
        stop: when the vote on such a case ends.
        prior: for the confident rule, a file of `solon tune stop`.
        delta: for the anytime-valid rule.
    """

    k: int
    sent: int
    stop: Stop = "never"
    prior: Path | None = None
    delta: float = 0.02


def trials(
    run: Recorded, store: Store, labels: Mapping[str, Label], firsts: Sequence[First | Failure], votes: Votes
) -> list[Trial]:
    """Return the run's cases whose label prefers one of several responses, judged both ways.

    Args:
        run: the run, with all its samples.
        store: its run file, for what they cost.
        labels: by case id; cases without one are left out.
        firsts: what the scorer gave to the run's cases.
        votes: how many votes are counted.

    Raises:
        UserError: there are more votes to count than the run has, a meta model weighs them, none of its cases counts,
            votes of its form cannot end early, or the prior cannot be read.
    """
    if (most := max(votes.k, votes.sent)) > run.k:
        raise UserError(f"{most} votes are to be counted and the run has {run.k} judgments a case")
    if "meta" in run.config:
        raise UserError("a meta model weighs this run's votes, and plain votes are counted: make one without --meta")
    if votes.stop != "never" and run.form.reach is None:
        raise UserError(f"the form '{run.form.name}' names no SCALE, so its votes cannot end early")
    counting = _Counting(run, store, votes)
    rows = zip(run.cases, run.verdicts, run.full(), firsts, strict=True)
    found = [counting.trial(*row, label) for row in rows if prefers(label := labels.get(row[0].id))]
    if not found:
        raise UserError("no case of the run has a label that prefers one of several responses")
    return found


class _Counting:
    def __init__(self, run: Recorded, store: Store, votes: Votes) -> None:
        self._run, self._store, self._votes = run, store, votes
        self._prior = None if votes.prior is None else read_prior(votes.prior)

    def trial(
        self, case: Case, verdict: Verdict, full: Sequence[Marks], first: First | Failure, label: Label | None
    ) -> Trial:
        assert label is not None
        votes, reach = self._votes, self._run.form.reach or 0.0
        used = stopped(full[: votes.sent], reach, votes.stop, self._prior, votes.delta)
        seen = [*(look for look in looks(votes.stop, votes.sent) if look < used), used]
        given = first if isinstance(first, First) else None
        return Trial(
            margin=None if given is None else given.margin,
            alone=credit(given.scores, label) if given else 0.0,
            sent=earned_at(verdict, used, self._run, label),
            plain=earned_at(verdict, votes.k, self._run, label),
            used=used,
            tokens=self._tokens(case, verdict, seen),
            plain_tokens=self._tokens(case, verdict, [votes.k]),
            read=None if given is None else given.tokens,
        )

    def _tokens(self, case: Case, verdict: Verdict, seen: Sequence[int]) -> float:
        """Return the tokens of the votes up to the last look: those generated, and a prompt per order at every look."""
        samples = self._store.samples(case.id)
        kept = [sample for place, sample in samples.items() if place < seen[-1] and isinstance(sample, Sampled)]
        read, answers = self._store.read(case.id)
        return sum(sample.tokens for sample in kept) + request_count(verdict.orders, seen) * read / max(1, answers)
