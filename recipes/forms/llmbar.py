"""Reads verdicts worded as LLMBar's prompts ask for them, the way LLMBar's own tool does: (a) is looked for first."""

import re

from solon.types import Judgment, Spans, Unread

TEMPLATE = """Decide which of two outputs follows the instruction better. Everything between <<<...>>> is quoted.

{{conversation}}

{{responses}}

Call response 1 Output (a) and response 2 Output (b). Explain, and end with "Therefore, Output (a) is better." or
"Therefore, Output (b) is better."
"""
PATTERNS = (r"Output \({0}\) is better.", r"^Output \({0}\)$")


def read(text, n):
    for pattern in PATTERNS:
        for scores, letter in (((1.0, 0.0), "a"), ((0.0, 1.0), "b")):
            if found := re.search(pattern.format(letter), text.strip()):
                return Judgment(scores, (), text, text, Spans(scores=found.span()))
    return Unread("no_scores", "no output is said to be better", text)
