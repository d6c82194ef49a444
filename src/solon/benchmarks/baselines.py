"""What no judge at all earns, by the same protocol: the longer response wins, and every response is alike."""

from collections.abc import Callable, Sequence

from solon.benchmarks.benchmark import Benchmark, Item, Mode, Outcome, Way
from solon.benchmarks.figures import Ties
from solon.benchmarks.judging import Judged, cases_of
from solon.types import Case, Content, Judgment, Order, Verdict, plain
from solon.vote import vote

_WAY = Way("rule", "mean")


def longer(response: Content) -> float:
    """Score a response by its length in characters."""
    return float(len(plain(response)))


def alike(response: Content) -> float:
    """Score every response alike; with ties drawn at random, that is chance."""
    return 1.0


def by_rule(items: Sequence[Item], mode: Mode, score: Callable[[Content], float]) -> list[Outcome]:
    """Return the outcomes of a judge that scores every response by a rule, in whatever order it stands."""
    found = []
    for item in items:
        verdicts = tuple(_verdict(case, score) for case in cases_of(item, mode))
        found.append(Judged(item, mode, verdicts).at(1, _WAY))
    return found


def _verdict(case: Case, score: Callable[[Content], float]) -> Verdict:
    orders: list[Order] = [tuple(range(case.n)), tuple(reversed(range(case.n)))]
    judgment = Judgment(tuple(map(score, case.responses)), (), "", "")
    return vote([judgment] * 2, case.n, orders=orders)


def baselines(benchmark: Benchmark, items: Sequence[Item], mode: Mode) -> dict[str, dict[Ties, float]]:
    """Return the benchmark's score of each rule, by tie rule; chance has no official one, since it ties everywhere."""
    long = by_rule(items, mode, longer)
    return {
        "the longer response": {ties: benchmark.figures(long, ties)[0].value for ties in ("official", "random")},
        "chance": {"random": benchmark.figures(by_rule(items, mode, alike), "random")[0].value},
    }
