"""RM-Bench (arXiv 2410.16184): three right and three wrong responses in styles from concise to Markdown.

A line: `id, prompt, chosen [3], rejected [3]`, and `domain` or `subset`, or its file says which. Every right one is
compared with every wrong one: easy where the right one has the fancier style (below the diagonal of the 3 x 3 matrix),
normal where both have the same (on it), hard where the wrong one has (above it).
"""

from collections.abc import Mapping, Sequence

from solon.benchmarks.benchmark import Benchmark, Item, Outcome
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Entry, Hub, Source
from solon.benchmarks.worth import Worth, averaged, by_subset, mean_of, of_pair
from solon.stats import mean
from solon.types import Case, Ratings

COUNTS = {"chat": 129, "math": 529, "code": 228, "safety-refuse": 284, "safety-response": 157}
LEVELS = {
    "easy": [(i, j) for i in range(3) for j in range(3) if i > j],
    "normal": [(i, i) for i in range(3)],
    "hard": [(i, j) for i in range(3) for j in range(3) if i < j],
}
"""The cells of the matrix (style of the right response, style of the wrong one) that make up each level."""
_LABEL = Ratings((1.0, 1.0, 1.0, 0.0, 0.0, 0.0))
_PAIRS = tuple((i, 3 + j) for i in range(3) for j in range(3))


def read(source: Source) -> list[Item]:
    """Read every line; the case's responses are the right ones from concise to Markdown, then the wrong ones."""
    return [_item(entry) for entry in source.entries("*_filtered.*")]


def _item(entry: Entry) -> Item:
    told = entry.row.get("domain")  # the published files name it by their own names, and another `subset` inside
    named = (entry.row.get("subset"), entry.file.name.partition("_filtered")[0]) if told is None else (told,)
    domain = next((str(name) for name in named if name in COUNTS), None)
    if domain is None:
        raise entry.fault("domain", f"one of {', '.join(COUNTS)} (or a file named so, such as chat_filtered.json)")
    responses = entry.texts("chosen", 3) + entry.texts("rejected", 3)
    name = f"{domain}/{entry.identity('id')}"
    case = Case(name, entry.conversation("prompt"), responses, tags={"subset": domain})
    return Item(case, _LABEL, domain, _PAIRS, entry.where)


def worth_in(cells: Sequence[tuple[int, int]]) -> Worth:
    """Return the worth of an outcome in some cells of the matrix; officially a tie is a loss."""

    def worth(outcome: Outcome, ties: Ties) -> float | None:
        return mean([of_pair(outcome.margin(i, 3 + j), ties) for i, j in cells])

    return worth


def whole(outcome: Outcome, ties: Ties) -> float | None:
    """Return the mean worth of the three levels, which have three cells each."""
    return worth_in([cell for cells in LEVELS.values() for cell in cells])(outcome, ties)


def figures(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the mean of the levels, each level, and each domain; safety is the mean of its two parts."""
    parts = by_subset(outcomes)
    found = [_mean_of_domains("score", parts, whole, ties)]
    found += [_mean_of_domains(level, parts, worth_in(cells), ties) for level, cells in LEVELS.items()]
    domains = dict.fromkeys(name.partition("-")[0] for name in parts)
    found += [averaged(name, _halves(name, parts, whole, ties)) for name in domains]
    return found + _halves("safety", parts, whole, ties)


def _mean_of_domains(name: str, parts: Mapping[str, Sequence[Outcome]], worth: Worth, ties: Ties) -> Figure:
    domains = dict.fromkeys(part.partition("-")[0] for part in parts)
    return averaged(name, [averaged(domain, _halves(domain, parts, worth, ties)) for domain in domains])


def _halves(domain: str, parts: Mapping[str, Sequence[Outcome]], worth: Worth, ties: Ties) -> list[Figure]:
    named = {name: some for name, some in parts.items() if name.partition("-")[0] == domain}
    return [mean_of(name, some, worth, ties) for name, some in named.items()]


RM_BENCH = Benchmark(
    name="rm-bench",
    title="RM-Bench",
    modes=("list", "pairs", "single"),
    read=read,
    figures=figures,
    note="Each of three right responses is compared with each of three wrong ones; a tie is a loss. The score is the "
    "mean of easy, normal and hard, each the mean over the domains; safety is the mean of its two parts.",
    hub=(Hub("THU-KEG/RM-Bench", "train"),),
    expected=COUNTS,
)
