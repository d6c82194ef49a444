"""Solon beside other judges, all on one mock server that costs next to nothing, each at its fastest documented use.

The work is the same: cases of two responses, k = 8 votes. Every peer runs in a virtual environment of its own, made on
the first run under build/peers with the version that its driver (bench/peers/with_*.py) pins. First each is tried with
16, 64 and 256 calls in flight; the best is taken. Then they take turns, round by round. Last, answers take 0 to 50 ms,
and it is counted whose verdicts are those of the case in their place.

A sample is one completion that was read. A peer that puts one response into a prompt needs twice as many for a case,
and all of them count.

    python -m bench.peers [--rounds 5] [--cases 250] [--peers openjudge ...] [--json FILE]
"""

import ast
import itertools
import json
import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.mock_server import STYLES, mock_server
from bench.report import Figure, arguments, columns, figure, show, write

ROOT = Path(__file__).parents[1]
DRIVERS = ROOT / "bench" / "peers"
BUILD = ROOT / "build" / "peers"
K = 8
IN_FLIGHT = (16, 64, 256)
TRIAL = 64
SPREAD = 0.05
TARGET = 5.0
OURS = "solon"
QUIET = {"PYTHONWARNINGS": "ignore", "OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
_FILLER = (
    "It says what the question asks for, gives its reasons in a few plain sentences, and leaves nothing out. " * 14
)

Case = tuple[str, list[str]]


@dataclass(frozen=True)
class Peer:
    """A judge under measurement: its driver, the interpreter that runs it, and what the driver says of it."""

    name: str
    driver: Path
    python: str
    style: str
    use: str


@dataclass(frozen=True)
class Outcome:
    """What a peer made of some cases: seconds, what the server counted, and which verdicts are right in their place."""

    seconds: float
    requests: int
    samples: int
    prompt_tokens: int
    right: tuple[bool, ...]

    @property
    def rate(self) -> float:
        """Samples per second."""
        return self.samples / self.seconds


@dataclass(frozen=True)
class Standing:
    """A peer's figures over all rounds; costs are per case, and `right` of `ordered` verdicts stood in their place.

    `verdicts` and `samples` are per second; so are `rates`, the samples of every round.
    """

    name: str
    use: str
    in_flight: int
    verdicts: Figure
    samples: Figure
    requests: float
    prompt_tokens: float
    right: int
    ordered: int
    rates: tuple[float, ...]


def cases_of(count: int, seed: int = 0) -> list[Case]:
    """Make cases of two responses that say what they are worth, 1 to 5 and never the same."""
    rng, pairs = random.Random(seed), list(itertools.permutations(range(1, 6), 2))
    worths = [rng.choice(pairs) for _ in range(count)]
    return [(f"Question {i}?", [f"{_FILLER}(worth {worth})" for worth in pair]) for i, pair in enumerate(worths)]


def due(case: Case, style: str) -> list[float]:
    """Return the scores that a judge of this style must come to."""
    return STYLES[style].scores([int(response[-2]) for response in case[1]])


def peer_of(driver: Path, python: str | None = None) -> Peer:
    """Read what a driver says of itself, without running it; `python` runs it in place of an environment of its own."""
    tree, name = ast.parse(driver.read_text("utf-8")), driver.stem.removeprefix("with_")
    said = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
        if node.targets[0].id in ("PACKAGES", "STYLE")
    }
    use = " ".join((ast.get_docstring(tree) or "").split())
    return Peer(name, driver, python or installed(name, said["PACKAGES"]), said["STYLE"], use)


def installed(name: str, packages: Sequence[str]) -> str:
    """Return the interpreter of an environment that holds these packages, made now if there is none; ours has none."""
    if not packages:
        return sys.executable
    home = BUILD / name
    python, mark = home / "bin" / "python", home / "installed.txt"
    if not mark.exists() or mark.read_text().split() != [*packages]:
        print(f"installing {' '.join(packages)} into {home}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        mark.write_text("\n".join(packages))
    return str(python)


def judged(peer: Peer, cases: Sequence[Case], in_flight: int, spread: float = 0.0) -> Outcome:
    """Let a peer judge the cases against a fresh server, and count what the server saw of the timed part."""
    with mock_server(peer.style, spread) as url:
        job = {"cases": cases, "k": K, "url": url, "concurrency": in_flight}
        done = subprocess.run(
            [peer.python, str(peer.driver)], input=json.dumps(job), capture_output=True, text=True, check=False,
            env=os.environ | QUIET,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{peer.name} failed:\n{done.stderr[-2000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as page:
            seen = json.load(page)
    warm = len(cases) / (len(cases) + told["warm"])  # the server counts the warm-up too, at the same cost a case
    counted = [round(warm * seen[name]) for name in ("requests", "samples", "prompt_tokens")]
    right = tuple(got == due(case, peer.style) for got, case in zip(told["scores"], cases, strict=True))
    outcome = Outcome(told["seconds"], *counted, right)
    seen_now = f"{peer.name}, {in_flight} in flight, {len(cases)} cases: {outcome.rate:,.0f} samples/s"
    print(seen_now, f"{sum(right)} in their place", sep=", ", file=sys.stderr, flush=True)
    return outcome


def tuned(peer: Peer, cases: Sequence[Case]) -> int:
    """Return with how many calls in flight a peer is fastest."""
    return max(IN_FLIGHT, key=lambda count: judged(peer, cases, count).rate)


def compared(
    peers: Sequence[Peer], rounds: int, count: int, trial: int, in_flight: int | None = None
) -> list[Standing]:
    """Tune all peers, let them take turns, and see whose order is right where answers take different times."""
    cases, few = cases_of(count), cases_of(trial, seed=1)
    best = {peer.name: in_flight or tuned(peer, few) for peer in peers}
    seen: dict[str, list[Outcome]] = {peer.name: [] for peer in peers}
    for turn in range(rounds):
        for peer in (*peers[turn % len(peers) :], *peers[: turn % len(peers)]):
            seen[peer.name].append(judged(peer, cases, best[peer.name]))
    ordered = {peer.name: judged(peer, few, best[peer.name], SPREAD).right for peer in peers}
    return [_standing(peer, best[peer.name], seen[peer.name], ordered[peer.name]) for peer in peers]


def _standing(peer: Peer, in_flight: int, seen: Sequence[Outcome], ordered: Sequence[bool]) -> Standing:
    cases = sum(len(one.right) for one in seen)
    return Standing(
        name=peer.name,
        use=peer.use,
        in_flight=in_flight,
        verdicts=figure("verdicts/s", [len(one.right) / one.seconds for one in seen]),
        samples=figure("samples/s", [one.rate for one in seen]),
        requests=sum(one.requests for one in seen) / cases,
        prompt_tokens=sum(one.prompt_tokens for one in seen) / cases,
        right=sum(ordered),
        ordered=len(ordered),
        rates=tuple(one.rate for one in seen),
    )


def lead(standings: Sequence[Standing]) -> Figure:
    """Return how many times the fastest peer's samples per second ours are, compared round by round."""
    (ours,) = [one for one in standings if one.name == OURS]
    fastest = max((one for one in standings if one.name != OURS), key=lambda one: one.samples.median)
    times = [a / b for a, b in zip(ours.rates, fastest.rates, strict=True)]
    return figure(f"samples/s over {fastest.name}, times", times, TARGET)


def table(standings: Sequence[Standing]) -> Iterator[str]:
    """Yield the lines of the table."""
    rows = []
    for one in sorted(standings, key=lambda one: -one.samples.median):
        costs = (f"{one.requests:,.1f}", f"{one.prompt_tokens:,.0f}", f"{one.right} of {one.ordered}")
        rows.append([one.name, str(one.in_flight), str(one.verdicts), str(one.samples), *costs])
    yield from columns(("", "in flight", "verdicts/s", "samples/s", "requests", "prompt tokens", "order"), rows)


def main() -> None:
    """Measure all, print the table, and exit with 1 where Solon is not five times as fast as the fastest peer."""
    names = sorted(path.stem.removeprefix("with_") for path in DRIVERS.glob("with_*.py"))
    parser = arguments(__doc__ or "", rounds=5)
    parser.add_argument("--cases", type=int, default=250)
    parser.add_argument("--in-flight", type=int, metavar="N", help="of all, in place of the best of each")
    parser.add_argument("--peers", nargs="+", choices=[name for name in names if name != OURS])
    given = parser.parse_args()
    chosen = [OURS, *(given.peers or (name for name in names if name != OURS))]
    peers = [peer_of(DRIVERS / f"with_{name}.py") for name in chosen]
    standings = compared(peers, given.rounds, given.cases, min(TRIAL, given.cases), given.in_flight)
    rounds = f"{given.rounds} rounds: the median, in brackets the lowest and the highest"
    print(f"\n{given.cases} cases of two responses, k = {K}, {rounds}; requests and tokens are per case")
    print("\n".join(table(standings)), flush=True)
    times = lead(standings)
    met = show("Solon beside the fastest peer, round by round", [times], None)
    write(given.json, {"rounds": given.rounds, "peers": [*map(asdict, standings)], "lead": asdict(times)})
    sys.exit(not met)


if __name__ == "__main__":
    main()
