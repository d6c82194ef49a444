"""Which samples are decoded together: waves of prompts of like length, within a budget of rows and of cached tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LIKELY_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Job:
    """n samples of one prompt; `place` is its place among the requests. Lengths are in tokens."""

    place: int
    prompt: tuple[int, ...]
    n: int
    longest: int


@dataclass(frozen=True, slots=True)
class Part:
    """Samples `first` to `first + n - 1` of a job, which share one prefill."""

    job: Job
    first: int
    n: int


def waves(jobs: Sequence[Job], rows: int, tokens: int) -> Iterator[list[Part]]:
    """Group jobs into waves, longest prompts first, so that padding is small and a lack of memory shows early.

    A wave holds at most `rows` samples and, with every prompt padded to the longest, at most about `tokens` tokens; a
    completion counts with at most 1,024 of them. The samples of one job are parted only when they exceed a wave by
    themselves.
    """
    wave: list[Part] = []
    free = 0
    for job in sorted(jobs, key=lambda job: (-len(job.prompt), job.place)):
        limit = max(1, min(rows, tokens // (len(job.prompt) + min(job.longest, _LIKELY_LONGEST))))
        for part in _parts(job, limit):
            if wave and part.n > free:
                yield wave
                wave = []
            if not wave:
                free = limit
            wave.append(part)
            free -= part.n
    if wave:
        yield wave


def _parts(job: Job, limit: int) -> Iterator[Part]:
    count = -(-job.n // limit)
    first = 0
    for i in range(count):
        n = job.n // count + (i < job.n % count)
        yield Part(job, first, n)
        first += n


def halves(wave: Sequence[Part]) -> tuple[list[Part], list[Part]] | None:
    """Split a wave that was too large for the memory; None when it is a single sample."""
    if len(wave) > 1:
        middle = len(wave) // 2
        return list(wave[:middle]), list(wave[middle:])
    job, first, n = wave[0].job, wave[0].first, wave[0].n
    if n == 1:
        return None
    return [Part(job, first, n // 2)], [Part(job, first + n // 2, n - n // 2)]
