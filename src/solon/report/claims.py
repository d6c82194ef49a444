"""The claims of docs/study.md, each as the contrasts that must be above 0."""

from collections.abc import Iterable

from solon.report.cells import Cells
from solon.report.contrasts import Contrast, Source, at, difference, greedy, rated
from solon.report.deciding import Asked, Claim, growing, judge
from solon.report.resampling import Draws
from solon.sandbox.request import KINDS

GROWING = ("C15", "distinct rewards rise and ties fall with k", "stated")


def claims(cells: Cells, draws: Draws | None = None) -> list[Claim]:
    """Judge all claims by the cells that are there.

    Raises:
        UserError: cells of the same seed are not of the same cases.
    """
    draws = draws or Draws()
    return [*(judge(asked, cells, draws) for asked in ASKED), growing(*GROWING, cells)]


def _over(more: Source, less: Source) -> tuple[str, Contrast]:
    return f"{more.title} > {less.title}", difference(more, less)


def _both(more: str, less: str) -> list[tuple[str, Contrast]]:
    """Put one arm above another, greedily and by eight votes."""
    return [_over(greedy(more), greedy(less)), _over(at(8, more), at(8, less))]


def _gain(arm: str, other: str, way: str = "votes") -> tuple[str, Contrast]:
    """Put what eight votes of the arm gain over one above what those of another arm do."""
    more, less = [at(8, arm), at(1, arm)], [at(8, other, way=way), at(1, other, way=way)]
    terms = tuple(zip((1, -1, -1, 1), [*more, *less], strict=True))
    return f"({more[0].title} - @1) > ({less[0].title} - @1)", Contrast(terms)


def _growth(split: str) -> list[tuple[str, Contrast]]:
    most = at(32, "rl", split)
    return [
        _over(at(8, "rl", split), at(1, "rl", split)),
        _over(most, at(8, "rl", split)),
        _over(most, greedy("rl", split)),
    ]


def _meta(k: int, over: int, way: str = "meta") -> tuple[str, Contrast]:
    return _over(at(k, "rl", way=way), at(over, "rl"))


def _subsets(beta: str) -> list[tuple[str, Contrast]]:
    """Put the reinforced judge above one of another KL weight: on every kind, on one response and on four."""
    arm = f"beta_{beta}"
    two, four = greedy(arm, "n = 2"), greedy(arm, "n = 4")
    found = [(f"rl > {two.title}, {kind}", difference(greedy("rl"), two, kind=kind)) for kind in sorted(KINDS)]
    one = rated("single", "rl, sandbox"), rated(arm, "n = 1")
    found.append((f"AUC: {one[0].title} > {one[1].title}", difference(*one, "auc")))
    return [*found, _over(greedy("sizes", "rl, n = 4"), four)]


def _agreeing() -> list[tuple[str, Contrast]]:
    """Ask whether list and pairs differ by less than 5 points, both ways."""
    whole, pairs = greedy("pairs", "list"), greedy("pairs", "pairs")
    return [
        ("5 points > list - pairs", difference(pairs, whole, offset=0.05)),
        ("5 points > pairs - list", difference(whole, pairs, offset=0.05)),
    ]


def _asked(name: str, text: str, paper: str, *parts: tuple[str, Contrast]) -> Asked:
    return Asked(name, text, paper, dict(parts))


def _collapsing() -> Asked:
    """Ask for one subset on which no KL penalty loses; the other KL weights are shown beside it."""
    others: Iterable[tuple[str, Contrast]] = (*_subsets("0.01"), *_subsets("0.4"))
    text = "too small a KL weight collapses subsets"
    return Asked("C7", text, "stated of some subsets", dict(_subsets("0")), dict(others), one=True)


_SMALL = difference(at(32, "small"), greedy("rl"), offset=0.01)
_BIASED = difference(greedy("scalar"), at(32, "rl"), "deviation")

ASKED: tuple[Asked, ...] = (
    _asked(
        "C1", "voting grows with k", "greedy 69.9; @1 67.9, @8 70.6, @32 71.0", *_growth("test"), *_growth("unseen")
    ),
    _asked(
        "C2",
        "meta voting beats voting",
        "@8 72.0 over 70.6, @32 72.8 over 71.0",
        _meta(8, 8),
        _meta(32, 32),
        _meta(8, 32),
    ),
    _asked(
        "C3",
        "base < rft < rl; rl without cold start gains",
        "rft 68.8, rl 69.9 greedy, 68.7 without cold start",
        *_both("rft", "base"),
        *_both("rl", "rft"),
        *_both("rl_cold", "base"),
    ),
    _asked(
        "C4",
        "without principles greedy and the voting gain fall",
        "greedy 67.5, @8 68.0 (with: 69.9, 70.6)",
        _over(greedy("rl"), greedy("none")),
        _gain("rl", "none"),
    ),
    _asked(
        "C5",
        "voting helps the GRM more than a semi-scalar or pairwise judge",
        "@8 over @1: +2.7; CLoud +0.3, pairwise +0.6, by token probability +1.1",
        _gain("rl", "cloud"),
        _gain("rl", "pairwise"),
        _gain("rl", "pairwise", "sure"),
    ),
    _asked(
        "C6",
        "plain samples matter more than hinted",
        "67.4 without plain, 67.7 to 68.0 without hinted",
        *_both("rft", "rft_hinted"),
    ),
    _collapsing(),
    _asked(
        "C8",
        "a small model with votes reaches a larger one's greedy accuracy",
        "RewardBench: 27B @32 88.5, 671B greedy 88.4",
        ("small @32 + 1 point > rl greedy", _SMALL),
    ),
    _asked("C9", "list and pair input agree", "RMB best-of-N: within 0.5 points", *_agreeing()),
    _asked(
        "C10",
        "a scalar model is more biased across domains",
        "four benchmarks: scalar 57.9 to 81.7, rl @32 60.4 to 88.5",
        ("standard deviation over kinds: scalar greedy > rl @32", _BIASED),
    ),
    _asked(
        "C11",
        "without general data rft falls most",
        "63.3; without rejection-sampled data 66.1; rft 68.8",
        *(_over(greedy(arm), greedy("rft_no_general")) for arm in ("rft", "rft_hinted", "rft_general")),
    ),
    _asked(
        "C12",
        "filtered principles beat none",
        "Gemma-2-27B, Chat Hard: 68.0 over 59.1",
        _over(greedy("principles", "base, filtered"), greedy("principles", "base, none")),
    ),
    _asked(
        "C13",
        "GRM greedy beats the LLM-as-a-Judge of the same training",
        "69.9 over 67.8",
        *_both("rl", "pairwise"),
    ),
    _asked(
        "C14",
        "meta voting at 32 beats votes for k_meta = 1, 8 and 16",
        "71.5, 72.7, 72.8 over 71.0",
        *(_meta(32, 32, way) for way in ("meta one", "meta quarter", "meta")),
    ),
)
"""The claims that have an interval, in order."""
