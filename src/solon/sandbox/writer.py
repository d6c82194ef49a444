"""Write a response: sentences that grant or break what its request implies, and others that matter to nobody.

Wishes only steer the pen; what a response is worth is decided by the rules of `criteria` on the finished text. Short
responses hold fewer sentences and are granted more of them, or length would tell good from bad.
"""

import random
import re
from collections.abc import Sequence

from solon.sandbox import lexicon
from solon.sandbox.criteria import BRIEF, FULL, Criterion, words

_SIDES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "greeting": (lexicon.GREETINGS, lexicon.OPENERS),
    "signed": (lexicon.SIGNATURES, lexicon.CLOSINGS),
    "polite": (lexicon.POLITE, lexicon.CURT),
    "cheerful": (lexicon.CHEERFUL, lexicon.GLOOMY),
    "color": (lexicon.COLORED, lexicon.PLAIN),
}
_FIRST, _LAST = (
    tuple(text.partition("{")[0] for side in _SIDES[name] for text in side) for name in ("greeting", "signed")
)
"""How sentences begin that stand first or last in a response."""
_SENTENCES = (*_SIDES, "sum", "order", "count")
_GRANTED = {True: 0.62, False: 0.45}
"""How often a wish is granted, by whether the response is short."""

BOASTS = {
    **{"brief": "I was brief.", "full": "I said plenty.", "polite": "I was polite.", "cheerful": "I am cheerful."},
    **{"greeting": "I greeted you.", "signed": "I signed it.", "color": "I used color.", "calm": "I stayed calm."},
    **{"sum": "My sum is right.", "order": "My order is right.", "count": "My count is right."},
}
"""What a response says of itself to be misread: a claim, never the thing itself."""


def write(rng: random.Random, implied: Sequence[Criterion], boast: Criterion | None = None) -> str:
    """Write one response to a request that implies these criteria.

    Args:
        rng: the only source of chance.
        implied: the criteria that count; each is granted or broken about equally often.
        boast: a criterion that the response claims to meet and, mostly, does not.
    """
    short = rng.random() < 0.5
    granted = {criterion: rng.random() < _GRANTED[short] for criterion in implied}
    if boast is not None:
        granted[boast] = rng.random() < 0.15
    for criterion, wish in granted.items():
        short = {"brief": wish, "full": not wish}.get(criterion.name, short)
    claims = [BOASTS[boast.name]] if boast else []
    sentences = _fitted(rng, claims, _wanted(rng, granted), _others(rng, implied), short)
    if _loud(rng, granted):
        place = rng.randrange(len(sentences))
        sentences[place] = sentences[place][:-1] + "!"
    return " ".join(sentences)


def plead(rng: random.Random, text: str) -> str:
    """Put a plea for a high score somewhere between the first and the last sentence of a response."""
    sentences = re.split(r"(?<=[.!]) ", text)
    sentences.insert(rng.randint(1, max(1, len(sentences) - 1)), rng.choice(lexicon.PLEAS))
    return " ".join(sentences)


def _wanted(rng: random.Random, granted: dict[Criterion, bool]) -> list[str]:
    found = []
    for criterion, wish in granted.items():
        if criterion.name in _SENTENCES and rng.random() < 0.9:
            found.append(sentence(rng, criterion.name, wish))
        elif criterion.name in ("has", "without") and wish == (criterion.name == "has"):
            found.append(rng.choice(lexicon.MENTIONS).replace("{nouns}", criterion.word))
    rng.shuffle(found)
    return [_filled(rng, text) for text in found]


def _others(rng: random.Random, implied: Sequence[Criterion]) -> list[str]:
    taken = {criterion.name for criterion in implied}
    free = [sentence(rng, name, rng.random() < 0.5) for name in _SENTENCES if name not in taken and rng.random() < 0.3]
    watched = {criterion.word for criterion in implied}
    nouns = rng.sample([noun for noun in lexicon.NOUNS if noun not in watched], 6)
    free += [rng.choice(lexicon.MENTIONS).replace("{nouns}", noun) for noun in nouns[:3]]
    rng.shuffle(free)
    free += [rng.choice(lexicon.MENTIONS).replace("{nouns}", noun) for noun in nouns[3:]]
    return [_filled(rng, text) for text in free]


def _fitted(rng: random.Random, claims: list[str], wanted: list[str], others: list[str], short: bool) -> list[str]:
    target = rng.randint(6, BRIEF) if short else rng.randint(FULL, FULL + 5)
    chosen, length = list(claims), sum(len(words(text)) for text in claims)
    for text in wanted:
        if not short or not chosen or length + len(words(text)) <= BRIEF:
            chosen.append(text)
            length += len(words(text))
    for text in others:
        if length >= target:
            break
        if not short or length + len(words(text)) <= BRIEF:
            chosen.append(text)
            length += len(words(text))
    return _arranged(rng, chosen)


def _arranged(rng: random.Random, chosen: list[str]) -> list[str]:
    first = [text for text in chosen if text.startswith(_FIRST)][:1]
    last = [text for text in chosen if text.startswith(_LAST)][:1]
    middle = [text for text in chosen if text not in (*first, *last)]
    rng.shuffle(middle)
    return [*first, *middle, *last]


def _loud(rng: random.Random, granted: dict[Criterion, bool]) -> bool:
    wish = granted.get(Criterion("calm"))
    return rng.random() < 0.4 if wish is None else not wish


def sentence(rng: random.Random, name: str, granted: bool) -> str:
    """Write the sentence that grants a criterion, or its counterpart that breaks it; some slots stay open."""
    if name == "sum":
        return _sum(rng, granted)
    if name == "order":
        return _order(rng, granted)
    if name == "count":
        return _count(rng, granted)
    return rng.choice(_SIDES[name][0 if granted else 1])


def _sum(rng: random.Random, granted: bool) -> str:
    a, b = rng.randint(2, 7), rng.randint(2, 7)
    one, other = rng.sample(lexicon.GOODS, 2)
    wrong = rng.choice([c for c in range(max(2, a + b - 3), a + b + 4) if c != a + b])
    return f"{a} {one} and {b} {other} make {a + b if granted else wrong}."


def _order(rng: random.Random, granted: bool) -> str:
    marks = ["first", "then", "last"]
    while not granted and marks == ["first", "then", "last"]:
        rng.shuffle(marks)
    steps = rng.sample(lexicon.STEPS, 3)
    return ", ".join(f"{mark} {step}" for mark, step in zip(marks, steps, strict=True)).capitalize() + "."


def _count(rng: random.Random, granted: bool) -> str:
    items = rng.sample(lexicon.ITEMS, rng.randint(2, 4))
    said = len(items) if granted else rng.choice([n for n in (2, 3, 4, 5) if n != len(items)])
    return f"{rng.choice(lexicon.ITEM_VERBS)} {said} things: {', '.join(items)}."


def _filled(rng: random.Random, text: str) -> str:
    slots = {"names": lexicon.NAMES, "people": lexicon.PEOPLE, "glad": lexicon.GLAD, "sad": lexicon.SAD}
    slots |= {"colors": lexicon.COLORS, "plains": lexicon.PLAINS, "nouns": lexicon.NOUNS}
    return re.sub(r"\{(\w+)\}", lambda slot: rng.choice(slots[slot.group(1)]), text)
