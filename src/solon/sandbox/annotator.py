"""Simulated annotators: who writes the demonstrations, and by whom the world's own ceilings are measured.

An annotator names two or three principles, checks each of them on every response and adds up. It errs in both halves:
principles may be true, a generic bias (longer, politer, merrier is better) or random; checks are flipped now and then,
hard ones more often. And it may follow a lure, which every annotator of the case sees in the same words: that part of
its error no vote removes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from solon.order import stable_hash
from solon.sandbox import lexicon
from solon.sandbox.criteria import PLAIN_NAMES, WORDED, Criterion, words
from solon.sandbox.world import aside, boasts, implied
from solon.types import Case, plain

GENERIC = (Criterion("full"), Criterion("polite"), Criterion("cheerful"))


@dataclass(frozen=True, slots=True)
class Habits:
    """How often an annotator is right; every field is a probability."""

    true: float = 0.4
    """A principle is one that the request implies."""
    generic: float = 0.33
    """A principle is a generic bias; the rest are random."""
    easy: float = 0.03
    """An easy check is flipped."""
    hard: float = 0.1
    """A hard check is flipped."""
    follow: float = 0.6
    """A lure is followed (the q of the docs); a plea half as often."""


HABITS = Habits()


@dataclass(frozen=True, slots=True)
class Annotation:
    """Principles with weights and, per response in the case's own order, whether it meets each of them."""

    principles: tuple[tuple[Criterion, int], ...]
    checks: tuple[tuple[bool, ...], ...]

    @property
    def scores(self) -> tuple[int, ...]:
        """One score per response: 1 and the weight of the principles met, 10 at most."""
        weights = [weight for _, weight in self.principles]
        return tuple(1 + sum(w for w, met in zip(weights, row, strict=True) if met) for row in self.checks)

    @property
    def approves(self) -> bool:
        """Whether the first response meets more than half of the weight of the principles."""
        return 2 * (self.scores[0] - 1) > sum(weight for _, weight in self.principles)


def annotate(
    case: Case, rng: random.Random, habits: Habits = HABITS, given: Sequence[tuple[Criterion, int]] = ()
) -> Annotation:
    """Judge a sandbox case as an annotator with these habits would.

    Args:
        case: the case; its tags say what is true of it.
        rng: the only source of chance.
        habits: how often the annotator errs.
        given: principles to judge by; none of its own are added when there are two or more.
    """
    gullible = rng.random() < habits.follow
    principles = list(given) or _lured(case, rng, gullible)
    while len(principles) < 2 or (not given and len(principles) < 3 and rng.random() < 0.5):
        drawn = principle(case, rng, habits)
        if drawn[0] not in [criterion for criterion, _ in principles]:
            principles.append(drawn)
    if not given:
        rng.shuffle(principles)
    checks = [_checked(case, place, principles, rng, habits, gullible) for place in range(case.n)]
    return Annotation(tuple(principles), tuple(checks))


def principle(case: Case, rng: random.Random, habits: Habits = HABITS) -> tuple[Criterion, int]:
    """Draw one principle with its weight: true, generic or random."""
    true = implied(case)
    draw = rng.random()
    if draw < habits.true:
        chosen = rng.choices(tuple(true), tuple(true.values()))[0]
        return chosen, true[chosen] if rng.random() < 0.8 else rng.randint(1, 3)
    if draw < habits.true + habits.generic:
        return rng.choice(GENERIC), rng.randint(1, 3)
    return _random(case, rng), rng.randint(1, 3)


def random_principles(case: Case, seed: int) -> tuple[str, ...]:
    """Return three principles that are drawn from all criteria, as a form shows given ones."""
    rng = random.Random(stable_hash("random principles", seed, case.id))
    drawn: dict[Criterion, int] = {}
    while len(drawn) < 3:
        drawn.setdefault(_random(case, rng), rng.randint(1, 3))
    return tuple(f"{criterion.text} {weight}" for criterion, weight in drawn.items())


def _lured(case: Case, rng: random.Random, gullible: bool) -> list[tuple[Criterion, int]]:
    if not gullible:
        return []
    suggested, boasted = aside(case), sorted(set(boasts(case).values()))
    if suggested is not None:
        return [(suggested, 3)]
    return [(rng.choice(boasted), 3)] if boasted else []


def _random(case: Case, rng: random.Random) -> Criterion:
    name = rng.choice((*PLAIN_NAMES, *WORDED))
    if name not in WORDED:
        return Criterion(name)
    said = {word for turn in (case.prompt[0].content, *case.responses) for word in words(plain(turn))}
    near = [noun for noun in lexicon.NOUNS if noun in said]
    return Criterion(name, rng.choice(near if near and rng.random() < 0.8 else lexicon.NOUNS))


def _checked(
    case: Case,
    place: int,
    principles: Sequence[tuple[Criterion, int]],
    rng: random.Random,
    habits: Habits,
    gullible: bool,
) -> tuple[bool, ...]:
    text, claim = plain(case.responses[place]), boasts(case).get(place)
    noise = [habits.hard if criterion.hard else habits.easy for criterion, _ in principles]
    row = [criterion.met(text) != (rng.random() < p) for (criterion, _), p in zip(principles, noise, strict=True)]
    if gullible:
        row = [met or criterion == claim for met, (criterion, _) in zip(row, principles, strict=True)]
    if any(plea in text.replace("!", ".") for plea in lexicon.PLEAS) and rng.random() < habits.follow / 2:
        row[rng.randrange(len(row))] = True
    return tuple(row)
