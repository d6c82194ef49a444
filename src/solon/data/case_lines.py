"""Solon's own layout: a case line with `prompt`, `responses` and, where known, its ground truth.

`ratings` wins over `best`, and both over a 0/1 `label`, which counts only with one response and no ratings. What the
label cannot hold (a `best` among tied ratings, a source's own `label`) is kept as a tag.
"""

from solon.data.fields import MalformedLine, Place, Row, build, kind, messages, number, response
from solon.stats import top
from solon.types import Best, Case, Label, LabeledCase, Ratings, Right

FIELDS = ("prompt", "responses", "principles", "ratings", "best", "label")


def read_case_line(row: Row, place: Place) -> Case | LabeledCase:
    """Read one case line; all keys that are not its own become tags."""
    values = row.get("responses")
    if not isinstance(values, list) or not values:
        raise MalformedLine(f"'responses' is {kind(values)}; a list of one or more responses is allowed")
    label, tags = _label(row, len(values))
    case = build(
        row,
        place,
        FIELDS,
        prompt=messages(row.get("prompt")),
        responses=tuple(response(value, f"response {i}") for i, value in enumerate(values)),
        principles=_principles(row.get("principles")),
        tags=tags,
    )
    return case if label is None else LabeledCase(case, label)


def _label(row: Row, n: int) -> tuple[Label | None, dict[str, object]]:
    """Return the ground truth, and as tags what of it the label cannot hold."""
    ratings, best = _ratings(row.get("ratings"), n), _best(row.get("best"), n)
    tags = {key: row[key] for key in ("best", "label") if row.get(key) is not None}
    if ratings is not None:
        winners = top(ratings)
        if best is not None and best not in winners:
            raise MalformedLine(f"'best' is {best}, but the highest of 'ratings' is at {', '.join(map(str, winners))}")
        if winners == (best,):
            del tags["best"]
        return Ratings(ratings), tags
    if best is not None and n > 1:
        del tags["best"]
        return Best(best), tags
    if n == 1 and tags.get("label") in (0, 1):
        return Right(bool(tags.pop("label"))), tags
    return None, tags


def _ratings(value: object, n: int) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != n:
        seen = f"a list of {len(value)}" if isinstance(value, list) else kind(value)
        raise MalformedLine(f"'ratings' is {seen}; one number for each of the {n} responses is allowed")
    return tuple(number(item, f"rating {i}") for i, item in enumerate(value))


def _best(value: object, n: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < n:
        raise MalformedLine(f"'best' is {kind(value)}; the index of a response, 0 to {n - 1}, is allowed")
    return value


def _principles(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise MalformedLine(f"'principles' is {kind(value)}; a list of texts is allowed")
    for i, item in enumerate(value):
        if not isinstance(item, str) or not item.strip():
            raise MalformedLine(f"principle {i} is {kind(item)}; a text that is not blank is allowed")
    return tuple(value)
