"""The probability of a box is that of the tokens of its numbers, wherever a tokenizer cuts."""

from math import log

import pytest

from solon.errors import UserError
from solon.forms.pairwise import read_pairwise
from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request, Sampled, TokenLogprob
from solon.tokenprob import boxed_probability
from solon.types import Judgment
from tests.judge.judging import cases, fair


def sample(*pieces: tuple[str, float], text: str | None = None) -> Sampled:
    """Make a sample of tokens with their probabilities."""
    said = "".join(token for token, _ in pieces) if text is None else text
    return Sampled(said, logprobs=tuple(TokenLogprob(token, log(p)) for token, p in pieces))


def judged(one: Sampled, n: int = 12) -> Judgment:
    read = read_pairwise(one.text, n)
    assert isinstance(read, Judgment)
    return read


@pytest.mark.parametrize(
    ("pieces", "probability"),
    [
        ([("A box \\boxed{2} is no verdict. ", 0.5), ("\\boxed{", 0.9), ("1", 0.25), ("}", 0.9)], 0.25),
        ([("\\boxed", 0.1), ("{1", 0.5), ("0}", 0.5), ("\n", 0.1)], 0.25),
        ([("\\boxed{ ", 0.3), ("1", 0.5), ("1", 0.5), (" ", 0.2), ("}.", 0.2)], 0.25),
    ],
)
def test_it_is_the_product_over_the_tokens_of_the_number(pieces: list[tuple[str, float]], probability: float) -> None:
    one = sample(*pieces)
    assert boxed_probability(one, judged(one)) == pytest.approx(probability)


def test_reasoning_before_the_text_does_not_shift_it() -> None:
    one = sample(("<think>\\boxed{2}</think>", 0.1), ("\\boxed{", 0.2), ("2", 0.75), ("}", 0.2), text="\\boxed{2}")
    assert boxed_probability(one, judged(one)) == pytest.approx(0.75)


def test_without_log_probabilities_it_is_an_error_and_no_guess() -> None:
    text = "\\boxed{1}"
    with pytest.raises(UserError, match="top_logprobs"):
        boxed_probability(Sampled(text), judged(Sampled(text)))
    with pytest.raises(UserError, match="do not spell"):
        boxed_probability(sample(("else", 0.5), text=text), judged(Sampled(text)))


def test_a_judge_asks_for_the_log_probabilities_that_it_is_told_to() -> None:
    asked = []

    def script(request: Request, index: int) -> str:
        asked.append(request.top_logprobs)
        return fair(request, index)

    with Judge(ScriptedSampler(script), k=2, top_logprobs=3) as judge:
        judge.batch(cases(1))
    assert set(asked) == {3}


def spoken(*chances: dict[str, float]) -> Sampled:
    """Make a sample of tokens with what else might have been drawn, the drawn one first."""
    drawn = [next(iter(place)) for place in chances]
    logprobs = tuple(
        TokenLogprob(token, log(place[token]), tuple((text, log(p)) for text, p in place.items()))
        for token, place in zip(drawn, chances, strict=True)
    )
    return Sampled("".join(drawn), logprobs=logprobs)


BOX = spoken({"\\boxed{": 1.0}, {"8": 0.5, "4": 0.5}, {", ": 1.0}, {"2": 1.0}, {"}": 1.0})


def test_expected_scores_vote_in_the_case_s_own_order() -> None:
    with Judge(ScriptedSampler(lambda request, index: BOX), k=2, scores="expected") as judge:
        (verdict,) = judge.batch(cases(1))
    assert {judgment.scores for judgment in verdict.judgments} == {(6.0, 2.0), (2.0, 6.0)}
    assert verdict.scores == (4.0, 4.0)
    assert {judgment.mass for judgment in verdict.judgments} == {1.0}
    assert [judgment.text for judgment in verdict.judgments] == ["\\boxed{8, 2}"] * 2, "the boxed ones stay to be seen"


def test_a_server_without_log_probabilities_is_an_error_and_no_fallback() -> None:
    with Judge(ScriptedSampler(fair), k=2, scores="expected") as judge, pytest.raises(UserError, match="top_logprobs"):
        judge.batch(cases(1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scores": "soft"}, "critique holds verdicts"),
        ({"scores": "expected", "form": "pairwise"}, "on a scale"),
        ({"scores": "guessed"}, "scores is 'guessed'"),
    ],
)
def test_forms_that_have_no_such_scores_are_refused(options: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Judge(ScriptedSampler(fair), **options)


def test_so_many_alternatives_are_asked_for_as_are_needed() -> None:
    for options, wanted in (({"scores": "expected"}, 20), ({"scores": "expected", "top_logprobs": 3}, 3), ({}, 0)):
        with Judge(ScriptedSampler(fair), **options) as judge:
            assert judge.config.alternatives == wanted
            assert judge.identity()["top_logprobs"] == wanted
            assert "scores" not in judge.identity(), "the same samples can be read again"
