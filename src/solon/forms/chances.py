"""What else a judgment might have said: its scores as expectations over the tokens that were likely in their places."""

import re
from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import NamedTuple, TypeAlias

from solon.types import Judgment

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[0-9]{1,4}")


class Token(NamedTuple):
    """A token of a judgment's text, from `start` to `end`, and the probabilities of the texts likely in its place.

    The probabilities are at temperature 1; the token itself is among the texts.
    """

    start: int
    end: int
    text: str
    chances: Mapping[str, float]


class Expectation(NamedTuple):
    """Expected scores in the order shown, and the least probability that the texts behind any of them cover."""

    scores: tuple[float, ...]
    mass: float


Soften: TypeAlias = Callable[[Judgment, Sequence[Token], Sequence[str]], Expectation | None]
"""A form's own expectation over the verdicts of its critique: of a judgment, its tokens and the given principles."""


def expected(judgment: Judgment, tokens: Sequence[Token], scale: tuple[float, float]) -> Expectation | None:
    """Return the expectations of the boxed scores over what the model might have boxed in each place.

    Only whole numbers within the scale count; the probabilities of all else are left out and told by `mass`. A number
    may be several tokens ("1", "0"). That "1" might go on to "10" is known where it was drawn, by the token behind it;
    elsewhere, where "10" is no token of its own, "1" is left out rather than guessed. None where nothing can be read.
    """
    if judgment.spans.scores is None:
        return None
    found = [
        _moments(_numbers(match.start(), match.end(), tokens), scale)
        for match in _NUMBER.finditer(judgment.text, *judgment.spans.scores)
    ]
    if len(found) != len(judgment.scores) or any(mass <= 0 for _, mass in found):
        return None
    return Expectation(tuple(mean for mean, _ in found), min(mass for _, mass in found))


def binary(token: Token, yes: str, no: str) -> tuple[float, float]:
    """Return the probability of `yes` against `no` in a token's place, and how much both cover."""
    chances = {text.strip(): chance for text, chance in token.chances.items()}
    both = chances.get(yes, 0.0) + chances.get(no, 0.0)
    return (chances.get(yes, 0.0) / both if both else 0.0), both


def _moments(chances: Mapping[int, float], scale: tuple[float, float]) -> tuple[float, float]:
    inside = {number: chance for number, chance in chances.items() if scale[0] <= number <= scale[1]}
    mass = fsum(inside.values())
    return (fsum(number * chance for number, chance in inside.items()) / mass if mass else 0.0), mass


def _numbers(start: int, end: int, tokens: Sequence[Token]) -> dict[int, float]:
    """Return what whole numbers might stand where one from `start` to `end` does, with their probabilities."""
    places = [i for i, token in enumerate(tokens) if token.start < end and token.end > start]
    if not places:
        return {}
    first = tokens[places[0]]
    head = first.text[: max(0, start - first.start)]
    behind = tokens[places[0] + 1] if places[0] + 1 < len(tokens) else None
    found: dict[int, float] = {}
    for text, chance in first.chances.items():
        number = _read(text, head)
        if number is None:
            continue
        if text == first.text and end >= first.end:
            for longer, share in _continued(number, behind).items():
                found[longer] = found.get(longer, 0.0) + chance * share
        elif number != 1 or _whole_tens(first):
            found[number] = found.get(number, 0.0) + chance
    return found


def _read(text: str, head: str) -> int | None:
    """Read the number that a token's text begins after what stands before it in the box."""
    rest = text.removeprefix(head) if head.strip() else text.lstrip()
    match = _WHOLE.match(rest)
    return int(match[0]) if match else None


def _continued(number: int, behind: Token | None) -> dict[int, float]:
    """Share the probability of a number among it and what further digits would make of it."""
    digits = {} if behind is None else {t: c for t, c in behind.chances.items() if _WHOLE.fullmatch(t)}
    shares = {int(f"{number}{text}"): chance for text, chance in digits.items()}
    return shares | {number: max(0.0, 1.0 - fsum(digits.values()))}


def _whole_tens(token: Token) -> bool:
    """Tell whether this tokenizer writes 10 as one token."""
    return any(_read(text, "") == 10 for text in token.chances)
