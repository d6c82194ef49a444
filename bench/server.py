"""How fast the server is at 64 connections, beside an empty handler of the same framework, under wrk.

Every application runs in a process of its own, one after the other and round by round, so that a busy machine slows all
alike: an empty FastAPI handler with the same response, the server over a scripted engine (a canned verdict behind the
engine's seam), and the server over a whole judge (orders, prompts, reading, votes) whose sampler is scripted. Shares
are told twice: by requests per second, and by the processor time of a request, which a busy machine changes less.

python bench/server.py [--rounds 5] [--seconds 5] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from report import Figure, arguments, figure, show

CONNECTIONS = 64
BODY = {
    "prompt": "Explain entropy to a child.",
    "responses": ["It is a measure of disorder in a system. " * 8, "Think of a messy room that nobody tidies. " * 8],
}
TEXT = (
    "Principles:\n- accuracy (weight: 60%): is what it says right?\n- clarity (weight: 40%): is it easy to follow?\n\n"
    "Analysis:\nResponse 1 answers the question and explains why; response 2 leaves the second half out.\n\n"
    "Scores:\n\\boxed{8, 5}"
)
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def empty() -> object:
    """Return the framework with a handler that does nothing but answer, with a body as long as a judgment's."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/v1/judge")
    async def nothing() -> dict[str, str]:
        return {"text": TEXT}

    return app


def scripted(whole: bool) -> object:
    """Return the server over a canned verdict, or over a whole judge with a scripted sampler; it logs to nowhere."""
    from solon.forms import load_form
    from solon.judge import Judge
    from solon.samplers.scripted import ScriptedSampler
    from solon.samplers.seam import Sampled
    from solon.server.app import create_app
    from solon.server.engine import Judged
    from solon.types import Case, Judgment
    from solon.vote import vote

    sample = Sampled(TEXT, tokens=80)
    if whole:
        return create_app(Judge(ScriptedSampler(lambda request, index: sample), k=2))
    read = load_form("pointwise").read(TEXT, 2)
    assert isinstance(read, Judgment)
    canned = Judged(vote([read, read], 2, orders=[(0, 1), (1, 0)]), ("stop", "stop"))

    class Canned:
        k, scale = 2, (1.0, 10.0)

        def misfit(self, case: Case, k: int) -> None:
            return None

        async def judge(self, case: Case, k: int, notes: object) -> Judged:
            return canned

        def so_far(self, case: Case, k: int, notes: object) -> Judged:
            return canned

    return create_app(Canned())


APPS = {"empty": empty, "engine": lambda: scripted(whole=False), "judge": lambda: scripted(whole=True)}


@dataclass(frozen=True)
class Run:
    """Requests per second, latency in milliseconds (median and 99th percentile), and microseconds of processor time."""

    rate: float
    median: float
    p99: float
    spent: float


@contextlib.contextmanager
def process(name: str) -> Iterator[tuple[str, int]]:
    """Serve an application in a process of its own and yield its address and process id."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, __file__, "--serve", name, "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as served:
        try:
            url = f"http://127.0.0.1:{port}/v1/judge"
            for _ in range(600):
                with contextlib.suppress(OSError):
                    asked = urllib.request.Request(url, json.dumps(BODY).encode(), {"Content-Type": "application/json"})
                    urllib.request.urlopen(asked, timeout=5).read()
                    break
                time.sleep(0.1)
            yield url, served.pid
        finally:
            served.kill()


def serve(name: str, port: int) -> None:
    """Serve until killed, the empty handler just as the server is served."""
    import uvicorn

    app = APPS[name]()
    if name == "empty":
        uvicorn.run(app, host="127.0.0.1", port=port, ws="none", access_log=False, log_config=None)
    else:
        from solon.server.serving import run

        run(app, "127.0.0.1", port)


def spent(pid: int) -> float:
    """Return the processor seconds that a process has spent."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measured(url: str, pid: int, seconds: int) -> Run:
    """Ask for so many seconds; all answers must be 200."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = 'POST'\nwrk.body = [==[{json.dumps(BODY)}]==]\n")
        script.write("wrk.headers['Content-Type'] = 'application/json'\n")
        script.flush()
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "--latency", "-s", script.name]
        before = spent(pid)
        told = subprocess.run(["wrk", *options, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"the server did not answer all requests:\n{told}")
    requests, rate = (
        int(re.search(r"(\d+) requests in", told)[1]),
        float(re.search(r"Requests/sec:\s*([\d.]+)", told)[1]),
    )
    half, most = (re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", told) for share in (50, 99))
    latencies = [float(one[1]) * _UNITS[one[2]] for one in (half, most)]
    return Run(rate, *latencies, 1e6 * (spent(pid) - before) / requests)


def main() -> None:
    """Measure all in turn, round by round."""
    parser = arguments(__doc__ or "", rounds=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--serve", choices=APPS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        return serve(given.serve, given.port)
    if shutil.which("wrk") is None:
        raise SystemExit("this needs wrk: apt-get install wrk")
    seen: dict[str, list[Run]] = {name: [] for name in APPS}
    for _ in range(given.rounds):
        for name in APPS:
            with process(name) as (url, pid):
                measured(url, pid, 1)
                seen[name].append(measured(url, pid, given.seconds))
    show(f"{CONNECTIONS} connections, {given.seconds} s each", figures(seen), given.json)
    return None


def figures(seen: dict[str, list[Run]]) -> list[Figure]:
    """Return all figures, shares round by round."""
    told = [figure(f"{name}: requests/s", [run.rate for run in runs]) for name, runs in seen.items()]
    told += [figure(f"{name}: processor time, us", [run.spent for run in runs]) for name, runs in seen.items()]
    for name, target in (("engine", 60.0), ("judge", None)):
        pairs = list(zip(seen[name], seen["empty"], strict=True))
        told.append(
            figure(f"{name}: % of the empty handler", [100 * run.rate / base.rate for run, base in pairs], target)
        )
        told.append(figure(f"{name}: % by processor time", [100 * base.spent / run.spent for run, base in pairs]))
    told += [
        figure(f"{name}: p99 / median latency", [one.p99 / one.median for one in runs], most=most)
        for (name, runs), most in zip(seen.items(), (None, 10.0, 10.0), strict=True)
    ]
    return told


if __name__ == "__main__":
    main()
