"""`Judge.batch` with a run file, as `solon judge --out` runs it: all responses in one prompt, samples by `n`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from driving import Job, Scores, report

from solon.judge import Judge
from solon.store import Store
from solon.types import Case, Message, content

PACKAGES = ()
STYLE = "boxed"


def judged(job: Job) -> Sequence[Scores]:
    """Judge every case once, with k judgments."""
    cases = [
        Case(str(i), (Message("user", content(prompt)),), tuple(map(content, responses)))
        for i, (prompt, responses) in enumerate(job.cases)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        Judge(job.url, k=job.k, concurrency=job.concurrency) as judge,
        Store(Path(folder) / "run.sqlite", judge.identity()) as store,
    ):
        verdicts = judge.batch(cases, store)
    return [None if verdict.scores is None else list(verdict.scores) for verdict in verdicts]


if __name__ == "__main__":
    report(Job.read(), judged)
