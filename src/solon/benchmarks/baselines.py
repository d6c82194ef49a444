"""What no judge at all earns, by the same protocol: the longer response wins, and every response is alike."""

from collections.abc import Callable, Sequence

from solon.benchmarks.benchmark import Benchmark, Item, Mode, Way
from solon.benchmarks.figures import Ties
from solon.benchmarks.judging import Ballots, cases_of
from solon.types import Case, Content, Judgment, Order, Unread, Verdict, plain
from solon.vote import vote

_WAY = Way("rule", "mean")


def longer(response: Content) -> float:
    """Score a response by its length in characters."""
    return float(len(plain(response)))


def alike(response: Content) -> float:
    """Score every response alike; with ties drawn at random, that is chance."""
    return 1.0


def by_rule(items: Sequence[Item], mode: Mode, judge: Callable[[Case], Judgment | Unread]) -> list[Ballots]:
    """Return the ballots of a judge that goes by a rule, in whatever order responses stand."""
    return [Ballots(item, mode, tuple(_verdict(case, judge(case)) for case in cases_of(item, mode))) for item in items]


def _verdict(case: Case, outcome: Judgment | Unread) -> Verdict:
    orders: list[Order] = [tuple(range(case.n)), tuple(reversed(range(case.n)))]
    return vote([outcome] * 2, case.n, orders=orders)


def scoring(score: Callable[[Content], float]) -> Callable[[Case], Judgment]:
    """Return a judge that scores every response by itself."""
    return lambda case: Judgment(tuple(map(score, case.responses)), (), "", "")


def baselines(benchmark: Benchmark, items: Sequence[Item], mode: Mode) -> dict[str, dict[Ties, float]]:
    """Return the benchmark's score of each rule, by tie rule; chance has no official one, since it ties everywhere."""
    long, even = ([one.at(1, _WAY) for one in by_rule(items, mode, scoring(rule))] for rule in (longer, alike))
    return {
        "the longer response": {ties: benchmark.figures(long, ties)[0].value for ties in ("official", "random")},
        "chance": {"random": benchmark.figures(even, "random")[0].value},
    }
