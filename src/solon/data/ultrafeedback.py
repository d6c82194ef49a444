"""UltraFeedback rows: an `instruction` and rated `completions`.

The rating is `fine-grained_score` where every completion has it, else `overall_score` (which the data set's own page
calls less reliable); rows without either are cases without a label.
"""

from collections.abc import Mapping

from solon.data.fields import MalformedLine, Place, Row, build, kind, messages, number, parts
from solon.types import Case, LabeledCase, Ratings

FIELDS = ("instruction", "completions")
SCORES = ("fine-grained_score", "overall_score")


def read_ultrafeedback(row: Row, place: Place) -> Case | LabeledCase:
    """Read one UltraFeedback row; all other keys, and the completions' models, become tags."""
    completions = row.get("completions")
    if not isinstance(completions, list) or not completions:
        raise MalformedLine(f"'completions' is {kind(completions)}; a list of one or more completions is allowed")
    if not all(isinstance(item, Mapping) for item in completions):
        raise MalformedLine("a completion is not an object; each must hold 'response'")
    if not isinstance(row.get("instruction"), str):
        raise MalformedLine(f"'instruction' is {kind(row.get('instruction'))}; a text is allowed")
    models = [item.get("model") for item in completions]
    case = build(
        row,
        place,
        FIELDS,
        prompt=messages(row["instruction"]),
        responses=tuple(parts(item.get("response"), f"completion {i}") for i, item in enumerate(completions)),
        tags={"completion_models": models} if any(models) else {},
    )
    for key in SCORES:
        scores = [item.get(key) for item in completions]
        if None not in scores:
            return LabeledCase(case, Ratings(tuple(number(score, f"a completion's '{key}'") for score in scores)))
    return case
