"""What a scalar model must beat on its own pairs: a bag of words that learned from them, and the longer response.

The bag of words is a logistic regression on which words and pairs of neighboring words two responses do not share; the
prompt is the same for both and cancels out. The strength of its penalty is chosen by cross-validation over questions.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from solon.order import stable_hash
from solon.training.comparing import credit
from solon.training.pairs import PairedCase
from solon.types import plain

STRENGTHS = (0.1, 1.0, 10.0, 100.0)
"""Penalties that are tried: strength / 2 times the squared weights, beside the sum of the pairs' losses."""

_WORD = re.compile(r"\w+|[^\w\s]")
_FOLDS = 5
_RAREST = 2


@dataclass(frozen=True)
class BagOfWords:
    """A weight for every word and pair of words; a text's score is the sum over those that it holds."""

    weights: Mapping[str, float]
    strength: float

    def score(self, text: str) -> float:
        """Score a text; what was never seen in training counts nothing."""
        return float(sum(self.weights.get(term, 0.0) for term in sorted(terms(text))))

    @classmethod
    def learned(cls, cases: Sequence[PairedCase], seed: int = 0) -> "BagOfWords":
        """Learn from the cases' pairs, with the strength that predicts those of held-out cases best."""
        folds = [stable_hash("fold", seed, one.case.id) % _FOLDS for one in cases]
        right = dict.fromkeys(STRENGTHS, 0.0)
        for fold in sorted(set(folds)):
            rest = [one for one, other in zip(cases, folds, strict=True) if other != fold]
            held = [one for one, other in zip(cases, folds, strict=True) if other == fold]
            if rest:
                told = _Terms.of(rest)
                for strength in STRENGTHS:
                    right[strength] += _right(cls(told.fitted(strength), strength), held)
        best = max(STRENGTHS, key=lambda strength: (right[strength], strength))
        return cls(_Terms.of(cases).fitted(best), best)


def terms(text: str) -> set[str]:
    """Return the words of a text in lower case, marks among them, and its pairs of neighboring words."""
    words = _WORD.findall(text.lower())
    return {*words, *map(" ".join, pairwise(words))}


def by_text(cases: Sequence[PairedCase], score: Callable[[str], float]) -> list[dict[int, float]]:
    """Score the responses that stand in a pair by their text alone."""
    return [{i: score(plain(one.case.responses[i])) for i in one.members} for one in cases]


def words(train: Sequence[PairedCase], held: Sequence[PairedCase], seed: int = 0) -> list[dict[int, float]]:
    """Score held-out responses, each source by a bag of words of its own; one of all where a source taught nothing.

    A linear model gains by that what another model has to find out from the texts: which data they are of.
    """
    own = {name: [one for one in train if one.source == name] for name in dict.fromkeys(one.source for one in held)}
    models = {name: BagOfWords.learned(cases or train, seed) for name, cases in own.items()}
    return [by_text([one], models[one.source].score)[0] for one in held]


def _right(model: BagOfWords, cases: Sequence[PairedCase]) -> float:
    found = by_text(cases, model.score)
    return sum(credit(scores, pair) for one, scores in zip(cases, found, strict=True) for pair in one.pairs)


@dataclass(frozen=True)
class _Terms:
    """The differences of pairs as a sparse matrix: entries (pair, term, +1 or -1)."""

    names: list[str]
    pairs: int
    rows: np.ndarray
    columns: np.ndarray
    signs: np.ndarray

    @classmethod
    def of(cls, cases: Sequence[PairedCase]) -> "_Terms":
        held = [{i: terms(plain(one.case.responses[i])) for i in one.members} for one in cases]
        counts = Counter(term for case in held for said in case.values() for term in said)
        names = sorted(term for term, count in counts.items() if count >= _RAREST)
        place = {name: i for i, name in enumerate(names)}
        entries, pair = [], 0
        for one, said in zip(cases, held, strict=True):
            for i, j in one.pairs:
                for sign, only in ((1.0, said[i] - said[j]), (-1.0, said[j] - said[i])):
                    entries += [(pair, place[term], sign) for term in sorted(only) if term in place]
                pair += 1
        rows, columns, signs = np.array(entries, dtype=float).reshape(-1, 3).T
        return cls(names, pair, rows.astype(int), columns.astype(int), signs)

    def fitted(self, strength: float) -> dict[str, float]:
        """Minimize the pairs' losses and the penalty; the problem is convex, so there is one answer."""
        weights = torch.zeros(len(self.names), dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

        def closure() -> torch.Tensor:
            w = weights.detach().numpy()
            margins = np.bincount(self.rows, self.signs * w[self.columns], self.pairs)
            slope = self.signs * (-1 / (1 + np.exp(margins)))[self.rows]
            gradient = np.bincount(self.columns, slope, len(self.names)) + strength * w
            weights.grad = torch.from_numpy(gradient)
            return torch.tensor(np.logaddexp(0, -margins).sum() + strength / 2 * w @ w)

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        return dict(zip(self.names, weights.tolist(), strict=True))
