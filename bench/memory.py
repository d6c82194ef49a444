"""How much memory `solon judge` takes over 10,000 and over 200,000 cases, and by how much the two differ.

Cases and answers are small, k = 2, and a script answers at once; what is measured is the whole command with `--out`.

python -m bench.memory [--rounds 1] [--cases 10000 200000] [--json FILE]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.report import arguments, figure, show
from solon import cli
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Request, Sampled

ROOT = Path(__file__).parents[1]
BOUND = 50.0
"""The largest difference that is allowed, in MB."""
_JUDGMENT = "Principles:\n- truth (weight: 100%)\n\nAnalysis:\nremark {remark}\n\nScores:\n\\boxed{{{first}, {second}}}"


class Forgetful(ScriptedSampler):
    """A scripted sampler that does not keep what it was asked."""

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer, and forget the requests."""
        answers = await super().sample(requests)
        self.asked.clear()
        return answers


def answer(request: Request, index: int) -> Sampled:
    """Judge two responses by the seed alone."""
    seed = request.seed + index
    return Sampled(_JUDGMENT.format(remark=seed, first=seed % 10 + 1, second=seed // 10 % 10 + 1), tokens=20)


def write_cases(path: Path, count: int) -> None:
    """Write a file of so many small cases."""
    with path.open("w", encoding="utf-8") as file:
        for i in range(count):
            row = {"id": f"case-{i}", "prompt": f"What is {i} plus one?", "responses": [f"It is {i + 1}.", f"{i}"]}
            file.write(json.dumps(row | {"best": 0} if i < 1000 else row) + "\n")


def judge(folder: Path) -> None:
    """Run the command in this process over a scripted sampler, and print its peak of memory in MB."""
    import solon.judge

    solon.judge.open_sampler = lambda _: Forgetful(answer, concurrency=128)
    options = ["--model", "http://scripted", "--k", "2", "--out", str(folder / "run")]
    code = cli._run(["judge", str(folder / "cases.jsonl"), *options])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.exit(code)


def peak(count: int) -> tuple[float, float]:
    """Return the peak of memory in MB, and the seconds, of a process that judges so many cases."""
    with tempfile.TemporaryDirectory() as folder:
        write_cases(Path(folder) / "cases.jsonl", count)
        started = time.perf_counter()
        command = [sys.executable, "-m", "bench.memory", "--run", folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        written = (Path(folder) / "run" / "verdicts.jsonl").read_bytes().count(b"\n")
        if written != count:
            raise SystemExit(f"{written} verdicts of {count} cases were written")
        return float(done.stdout.split()[-1]), time.perf_counter() - started


def main() -> None:
    """Measure both, and fail when they differ by more than the bound."""
    parser = arguments(__doc__ or "", rounds=1)
    parser.add_argument("--cases", type=int, nargs=2, default=(10_000, 200_000))
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run is not None:
        judge(given.run)
    seen = [[peak(count) for count in given.cases] for _ in range(given.rounds)]
    figures = []
    for i, count in enumerate(given.cases):
        figures.append(figure(f"{count:,} cases: most memory, MB", [one[i][0] for one in seen]))
        figures.append(figure(f"{count:,} cases: cases/s", [count / one[i][1] for one in seen]))
    figures.append(figure("more memory, MB", [many[0] - few[0] for few, many in seen], most=BOUND))
    sys.exit(not show("solon judge --out over a script", figures, given.json))


if __name__ == "__main__":
    main()
