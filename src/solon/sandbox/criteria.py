"""What a response can satisfy or break: thirteen criteria, each a rule that reads the text and nothing else.

A criterion is named in judgments by one or two words: `brief`, `sum`, `has river`, `without frost`. The easy ones are
a matter of single words; the hard ones need a word copied from the request, an addition, an order or a count.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from solon.sandbox import lexicon

BRIEF, FULL = 12, 16
"""A brief response has at most so many words, a full one at least so many."""


@dataclass(frozen=True, slots=True, order=True)
class Criterion:
    """One criterion; `word` is the noun that `has` and `without` are about, empty for all others."""

    name: str
    word: str = ""

    @property
    def text(self) -> str:
        """The criterion as a judgment names it."""
        return f"{self.name} {self.word}" if self.word else self.name

    @property
    def hard(self) -> bool:
        """Whether checking it takes more than spotting single words."""
        return self.name in HARD

    def met(self, text: str) -> bool:
        """Tell whether a response satisfies it."""
        return RULES[self.name](text, self.word)


def parse(text: str) -> Criterion | None:
    """Read a criterion as judgments name it; None when there is no such criterion."""
    name, _, word = text.strip().lower().partition(" ")
    known = name in RULES and bool(word) == (name in WORDED) and " " not in word
    return Criterion(name, word) if known else None


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Return the words and numbers of a text, in lower case."""
    return tuple(re.findall(r"[a-z]+|[0-9]+", text.lower()))


def _any(*choices: str) -> Callable[[str, str], bool]:
    wanted = frozenset(choices)
    return lambda text, _: not wanted.isdisjoint(words(text))


def _cheerful(text: str, _: str) -> bool:
    said = set(words(text))
    return not said.isdisjoint(lexicon.GLAD) and said.isdisjoint(lexicon.SAD)


def _sum(text: str, _: str) -> bool:
    found = re.findall(r"(\d{1,4}) [a-z]+ and (\d{1,4}) [a-z]+ make (\d{1,4})", text)
    return bool(found) and all(int(a) + int(b) == int(c) for a, b, c in found)


def _order(text: str, _: str) -> bool:
    marks = [word for word in words(text) if word in ("first", "then", "last")]
    return marks == ["first", "then", "last"]


def _count(text: str, _: str) -> bool:
    found = re.findall(r"(\d{1,4}) things: ([a-z, ]+)", text)
    return bool(found) and all(int(n) == len(items.split(",")) for n, items in found)


RULES: dict[str, Callable[[str, str], bool]] = {
    "brief": lambda text, _: len(words(text)) <= BRIEF,
    "full": lambda text, _: len(words(text)) >= FULL,
    "polite": _any("please", "thank", "kindly"),
    "cheerful": _cheerful,
    "greeting": lambda text, _: text.startswith(("Dear ", "Hello", "Welcome")),
    "signed": lambda text, _: re.search(r"(Yours|With love|Your friend), [A-Z][a-z]{1,20}[.!]$", text) is not None,
    "color": _any(*lexicon.COLORS),
    "calm": lambda text, _: "!" not in text,
    "has": lambda text, word: word in words(text),
    "without": lambda text, word: word not in words(text),
    "sum": _sum,
    "order": _order,
    "count": _count,
}
"""Every criterion's name and its rule, a function of the response's text and the criterion's word."""

WORDED = ("has", "without")
HARD = ("has", "without", "sum", "order", "count")
TRACES = {"sum": "make", "order": "then", "count": "things"}
"""A word that every attempt to meet a criterion contains, whether it succeeds or not."""
PLAIN_NAMES = tuple(name for name in RULES if name not in WORDED)
OPPOSED = {"brief": "full", "full": "brief"}
