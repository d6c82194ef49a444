r"""Sandbox: the terse forms that the tiny model of `solon.sandbox` was trained on; the general prompts would drown it.

A request and each response stand on one line of their own, a response behind its number in square brackets. Judged text
keeps its words but not its line breaks, square brackets, backslashes and chat marks, so it cannot forge a line. A
judgment names principles with weights, checks them on every response, adds up and closes with the box:

    Principles: brief 3, has river 2.
    [1] brief yes, has river no: 4
    [2] brief yes, has river yes: 6
    \boxed{4, 6}
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from math import fsum

from solon.forms.chances import Expectation, Token, binary
from solon.forms.correct import read_correct
from solon.forms.form import Form
from solon.forms.pairwise import read_pairwise
from solon.forms.reading import read_boxed
from solon.types import Case, Content, Image, Judgment, Order, Principle, Spans, Text, Unread, content

_FORGERY = re.compile(r"\s+|\\+|<\|")
_PRINCIPLES = re.compile(r"^Principles: ([^\n]{1,400}?)\.?$", re.MULTILINE)
_CHECKED = re.compile(r"^\[[0-9]{1,3}\] (?P<checks>[^\n:]{1,400})", re.MULTILINE)
_VERDICT = re.compile(r"(?P<name>[a-z]{1,20}(?: [a-z]{1,20})?) (?P<said>yes|no)(?=,|$|\n|:)", re.MULTILINE)
_PRINCIPLE = re.compile(r"([a-z]{1,20}(?: [a-z]{1,20})?) ([0-9]{1,2})$")


def terse(case: Case, order: Order, nonce: str) -> dict[str, Content]:
    """Lay out a case one line each: turns, responses (in `order`, numbered from 1), reference, given principles."""
    last = case.prompt[-1]
    turns = [(Text(f"{turn.role}: "), *_line(turn.content), Text("\n")) for turn in case.prompt[:-1]]
    responses = [(Text(f"[{place}] "), *_line(case.responses[i])) for place, i in enumerate(order, 1)]
    return {
        "conversation": (*(part for turn in turns for part in turn), *_line(last.content)),
        "responses": tuple(part for line in responses for part in (Text("\n"), *line))[1:],
        "reference": () if case.reference is None else _line(content(case.reference)),
        "principles": _line(content(", ".join(case.principles))) if case.principles else (),
    }


def neutral(text: str) -> str:
    """Take from judged text what the form itself is made of: line breaks, square brackets, backslashes, chat marks."""
    plain = _FORGERY.sub(lambda found: {"\\": "", "<": "< |"}.get(found.group()[0], " "), text)
    return plain.replace("[", "(").replace("]", ")").strip()


def parse_principles(text: str) -> tuple[Principle, ...]:
    """Read `brief 3, has river 2` as principles with weights; what is not of this shape has no weight."""
    items = [item.strip() for item in text.split(",")]
    found = [(item, _PRINCIPLE.match(item)) for item in items if item]
    return tuple(Principle(m.group(1), float(m.group(2))) if m else Principle(item) for item, m in found)


def _line(parts: Content) -> Content:
    return tuple(part if isinstance(part, Image) else Text(neutral(part.text)) for part in parts)


def _sectioned(read: Callable[[str, int], Judgment | Unread], text: str, n: int) -> Judgment | Unread:
    judgment = read(text, n)
    if isinstance(judgment, Unread):
        return judgment
    box = judgment.spans.scores
    return _parts(judgment, box[0] if box else len(text))


def _parts(judgment: Judgment, end: int) -> Judgment:
    text = judgment.text
    listed = _PRINCIPLES.search(text, 0, end)
    start = listed.end() if listed else 0
    critique = text[start:end].strip()
    start = text.index(critique, start)
    spans = Spans(listed.span(1) if listed else None, (start, start + len(critique)), judgment.spans.scores)
    principles = parse_principles(listed.group(1)) if listed else ()
    return replace(judgment, principles=principles, critique=critique, spans=spans)


def _read_principles(text: str, n: int) -> Judgment | Unread:
    found = _PRINCIPLES.search(text)
    items = [item.strip() for item in found.group(1).split(",")] if found else []
    written = tuple(Principle(item) for item in items if item)
    return Judgment((), written, "", text) if written else Unread("no_principles", "no line of principles", text)


def _read_critique(text: str, n: int) -> Judgment | Unread:
    judgment = _parts(Judgment((), (), "", text), len(text))
    return judgment if judgment.critique.startswith("[1] ") else Unread("no_scores", "no critique of [1]", text)


def soften(judgment: Judgment, tokens: Sequence[Token], given: Sequence[str]) -> Expectation | None:
    """Return 1 and the weight of every principle times the chance of its yes, for every response in the order shown.

    None where a check has no weighted principle, or the checks are not one line per response.
    """
    told = [*(p for text in given for p in parse_principles(text)), *judgment.principles]
    weights = {principle.text: principle.weight for principle in told}
    start = judgment.spans.critique[0] if judgment.spans.critique else 0
    lines = [line.span("checks") for line in _CHECKED.finditer(judgment.text, start)]
    rows = [[_softened(check, weights, tokens) for check in _VERDICT.finditer(judgment.text, *line)] for line in lines]
    if len(rows) != len(judgment.scores) or len({len(row) for row in rows}) != 1 or not rows[0]:
        return None
    known = [[one for one in row if one is not None] for row in rows]
    if known != rows:
        return None
    least = min(mass for row in known for _, mass in row)
    return Expectation(tuple(1 + fsum(part for part, _ in row) for row in known), least) if least > 0 else None


def _softened(
    check: re.Match[str], weights: Mapping[str, float | None], tokens: Sequence[Token]
) -> tuple[float, float] | None:
    """Return what a check adds to its response's score, and how much probability yes and no cover."""
    weight = weights.get(check["name"])
    token = next((token for token in tokens if token.start < check.end("said") <= token.end), None)
    if weight is None or token is None:
        return None
    yes, mass = binary(token, "yes", "no")
    return weight * yes, mass


def _text(name: str) -> str:
    return (files("solon.forms") / name).read_text("utf-8").rstrip("\n")


_TEMPLATE = _text("sandbox.txt")

SANDBOX = Form(
    "sandbox",
    _TEMPLATE.replace("TASK", "Judge"),
    partial(_sectioned, partial(read_boxed, low=1, high=10)),
    scale=(1, 10),
    soften=soften,
    layout=terse,
)
SANDBOX_CORRECT = Form(
    "sandbox-correct",
    _TEMPLATE.replace("TASK", "Right or wrong"),
    partial(_sectioned, read_correct),
    scale=(0, 1),
    responses=range(1, 2),
    layout=terse,
)
SANDBOX_PAIRWISE = Form(
    "sandbox-pairwise",
    _TEMPLATE.replace("TASK", "Name the best"),
    partial(_sectioned, read_pairwise),
    rule="majority",
    responses=range(2, 1000),
    layout=terse,
)
SANDBOX_PRINCIPLES = Form(
    "sandbox-principles", "Request: {{conversation}}\nWrite principles.", _read_principles, layout=terse
)
"""Principles from the request alone, each as it is written, weight and all; the judgment read has no scores."""
SANDBOX_CRITIQUE = Form(
    "sandbox-critique", "Request: {{conversation}}\n{{responses}}\nCriticize.", _read_critique, layout=terse
)
"""A critique without scores, for a semi-scalar head to read."""
SANDBOX_INSPECTION = Form(
    "sandbox-inspection", "Request: {{conversation}}\n{{responses}}\nInspect.", _read_critique, layout=terse
)
"""Many checks, no judgment: the world's general instruction data."""
