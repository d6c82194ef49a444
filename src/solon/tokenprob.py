"""From a sample's log-probabilities to the tokens of its judgment, and scores that are expectations over them."""

import re
from dataclasses import replace
from math import exp, prod

from solon.config import Scores
from solon.errors import UserError
from solon.forms.chances import Token, expected
from solon.forms.form import Form
from solon.samplers.seam import Sampled
from solon.types import Case, Judgment, Unread

_NUMBERS = re.compile(r"[0-9.]+")


def tokens_of(sample: Sampled, judgment: Judgment) -> list[Token]:
    """Return the tokens that spell a judgment's text.

    Raises:
        UserError: the sample holds no log-probabilities, or none of the text that was read.
    """
    if sample.logprobs is None:
        raise UserError(
            "a sample holds no log-probabilities: sample with top_logprobs of 1 or more, from a server that gives them "
            "(docs/servers.md) or a model in process"
        )
    begin = "".join(token.token for token in sample.logprobs).rfind(judgment.text)
    if begin < 0:
        raise UserError("a sample's tokens do not spell its text, so it is unknown which of them are its scores")
    found, place = [], -begin
    for token in sample.logprobs:
        end = place + len(token.token)
        if end > 0 and place < len(judgment.text):
            chances = {text: exp(logprob) for text, logprob in token.top} | {token.token: exp(token.logprob)}
            found.append(Token(place, end, token.token, chances))
        place = end
    return found


def rescored(judgment: Judgment, sample: Sampled, form: Form, scores: Scores, case: Case) -> Judgment | Unread:
    """Return a judgment, in the order shown, with expected scores in place of the boxed ones.

    Args:
        judgment: as its form read it.
        sample: with its log-probabilities.
        form: its form.
        scores: `expected` over the boxes that were likely, or `soft`, by the chances of the critique's own verdicts.
        case: whose given principles the critique may apply.

    Raises:
        UserError: as `tokens_of`.
    """
    tokens = tokens_of(sample, judgment)
    if scores == "soft" and form.soften is not None:
        found = form.soften(judgment, tokens, case.principles)
    else:
        found = expected(judgment, tokens, form.scale or (0, 0))
    if found is None:
        return Unread("no_scores", f"no {scores} scores can be read off the tokens' probabilities", judgment.text)
    return replace(judgment, scores=found.scores, mass=found.mass)


def check_scores(form: Form, scores: Scores) -> None:
    """Make sure that a form's scores can be expectations of this kind.

    Raises:
        UserError: they cannot.
    """
    if scores == "expected" and form.scale is None:
        raise UserError(f"scores=expected needs boxed scores on a scale, and the form '{form.name}' has none")
    if scores == "soft" and form.soften is None:
        raise UserError(
            f"scores=soft needs a form whose critique holds verdicts on every criterion, and '{form.name}' does not "
            "say how to read them: use scores=expected, or a form with soften"
        )


def boxed_probability(sample: Sampled, judgment: Judgment) -> float:
    """Return the probability, at temperature 1, with which the model drew the numbers of its judgment's box.

    A judge that names the best response is often weighed by it (the TokenProb baseline of arXiv 2504.02495, section 5).

    Raises:
        UserError: as `tokens_of`, or the judgment has no box.
    """
    tokens, span = tokens_of(sample, judgment), judgment.spans.scores
    if span is None:
        raise UserError("a judgment without a box has no probability of one")
    inside = [found.span() for found in _NUMBERS.finditer(judgment.text, *span)]
    drawn = [token for token in tokens if any(token.start < stop and start < token.end for start, stop in inside)]
    return prod(token.chances[token.text] for token in drawn)
