"""What every driver shares, with the standard library only: drivers run inside the virtual environment of their peer.

A driver reads its job as JSON from standard input, judges a few cases to warm up, then all of them, and prints one
line: the seconds from the first case to the last verdict, the scores of every case's responses (null where there are
none), and how many cases warmed it up.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

WARM = 8


@dataclass(frozen=True)
class Job:
    """The cases (a prompt and its responses), judgments per case, the server's base address, and calls in flight."""

    cases: Sequence[tuple[str, list[str]]]
    k: int
    url: str
    concurrency: int

    @classmethod
    def read(cls) -> "Job":
        """Read the job from standard input."""
        return cls(**json.load(sys.stdin))


Scores = list[float] | None


def report(job: Job, judge: Callable[[Job], Sequence[Scores]]) -> None:
    """Judge all cases, timed, and print what came of it; whatever a peer prints meanwhile goes to standard error."""
    out, sys.stdout = sys.stdout, sys.stderr
    few = job.cases[:WARM]
    judge(replace(job, cases=few))
    started = time.perf_counter()
    scores = judge(job)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "scores": scores, "warm": len(few)}), file=out)


def mean(scores: Sequence[float | None]) -> float:
    """Return the mean of the votes that a peer could read; a peer that read none of them gets -1, which is no score."""
    read = [score for score in scores if score is not None]
    return sum(read) / len(read) if read else -1.0
