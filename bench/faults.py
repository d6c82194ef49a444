"""What a run comes to when servers fail, when the only one is gone for a while, and when the run itself is killed.

A local server (tests/local_server.py, a process of its own) judges as a pure function of prompt and seed, so that every
run has one right verdict file. Its answers take 50 to 200 ms. Of 10,000 judgments (2,500 cases of two responses, k = 4)
5 % of the calls meet at their first try a 429 with Retry-After, a 500, a connection reset, a stall beyond the timeout,
half a JSON body, no choices, or fewer choices than n; the server dies for 20 seconds in the middle of a run of 1,000
cases; and 100 SIGKILLs fall on a run of 1,000 cases. Exit code 1 when a line does not hold.

    python -m bench.faults [inject outage kills]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.killing import killed
from solon.judge import Judge
from solon.plan import Progress
from solon.report.lines import verdict_line
from solon.samplers.seam import Sampled
from solon.store import Store
from solon.types import Case, Message, content
from solon.vote import repeats

ROOT = Path(__file__).parents[1]
K = 4


@dataclass(frozen=True)
class Line:
    """Something that was measured, and whether it is as it must be."""

    name: str
    seen: str
    holds: bool = True


@dataclass(frozen=True)
class Run:
    """A run: its verdict lines, its samples by (case, place), what they repeat, and the seconds it took."""

    lines: list[str]
    samples: list[tuple[str, int, str]]
    failed: int
    repeated: int
    seconds: float
    notes: list[str]


@dataclass
class Served:
    """A local server in a process of its own, which can be killed and started again at the same address."""

    options: Sequence[str]
    port: int = 0

    def start(self) -> None:
        """Start the process and wait until it serves."""
        command = [sys.executable, str(ROOT / "tests" / "local_server.py"), "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> dict[str, Any]:
        """Return what the server counted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats") as page:
            counted: dict[str, Any] = json.load(page)
        return counted


@contextmanager
def serving(**options: object) -> Iterator[Served]:
    """Run a local server with these options."""
    server = Served([part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))])
    server.start()
    try:
        yield server
    finally:
        server.kill()


def cases_of(count: int) -> list[Case]:
    """Make cases of two responses."""
    return [
        Case(f"c{i}", (Message("user", content(f"Question {i}?")),), (content(f"answer {i}"), content(f"reply {i}")))
        for i in range(count)
    ]


def judge(
    server: Served, cases: Sequence[Case], timeout: float, progress: Callable[[Progress], None] | None = None
) -> Run:
    """Judge the cases with a run file, 64 calls in flight."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Judge(server.url, k=K, timeout=timeout) as model,
        Store(Path(folder) / "run.sqlite", model.identity()) as store,
    ):
        started = time.perf_counter()
        verdicts = model.batch(cases, store, progress)
        seconds = time.perf_counter() - started
        kept = [(case.id, place, one) for case in cases for place, one in store.samples(case.id).items()]
        return Run(
            lines=[verdict_line(case, verdict, "self") for case, verdict in zip(cases, verdicts, strict=True)],
            samples=[(name, place, one.text) for name, place, one in kept if isinstance(one, Sampled)],
            failed=sum(not isinstance(one, Sampled) for _, _, one in kept),
            repeated=repeats(verdicts)[0],
            seconds=seconds,
            notes=model.notes(verdicts),
        )


def inject(judgments: int, share: float, latency: float, timeout: float) -> list[Line]:
    """Judge with a server that is well and with one that fails a share of all first tries, and compare."""
    cases, usual = cases_of(judgments // K), {"latency": latency, "spread": 0.6}
    with serving(**usual) as server:
        well = judge(server, cases, timeout)
    with serving(**usual, fault_share=share, stall=2.5 * timeout, retry_after=1) as server:
        faulty = judge(server, cases, timeout)
        stats = server.stats()
    lost = {(digest, seed): count for digest, seed, count in stats["lost"]}
    arrived = [count - lost.get((digest, seed), 0) for digest, seed, count in stats["asked"]]
    rates = [judgments / run.seconds for run in (well, faulty)]
    same = sum(a == b for a, b in zip(well.lines, faulty.lines, strict=True))
    return [
        Line("faults by kind", ", ".join(f"{kind} {count}" for kind, count in sorted(stats["faulted"].items()))),
        Line("judgments lost", str(judgments - len(faulty.samples)), len(faulty.samples) == judgments),
        Line("judgments failed", str(faulty.failed), faulty.failed == 0),
        Line(
            "judgments that arrived twice",
            str(sum(count > 1 for count in arrived)),
            arrived.count(1) == judgments and set(arrived) <= {0, 1},
        ),
        Line("drawn again, since the answer was lost", f"{sum(lost.values()):,}"),
        Line("samples the same as without faults", f"{len(set(well.samples) & set(faulty.samples)):,}"),
        Line("verdicts the same as without faults", f"{same:,} of {len(cases):,}", same == len(cases)),
        Line(
            "texts that repeat another one",
            f"{faulty.repeated} (without faults {well.repeated})",
            faulty.repeated == well.repeated,
        ),
        Line("judgments/s without faults", f"{rates[0]:,.0f}"),
        Line(
            "judgments/s with faults", f"{rates[1]:,.0f}, {rates[1] / rates[0]:.0%} of it", rates[1] >= 0.7 * rates[0]
        ),
    ]


def outage(cases: int, seconds: float, latency: float) -> list[Line]:
    """Kill the only server in the middle of a run, start it again some seconds later, and compare."""
    given, down = cases_of(cases), False
    with serving(latency=latency, spread=0.6) as server:
        well = judge(server, given, 60.0)

        def told(state: Progress) -> None:
            nonlocal down
            if not down and state.done >= state.total // 2:
                down = True
                server.kill()
                threading.Timer(seconds, server.start).start()

        broken = judge(server, given, 60.0, told)
    same = sum(a == b for a, b in zip(well.lines, broken.lines, strict=True))
    return [
        Line("judgments lost or failed", str(cases * K - len(broken.samples)), len(broken.samples) == cases * K),
        Line("verdicts the same as without the outage", f"{same:,} of {cases:,}", same == cases),
        Line("seconds without the outage", f"{well.seconds:.1f}"),
        Line(f"seconds with {seconds:g} s of it", f"{broken.seconds:.1f}", broken.seconds >= seconds),
    ]


def kills(cases: int, count: int) -> list[Line]:
    """Kill a run at random moments until it has been killed so often, let it end, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        seen = killed(Path(folder), cases, count)
    return [
        Line("SIGKILLs that met a run at work", str(seen.kills), seen.kills == count),
        Line("samples kept before the last start", f"{seen.kept:,} of {seen.whole:,}", 0 < seen.kept < seen.whole),
        Line("kept samples that were asked for again", str(seen.twice), seen.twice == 0),
        Line("samples drawn again, in flight at a kill", f"{seen.again:,}"),
        Line("verdict file the same as of a run left alone", "yes" if seen.same else "no", seen.same),
    ]


def show(title: str, lines: Sequence[Line]) -> bool:
    """Print what was measured and tell whether all of it holds."""
    print(f"\n{title}")
    for line in lines:
        print(f"  {line.name:48}{line.seen}{'' if line.holds else '   MISSED'}", flush=True)
    return all(line.holds for line in lines)


def main() -> None:
    """Run the parts that are named, all by default."""
    parts: dict[str, tuple[str, Callable[[], list[Line]]]] = {
        "inject": (
            "10,000 judgments, 5 % of the calls fail once, answers take 50 to 200 ms, 64 in flight, --timeout 2",
            lambda: inject(10_000, 0.05, 0.125, 2.0),
        ),
        "outage": ("1,000 cases, the server dies for 20 s", lambda: outage(1000, 20.0, 0.125)),
        "kills": ("1,000 cases, 100 SIGKILLs", lambda: kills(1000, 100)),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}; all by default")
    named = parser.parse_args().parts or list(parts)
    if unknown := [name for name in named if name not in parts]:
        parser.error(f"there is no part {unknown[0]}; the parts are {', '.join(parts)}")
    held = [show(parts[name][0], parts[name][1]()) for name in named]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
