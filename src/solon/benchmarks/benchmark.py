"""What a benchmark is: items to judge, how they are judged, and what the votes on them are worth.

An item is a line of a benchmark: a case with its label. In the mode `list` its responses stand in one prompt; in
`pairs` every two that the protocol compares do, in both orders; in `single` each stands alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Hub, Source
from solon.reward import best_responses
from solon.types import Case, Label, Order, Right, Verdict
from solon.vote import Rule, vote

Mode: TypeAlias = Literal["list", "pairs", "single"]
Texts: TypeAlias = Mapping[tuple[str, Order], str]
"""What a judge wrote of a case when it saw its responses in an order, by the case's id."""


def boxed(winner: int, order: Order) -> str:
    """Write a decision (0 or 1 of the case's two responses, or -1 for a tie) as a box of the form `pointwise`."""
    scores = (5, 5) if winner < 0 else (10 - 9 * winner, 1 + 9 * winner)
    return f"\\boxed{{{scores[order[0]]}, {scores[order[1]]}}}"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a benchmark.

    `pairs` are the responses that the protocol compares, the better one first (in either order where the label has a
    tie); `group` names the question that several items share, so that they are drawn together. `where` says where the
    item stands, and `row` is the line itself.
    """

    case: Case
    label: Label
    subset: str
    pairs: tuple[tuple[int, int], ...]
    where: str
    group: str = ""
    row: Mapping[str, object] = field(default_factory=dict)


def against_the_rest(label: Label, n: int) -> tuple[tuple[int, int], ...]:
    """Pair the best response, the first of several, with each that is worse, or with all others where none is.

    A single response has no pairs.
    """
    if isinstance(label, Right):
        return ()
    best = best_responses(label)
    worse = [other for other in range(n) if other not in best] or [other for other in range(n) if other != best[0]]
    return tuple((best[0], other) for other in worse)


@dataclass(frozen=True, slots=True)
class Way:
    """How judgments vote: by which rule, and with a meta model how many of k do, or what a weight counts."""

    name: str
    rule: Rule
    keep: Callable[[int], int] | None = None
    soft: Callable[[float], float] | None = None

    def of(self, verdict: Verdict, places: Sequence[int]) -> Verdict:
        """Let the samples in these places vote again."""
        weights: list[float | None] | None = None
        if verdict.weights is not None and (self.keep or self.soft):
            given = [verdict.weights[place] for place in places]
            weights = [w if w is None or self.soft is None else self.soft(w) for w in given]
        return vote(
            [verdict.outcomes[place] for place in places],
            len(verdict.orders[0]),
            rule=self.rule,
            weights=weights,
            keep=self.keep and self.keep(len(places)),
            orders=[verdict.orders[place] for place in places],
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What some votes made of an item: one verdict for every case that it was judged as."""

    item: Item
    mode: Mode
    verdicts: tuple[Verdict, ...]
    way: Way

    @property
    def scores(self) -> tuple[float, ...] | None:
        """The mean score of every response; None where one has none, or responses were judged in pairs of many."""
        if len(self.verdicts) == 1:
            return self.verdicts[0].scores
        if self.mode != "single" or any(verdict.scores is None for verdict in self.verdicts):
            return None
        return tuple(verdict.scores[0] for verdict in self.verdicts if verdict.scores is not None)

    @property
    def read(self) -> bool:
        """Whether every case of the item has a verdict."""
        return all(verdict.scores is not None for verdict in self.verdicts)

    def margin(self, better: int, worse: int) -> float | None:
        """Return how far one response is ahead of another, below 0 if it is behind; None where that cannot be told."""
        scores = self.scores
        if self.mode == "pairs" and len(self.item.pairs) > 1:
            scores = self.verdicts[self.item.pairs.index((better, worse))].scores
            better, worse = 0, 1
        return None if scores is None else scores[better] - scores[worse]

    @property
    def margins(self) -> list[float | None]:
        """The margins of all pairs that the protocol compares."""
        return [self.margin(better, worse) for better, worse in self.item.pairs]

    def decisions(self) -> dict[Order, int | None]:
        """Return which of two responses was better in each order in which they were shown.

        1 is the first response of the case, -1 the second, 0 a tie, and None says that nothing could be read.
        """
        (verdict,) = self.verdicts
        found: dict[Order, int | None] = {}
        for order in ((0, 1), (1, 0)):
            if places := [place for place, shown in enumerate(verdict.orders) if shown == order]:
                scores = self.way.of(verdict, places).scores
                found[order] = None if scores is None else (scores[0] > scores[1]) - (scores[0] < scores[1])
        return found


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark: its data, its protocol, its table.

    Args:
        name: how commands call it.
        title: what people call it.
        modes: how its items can be judged, the protocol's own mode first.
        read: makes items of the benchmark's files.
        figures: makes the figures of its table from the outcomes of all items; the first is its score.
        note: the protocol in a sentence or two.
        hub: where the hub has it, if it does.
        expected: how many items each subset has, None where that is not known.
        sizes: how many items it can have, where subsets alone do not say.
        published: reads judgments that were published: the file, the judge's name in it, and whether texts are wanted.
    """

    name: str
    title: str
    modes: tuple[Mode, ...]
    read: Callable[[Source], list[Item]]
    figures: Callable[[Sequence[Outcome], Ties], list[Figure]]
    note: str
    hub: tuple[Hub, ...] = ()
    expected: Mapping[str, int | None] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()
    published: Callable[[Path, str, bool], Texts] | None = None
