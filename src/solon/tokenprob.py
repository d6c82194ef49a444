"""How sure a model was of what it boxed: the probability of the tokens of a box, from a sample's log-probabilities.

A judge that names the best response is often weighed by it (the TokenProb baseline of arXiv 2504.02495, section 5).
"""

import re
from math import exp, fsum

from solon.errors import UserError
from solon.samplers.seam import Sampled
from solon.types import Judgment

_NUMBERS = re.compile(r"[0-9.]+")


def boxed_probability(sample: Sampled, judgment: Judgment) -> float:
    """Return the probability, at temperature 1, with which the model drew the numbers of its judgment's box.

    Raises:
        UserError: the sample holds no log-probabilities, or none of the text that was read.
    """
    if sample.logprobs is None:
        raise UserError("a sample holds no log-probabilities; sample with top_logprobs of 1 or more")
    raw = "".join(token.token for token in sample.logprobs)
    begin, span = raw.rfind(judgment.text), judgment.spans.scores
    if begin < 0 or span is None:
        raise UserError("a sample's tokens do not spell its text, so it is unknown which of them are its box")
    inside = [(begin + found.start(), begin + found.end()) for found in _NUMBERS.finditer(judgment.text, *span)]
    found, place = [], 0
    for token in sample.logprobs:
        end = place + len(token.token)
        if any(place < stop and start < end for start, stop in inside):
            found.append(token.logprob)
        place = end
    return exp(fsum(found))
