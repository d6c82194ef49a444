"""Requests: a kind of text, its subject, and one or two wishes that are said aloud.

Every kind also implies two criteria that its request never states: a letter should be signed whether or not anyone
asks. So a request implies three or four weighted criteria, and knowing which is half of judging well.
"""

import random
from dataclasses import dataclass

from solon.order import stable_hash
from solon.sandbox.criteria import OPPOSED, RULES, WORDED, Criterion
from solon.sandbox.lexicon import NOUNS

KINDS: dict[str, tuple[str, str]] = {
    "letter": ("signed", "full"),
    "notice": ("brief", "calm"),
    "recipe": ("order", "count"),
    "toast": ("cheerful", "greeting"),
    "lesson": ("sum", "order"),
    "story": ("full", "color"),
    "poem": ("color", "calm"),
    "bill": ("sum", "polite"),
    "invitation": ("polite", "signed"),
    "list": ("count", "brief"),
}
"""What each kind of request implies without a word: a criterion of weight 3 and one of weight 2."""

ASKS: dict[str, tuple[str, ...]] = {
    "brief": ("keep it brief", "make it short"),
    "full": ("say plenty", "tell it at length"),
    "polite": ("be polite", "mind your manners"),
    "cheerful": ("keep it cheerful", "make us smile"),
    "greeting": ("open with a greeting", "greet the reader"),
    "signed": ("sign it", "put your name to it"),
    "color": ("name a color", "paint with color"),
    "calm": ("stay calm", "do not shout"),
    "has": ("mention the {}", "bring in the {}"),
    "without": ("leave out the {}", "avoid the {}"),
    "sum": ("add a sum", "do some adding"),
    "order": ("keep things in order", "go step by step"),
    "count": ("count the things", "keep count"),
}
"""How a request states each criterion."""

STRENGTHS = {3: "Above all, {}.", 2: "Also, {}.", 1: "If you can, {}."}
"""How strongly it does, by weight."""

HINTS = {
    **{"brief": "short", "full": "long", "polite": "polite", "cheerful": "jolly", "greeting": "warm"},
    **{"color": "bright", "signed": "signed", "calm": "quiet", "sum": "exact", "order": "tidy", "count": "complete"},
}
"""Words for the aside of a lure: `The last one was short.` says nothing about what is wanted now."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what it truly implies, as (criterion, weight), hidden and stated; `aside` is its lure, if any."""

    kind: str
    text: str
    implied: tuple[tuple[Criterion, int], ...]
    aside: Criterion | None = None


def held_out(kind: str, stated: tuple[str, ...]) -> bool:
    """Tell whether a kind with a pair of stated criteria is kept from every training stage (one pair in five).

    Single statements are never held out, so each kind is seen with each criterion, only not with each pair.
    """
    return len(stated) == 2 and stable_hash("unseen", kind, *sorted(stated)) % 5 == 0


def ask(rng: random.Random, *, unseen: bool, lured: bool) -> Asked:
    """Draw a request; `unseen` ones state a held-out pair of criteria, all others never do."""
    while True:
        kind = rng.choice(tuple(KINDS))
        stated = _stated(rng, kind, 2 if unseen or rng.random() < 0.75 else 1)
        if held_out(kind, tuple(c.name for c in stated)) == unseen:
            break
    weights = rng.sample((3, 2, 1), len(stated))
    hidden = zip((Criterion(name) for name in KINDS[kind]), (3, 2), strict=True)
    implied = (*hidden, *zip(stated, weights, strict=True))
    watched = {criterion.word for criterion, _ in implied}
    topic = rng.choice([noun for noun in NOUNS if noun not in watched])
    sentences = [f"Write {'an' if kind[0] in 'aeiou' else 'a'} {kind} for the {topic}."]
    for criterion, weight in sorted(implied[2:], key=lambda pair: -pair[1]):
        sentences.append(STRENGTHS[weight].format(rng.choice(ASKS[criterion.name]).format(criterion.word)))
    aside = _aside(rng, {criterion.name for criterion, _ in implied}) if lured else None
    if aside is not None:
        sentences.insert(rng.randint(1, len(sentences)), f"The last one was {HINTS[aside.name]}.")
    return Asked(kind, " ".join(sentences), implied, aside)


def _stated(rng: random.Random, kind: str, count: int) -> tuple[Criterion, ...]:
    taken = set(KINDS[kind])
    stated: list[Criterion] = []
    while len(stated) < count:
        name = rng.choice(tuple(RULES))
        if name not in taken and OPPOSED.get(name) not in taken:
            taken.add(name)
            words = [noun for noun in NOUNS if noun not in [c.word for c in stated]]
            stated.append(Criterion(name, rng.choice(words) if name in WORDED else ""))
    return tuple(stated)


def _aside(rng: random.Random, implied: set[str]) -> Criterion:
    return Criterion(rng.choice([name for name in HINTS if name not in implied and OPPOSED.get(name) not in implied]))
