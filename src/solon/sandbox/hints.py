"""What a hint does to an annotator: its critique comes to fit the answer it was told."""

import random
from dataclasses import replace

from solon.sandbox.annotator import Annotation


def follows(annotation: Annotation, hint: int) -> bool:
    """Tell whether the hinted response scores strictly best; with one response, whether the verdict is the hint."""
    scores = annotation.scores
    if len(scores) == 1:
        return annotation.approves == bool(hint)
    return all(scores[hint] > score for place, score in enumerate(scores) if place != hint)


def bend(annotation: Annotation, hint: int, rng: random.Random) -> Annotation:
    """Falsify checks one by one, in the hinted response first, until the judgment follows the hint."""
    rows = [list(row) for row in annotation.checks]
    for row, column, value in _falsifications(annotation, hint, rng):
        if follows(annotation, hint):
            break
        rows[row][column] = value
        annotation = replace(annotation, checks=tuple(map(tuple, rows)))
    return annotation


def _falsifications(annotation: Annotation, hint: int, rng: random.Random) -> list[tuple[int, int, bool]]:
    columns = range(len(annotation.principles))
    if len(annotation.checks) == 1:
        return [(0, column, bool(hint)) for column in rng.sample(columns, len(columns))]
    favors = [(hint, column, True) for column in columns]
    rows = [row for row in range(len(annotation.checks)) if row != hint]
    spites = [(row, column, False) for row in rows for column in columns]
    rng.shuffle(favors)
    rng.shuffle(spites)
    return favors + spites
