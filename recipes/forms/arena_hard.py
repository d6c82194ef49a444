"""Reads verdicts such as [[A>>B]], as JudgeBench reads those of the Arena-Hard judge: several that differ are none."""

import re

from solon.types import Judgment, Spans, Unread

TEMPLATE = """Judge the answers of two assistants, A (response 1) and B (response 2), to the user's last message.
Everything between <<<...>>> is quoted. Answer it yourself first, then compare, and end with one of the labels
[[A>>B]], [[A>B]], [[A=B]], [[B>A]] or [[B>>A]].

{{conversation}}

{{responses}}
"""
SCORES = {"A>B": (1.0, 0.0), "B>A": (0.0, 1.0), "A=B": (0.5, 0.5)}


def read(text, n):
    found = list(re.finditer(r"\[\[([AB<>=]+)\]\]", text))
    labels = {match[1] for match in found}
    scores = SCORES.get(labels.pop().replace(">>", ">")) if len(labels) == 1 else None
    if scores is None:
        return Unread("no_scores", "there is no label, or there are several", text)
    return Judgment(scores, (), text, text, Spans(scores=found[-1].span()))
