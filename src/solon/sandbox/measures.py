"""What the world's rules say of judgments: whether checks are true, and whether the principles are those that count.

The paper could not measure this: here the ground truth of every principle and of every check is known.
"""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from solon.sandbox.criteria import Criterion, parse
from solon.sandbox.world import implied
from solon.stats import rank_correlation
from solon.types import Case, Judgment, Order, Verdict, plain

UNION = 8
"""So many samples' principles are united to see what votes can cover."""


def checks(case: Case, order: Order, text: str) -> Iterator[tuple[Criterion, bool]]:
    """Yield every criterion that a judgment's text checks and whether what it says of it is true."""
    for line in text.split("\n"):
        mark, _, rest = line.partition("] ")
        if not (mark.startswith("[") and mark[1:].isdecimal() and 1 <= int(mark[1:]) <= len(order)):
            continue
        response = plain(case.responses[order[int(mark[1:]) - 1]])
        for check in rest.partition(":")[0].split(", "):
            name, _, verdict = check.rpartition(" ")
            criterion = parse(name)
            if criterion is not None and verdict in ("yes", "no"):
                yield criterion, criterion.met(response) == (verdict == "yes")


def truths(case: Case, verdict: Verdict) -> list[tuple[Criterion, bool]]:
    """Return all checks of a verdict's judgments with their truth."""
    pairs = zip(verdict.outcomes, verdict.orders, strict=True)
    return [found for o, order in pairs if isinstance(o, Judgment) for found in checks(case, order, o.text)]


def principled(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> dict[str, float | None]:
    """Measure the principles of verdicts on sandbox cases.

    Returns:
        `implied`: the share of written principles that the request implies. `covered by one` and `covered by eight`:
        the share of the implied weight that the principles of one judgment, and of eight together, name (None with
        fewer). `weight correlation`: Spearman's, of written and true weights of implied principles. `distinct sets`:
        different sets of principles per case.
    """
    pairs = list(zip(cases, verdicts, strict=True))
    written = [(case, named) for case, verdict in pairs for named in map(_named, verdict.judgments)]
    weights = [
        (weight, implied(case)[criterion])
        for case, named in written
        for criterion, weight in named.items()
        if criterion in implied(case) and weight is not None
    ]
    union = [_covered(case, _union(v)) for case, v in pairs if len(v.judgments) >= UNION]
    return {
        "implied": _mean([criterion in implied(case) for case, named in written for criterion in named]),
        "covered by one": _mean([_covered(case, named) for case, named in written]),
        "covered by eight": _mean(union),
        "weight correlation": rank_correlation([w for w, _ in weights], [float(true) for _, true in weights]),
        "distinct sets": _mean([len({frozenset(_named(j)) for j in verdict.judgments}) for verdict in verdicts]),
    }


def _named(judgment: Judgment) -> dict[Criterion | None, float | None]:
    """Return the criteria that a judgment's principles name, once each, and None for all that name none.

    Given principles are whole texts, whose weight stands behind the name.
    """
    return {parse(p.text) or parse(p.text.rpartition(" ")[0]): p.weight for p in judgment.principles}


def _union(verdict: Verdict) -> set[Criterion | None]:
    return {criterion for judgment in verdict.judgments[:UNION] for criterion in _named(judgment)}


def _covered(case: Case, named: Iterable[Criterion | None]) -> float:
    weights = implied(case)
    return sum(weights.get(criterion, 0) for criterion in named if criterion) / sum(weights.values())


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
