"""The base model's reading matter, endless and seeded: inspections and demonstrations of every kind of prompt.

Every prompt is made by the forms' own `render`, so that what the model is trained on is what it will be asked. Each
case feeds three exercises.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from solon.forms.form import Form
from solon.forms.sandbox import (
    SANDBOX,
    SANDBOX_CORRECT,
    SANDBOX_CRITIQUE,
    SANDBOX_INSPECTION,
    SANDBOX_PAIRWISE,
    SANDBOX_PRINCIPLES,
)
from solon.order import stable_hash
from solon.sandbox.annotator import Annotation, annotate, principle
from solon.sandbox.criteria import Criterion
from solon.sandbox.demonstration import (
    inspection_text,
    judgment_text,
    principle_text,
    principles_text,
)
from solon.sandbox.hints import bend, follows
from solon.sandbox.world import cases
from solon.types import Case, Message, Order, PromptMode

Kind = Literal["pointwise", "correct", "pairwise", "critique", "principles", "inspection"]

EXERCISES: dict[Kind, tuple[Form, str]] = {
    "pointwise": (SANDBOX, "scores"),
    "correct": (SANDBOX_CORRECT, "verdict"),
    "pairwise": (SANDBOX_PAIRWISE, "best"),
    "critique": (SANDBOX_CRITIQUE, "none"),
    "principles": (SANDBOX_PRINCIPLES, ""),
    "inspection": (SANDBOX_INSPECTION, ""),
}
"""The kinds of exercise: the form that asks, and what its answer boxes."""

MODES: dict[PromptMode, float] = {"self": 0.62, "given": 0.14, "given+self": 0.14, "none": 0.1}
HINTED = 0.25
"""The share of judgments that are told the best response, or the verdict."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One prompt and the answer to learn."""

    kind: Kind
    mode: PromptMode
    case: Case
    order: Order
    messages: tuple[Message, ...]
    answer: str


def exercises(seed: int, start: int, *, inspections: float, largest: int = 6) -> Iterator[Exercise]:
    """Yield the exercises of the base split's cases from index `start` on, forever.

    Args:
        seed: the world's seed.
        start: the index of the first case.
        inspections: the share of exercises that are inspections.
        largest: leave out cases with more responses.
    """
    index = start
    while True:
        case = cases("base", 1, seed=seed, start=index)[0].case
        rng = random.Random(stable_hash("corpus", seed, index))
        if case.n <= largest:
            for _ in range(3):
                yield inspection(case, rng) if rng.random() < inspections else demonstration(case, rng)
        index += 1


def instructions(count: int, *, seed: int = 0) -> list[Exercise]:
    """Return general instruction data: clean inspections of cases of the train split, one each."""
    rng = random.Random(stable_hash("instructions", seed))
    return [inspection(labeled.case, rng) for labeled in cases("train", count, seed=seed)]


def inspection(case: Case, rng: random.Random) -> Exercise:
    """Make an exercise in checking: no principles, no noise."""
    order = _shuffled(case.n, rng)
    messages = SANDBOX_INSPECTION.render(case, order)
    return Exercise("inspection", "none", case, order, messages, inspection_text(case, order, rng))


def demonstration(case: Case, rng: random.Random, kind: Kind | None = None, *, hinted: float = HINTED) -> Exercise:
    """Make an exercise in judging, as an annotator would have answered it.

    Args:
        case: the case to judge; a `critique` is of one of its responses alone.
        rng: the only source of chance.
        kind: the kind of exercise; drawn to suit the case where None.
        hinted: how often a judgment is told the best response, or the verdict, and bends to it.
    """
    kind = kind or _kind(case.n, rng)
    if kind == "principles":
        answer, order = principles_text(annotate(case, rng).principles), tuple(range(case.n))
        return Exercise(kind, "self", case, order, SANDBOX_PRINCIPLES.render(case, order), answer)
    if kind == "critique":
        alone = _alone(case, rng.randrange(case.n))
        annotation = annotate(alone, rng)
        answer = judgment_text(annotation, (0,), rng, own=len(annotation.principles), box="none")
        return Exercise(kind, "self", alone, (0,), SANDBOX_CRITIQUE.render(alone, (0,)), answer)
    mode = rng.choices(tuple(MODES), tuple(MODES.values()))[0]
    given = _given(case, rng, {"given": 3, "given+self": 2}.get(mode, 0))
    case = replace(case, principles=tuple(principle_text(*each) for each in given))
    hint = rng.randrange(max(2, case.n)) if rng.random() < hinted else None
    annotation = _annotated(case, rng, mode, given, hint)
    order = _shuffled(case.n, rng)
    form, box = EXERCISES[kind]
    own = len(annotation.principles) - len(given) if mode in ("self", "given+self") else 0
    answer = judgment_text(annotation, order, rng, own=own, box=box)
    return Exercise(kind, mode, case, order, form.render(case, order, mode, hint), answer)


def _annotated(
    case: Case, rng: random.Random, mode: PromptMode, given: list[tuple[Criterion, int]], hint: int | None
) -> Annotation:
    """Judge, and where a hint is given, judge again until it fits; half of the annotators just bend their checks."""
    lazy = rng.random() < 0.5
    for _ in range(1 if lazy or hint is None else 6):
        added: list[tuple[Criterion, int]] = []
        if mode == "given+self":
            added = [own for own in [principle(case, rng) for _ in range(4)] if own[0] not in [c for c, _ in given]]
        annotation = annotate(case, rng, given=[*given, *added[:1]])
        if mode == "none":
            annotation = replace(annotation, principles=tuple((criterion, 2) for criterion, _ in annotation.principles))
        if hint is None or follows(annotation, hint):
            return annotation
    assert hint is not None
    return bend(annotation, hint, rng)


def _given(case: Case, rng: random.Random, most: int) -> list[tuple[Criterion, int]]:
    count = rng.randint(min(2, most), most)
    drawn: dict[Criterion, int] = {}
    while len(drawn) < count:
        drawn.setdefault(*principle(case, rng))
    return list(drawn.items())


def _kind(n: int, rng: random.Random) -> Kind:
    judged: dict[Kind, float] = {"pointwise": 0.45, "correct": 0.3} if n == 1 else {"pointwise": 0.6, "pairwise": 0.2}
    shares = judged | {"critique": 0.1, "principles": 0.08}
    return rng.choices(tuple(shares), tuple(shares.values()))[0]


def _alone(case: Case, index: int) -> Case:
    told = [(0, name) for place, name in _told(case) if place == index]
    return replace(case, responses=(case.responses[index],), tags={**case.tags, "boasts": told})


def _told(case: Case) -> list[tuple[int, str]]:
    found = case.tags["boasts"]
    return list(found) if isinstance(found, list) else []


def _shuffled(n: int, rng: random.Random) -> Order:
    return tuple(rng.sample(range(n), n))
