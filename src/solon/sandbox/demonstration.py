"""Annotations as the text that a model is to write, and inspections: many clean checks, no judgment."""

import random
from collections.abc import Sequence

from solon.sandbox import lexicon
from solon.sandbox.annotator import Annotation
from solon.sandbox.criteria import PLAIN_NAMES, TRACES, WORDED, Criterion, words
from solon.types import Case, Order, plain

_ASKED = {1: 12, 2: 8, 3: 6, 4: 5, 5: 4, 6: 4}


def judgment_text(annotation: Annotation, order: Order, rng: random.Random, *, own: int, box: str = "scores") -> str:
    """Write an annotation as a judgment of the responses shown in `order`.

    Args:
        annotation: the principles and checks.
        order: the permutation in which the responses are shown.
        rng: breaks ties for the best.
        own: how many of the principles, the last ones, the judge wrote itself.
        box: what is boxed: `scores`, the number of the `best` place, the 0/1 `verdict`, or `none`, which drops the
            sums as well.
    """
    lines = [principles_text(annotation.principles[-own:])] if own else []
    named = [criterion for criterion, _ in annotation.principles]
    for place, index in enumerate(order, 1):
        end = "" if box == "none" else f": {annotation.scores[index]}"
        lines.append(f"[{place}] {_checks(named, annotation.checks[index])}{end}")
    shown = [annotation.scores[index] for index in order]
    if box == "scores":
        lines.append(f"\\boxed{{{', '.join(map(str, shown))}}}")
    elif box == "best":
        top = [place for place, score in enumerate(shown, 1) if score == max(shown)]
        lines.append(f"\\boxed{{{rng.choice(top)}}}")
    elif box == "verdict":
        lines.append(f"\\boxed{{{int(annotation.approves)}}}")
    return "\n".join(lines)


def principles_text(principles: Sequence[tuple[Criterion, int]]) -> str:
    """Write the line of principles that opens a judgment."""
    return f"Principles: {', '.join(principle_text(*each) for each in principles)}."


def principle_text(criterion: Criterion, weight: int) -> str:
    """Write one principle as a judgment, or a case that gives it, spells it."""
    return f"{criterion.text} {weight}"


def inspection_text(case: Case, order: Order, rng: random.Random) -> str:
    """Write clean checks of the same criteria on every response, about half of them met.

    Criteria that tell the responses apart, and hard ones that a text at least attempts, are preferred.
    """
    named = _inspected(case, rng)
    texts = [plain(case.responses[index]) for index in order]
    rows = [[criterion.met(text) for criterion in named] for text in texts]
    return "\n".join(f"[{place}] {_checks(named, row)}" for place, row in enumerate(rows, 1))


def _inspected(case: Case, rng: random.Random) -> list[Criterion]:
    texts = [plain(response) for response in case.responses]
    said = [noun for noun in lexicon.NOUNS if any(noun in words(text) for text in texts)]
    nouns = rng.sample(said, min(3, len(said))) + rng.sample(lexicon.NOUNS, 1)
    candidates = [Criterion(name) for name in PLAIN_NAMES]
    candidates += [Criterion(rng.choice(WORDED), noun) for noun in dict.fromkeys(nouns)]
    rng.shuffle(candidates)
    shares = {criterion: sum(criterion.met(text) for text in texts) / case.n for criterion in candidates}
    telling = sorted(candidates, key=lambda criterion: _dullness(criterion, shares[criterion], texts) + rng.random())
    half = _ASKED[case.n] // 2
    met = [each for each in telling if shares[each] > 0.5 or (shares[each] == 0.5 and rng.random() < 0.5)]
    unmet = [each for each in telling if each not in met]
    chosen = met[:half] + unmet[:half]
    rng.shuffle(chosen)
    return chosen


def _dullness(criterion: Criterion, share: float, texts: Sequence[str]) -> float:
    trace = TRACES.get(criterion.name)
    absent = trace is not None and not any(trace in words(text) for text in texts)
    return 2 * abs(share - 0.5) + 0.7 * absent - 0.3 * criterion.hard


def _checks(named: Sequence[Criterion], row: Sequence[bool]) -> str:
    return ", ".join(f"{criterion.text} {'yes' if met else 'no'}" for criterion, met in zip(named, row, strict=True))
