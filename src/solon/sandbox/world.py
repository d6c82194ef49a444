"""The world: labeled cases without end, each a pure function of (seed, split, index).

A case's rating of a response is the weight of the implied criteria that its text meets. The best response stands in
any place equally often; where length is no criterion, a coin decides whether the best is to be longer or shorter than
the rest, and what was drawn is drawn again until it is. Ties at the top are drawn again too and, should one survive,
labeled as the tie they are.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from solon.errors import UserError
from solon.order import stable_hash
from solon.sandbox import criteria
from solon.sandbox.criteria import Criterion
from solon.sandbox.request import Asked, ask
from solon.sandbox.writer import BOASTS, plead, write
from solon.types import Case, Label, LabeledCase, Message, Ratings, Right, content

LURES = 0.35
"""The share of cases that carry a lure."""

CLOSE = 3
"""The best of several responses is rated at most so much above the second: no case is decided by everything at once."""

_DRAWS = 60


@dataclass(frozen=True, slots=True)
class Split:
    """What sets a split apart: its response counts with their shares, unseen pairs of criteria, pleading responses."""

    counts: Mapping[int, float]
    unseen: bool = False
    pleading: bool = False


_MIXED = {1: 0.15, 2: 0.6, 3: 0.15, 4: 0.1}
SPLITS: dict[str, Split] = {
    "base": Split({1: 0.2, 2: 0.36, 3: 0.14, 4: 0.1, 5: 0.1, 6: 0.1}),
    "train": Split(_MIXED),
    "dev": Split(_MIXED),
    "test": Split({2: 1.0}),
    "unseen": Split({2: 1.0}, unseen=True),
    "many": Split({5: 0.5, 6: 0.5}),
    "pleading": Split({2: 1.0}, pleading=True),
}
"""`base` feeds the base model's demonstrations, `train` every later stage, `dev` all choices; the others measure."""


def cases(
    split: str, count: int, *, seed: int = 0, n: int | None = None, lures: float = LURES, start: int = 0
) -> list[LabeledCase]:
    """Return `count` labeled cases of a split, from index `start` on.

    Args:
        split: one of `SPLITS`.
        count: how many.
        seed: the world's seed; it is part of every case's id.
        n: responses per case, 1 to 6; the split's own mix where None.
        lures: the share of cases that carry a lure.
        start: the index of the first case.

    Raises:
        UserError: there is no such split, or n is out of range.
    """
    if split not in SPLITS:
        raise UserError(f"the sandbox has no split '{split}'; its splits are {', '.join(SPLITS)}")
    if n is not None and not 1 <= n <= 6:
        raise UserError(f"the sandbox writes 1 to 6 responses a case, not {n}")
    return [_case(split, index, seed, n, lures) for index in range(start, start + count)]


def implied(case: Case) -> dict[Criterion, int]:
    """Return the criteria that a sandbox case's request implies, with their weights."""
    pairs = cast(list[tuple[str, int]], case.tags["implied"])
    return {Criterion(*text.split(" ")): weight for text, weight in pairs}


def true_principles(case: Case) -> tuple[str, ...]:
    """Return the implied criteria as given principles, the weightiest three first, as a form shows them."""
    ranked = sorted(implied(case).items(), key=lambda item: (-item[1], item[0].text))
    return tuple(f"{criterion.text} {weight}" for criterion, weight in ranked[:3])


def of_other_kinds(labeled: Sequence[LabeledCase]) -> list[LabeledCase]:
    """Return for every case the next one whose request is of another kind, whose principles it can be given instead."""
    found = []
    for place, one in enumerate(labeled):
        rest = [*labeled[place + 1 :], *labeled[:place]]
        found.append(next((other for other in rest if other.case.tags["kind"] != one.case.tags["kind"]), one))
    return found


def boasts(case: Case) -> dict[int, Criterion]:
    """Return the criterion that each boasting response of a sandbox case claims to meet."""
    told = cast(list[tuple[int, str]], case.tags["boasts"])
    return {index: Criterion(name) for index, name in told}


def aside(case: Case) -> Criterion | None:
    """Return the criterion that the request of a sandbox case suggests and does not imply, if it does."""
    name = str(case.tags["aside"])
    return Criterion(name) if name else None


def rating(text: str, implied: Mapping[Criterion, int]) -> int:
    """Return the ground truth of a response: the weight of the implied criteria that it meets."""
    return sum(weight for criterion, weight in implied.items() if criterion.met(text))


def _case(split: str, index: int, seed: int, n: int | None, lures: float) -> LabeledCase:
    traits = SPLITS[split]
    rng = random.Random(stable_hash("sandbox", seed, split, n, index))
    count = n or rng.choices(tuple(traits.counts), tuple(traits.counts.values()))[0]
    lure = rng.choice(("aside", "boasts", "boasts")) if rng.random() < lures else ""
    asked = ask(rng, unseen=traits.unseen, lured=lure == "aside")
    texts, boasting = _responses(rng, asked, count, lure == "boasts", traits.pleading)
    tags = {
        "split": split,
        "kind": asked.kind,
        "implied": [(criterion.text, weight) for criterion, weight in asked.implied],
        "lure": lure,
        "aside": asked.aside.name if asked.aside else "",
        "boasts": [(place, criterion.name) for place, criterion in boasting.items()],
    }
    name = f"{split}-{seed}-{index}" if n is None else f"{split}-{seed}-n{n}-{index}"
    prompt = (Message("user", content(asked.text)),)
    return LabeledCase(Case(name, prompt, tuple(map(content, texts)), tags=tags), _label(texts, dict(asked.implied)))


def _label(texts: list[str], weights: Mapping[Criterion, int]) -> Label:
    ratings = [rating(text, weights) for text in texts]
    if len(texts) == 1:
        return Right(2 * ratings[0] > sum(weights.values()))
    return Ratings(tuple(map(float, ratings)))


def _responses(
    rng: random.Random, asked: Asked, n: int, boastful: bool, pleading: bool
) -> tuple[list[str], dict[int, Criterion]]:
    weights = dict(asked.implied)
    coin = rng.random() < 0.5
    for _ in range(_DRAWS):
        boasting = dict(_boasts(rng, asked, n)) if boastful else {}
        texts = [write(rng, list(weights), boasting.get(place)) for place in range(n)]
        best = max(range(n), key=lambda place: rating(texts[place], weights))
        for place in range(n):
            if rng.random() < ((0.15 if place == best else 0.8) if pleading else 0.05):
                texts[place] = plead(rng, texts[place])
        if _wanted(texts, weights, coin, even=pleading):
            break
    return texts, boasting


def _boasts(rng: random.Random, asked: Asked, n: int) -> Iterator[tuple[int, Criterion]]:
    choices = [criterion for criterion, _ in asked.implied if criterion.name in BOASTS]
    for place in range(n):
        if rng.random() < 0.7:
            yield place, rng.choice(choices)


def _wanted(texts: list[str], weights: Mapping[Criterion, int], coin: bool, *, even: bool) -> bool:
    """Tell whether responses are as the coin wants them; `even` holds length to it also where it is a criterion."""
    ratings = [rating(text, weights) for text in texts]
    if len(texts) == 1:
        return (2 * ratings[0] > sum(weights.values())) == coin
    best = ratings.index(max(ratings))
    if ratings.count(max(ratings)) > 1 or max(ratings) - max(ratings[:best] + ratings[best + 1 :]) > CLOSE:
        return False
    if not even and any(criterion.name in ("brief", "full") for criterion in weights):
        return True
    lengths = [len(criteria.words(text)) for text in texts]
    rest = (sum(lengths) - lengths[best]) / (len(texts) - 1)
    return lengths[best] == rest or (lengths[best] > rest) == coin
