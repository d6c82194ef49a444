"""A judged case for a person to read, with the worked examples of arXiv 2504.02495."""

from dataclasses import replace

from solon.report.show import show
from solon.types import Case, Image, Message, Principle, Spans, Text, content
from solon.vote import vote
from tests.report.making import case, judged, unread, voted

SAMPLES = (judged(1, 5), judged(5, 6), judged(4, 8), judged(7, 6))
ORDERS = ((0, 1), (1, 0), (0, 1), (1, 0))
LOGITS = (1.5, -2.0, 0.25, -0.5)


def lines(text: str, start: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith(start)]


def test_the_whole_page() -> None:
    assert show(case(), voted(judged(1, 5), unread(), judged(7, 6), orders=[(0, 1), (1, 0), (1, 0)])) == (
        "case sky\n"
        "  user: Why is the sky blue?\n"
        "  [1] answer 0\n"
        "  [2] answer 1\n"
        "\n"
        "sample 1   shown 1, 2\n"
        "  principles  truth (60)   mode self\n"
        "  critique    fine\n"
        "  box         1, 5   scores 1, 5\n"
        "  sums        1, 5\n"
        "\n"
        "sample 2   shown 2, 1\n"
        "  unread (no_scores): no box\n"
        "  text        some text\n"
        "\n"
        "sample 3   shown 2, 1\n"
        "  principles  truth (60)   mode self\n"
        "  critique    fine\n"
        "  box         6, 7   scores 7, 6\n"
        "  sums        8, 11\n"
        "\n"
        "verdict     4, 5.5   best [2]"
    )


def test_four_samples_sum_to_17_and_25() -> None:
    text = show(case(), voted(*SAMPLES, orders=ORDERS))
    assert lines(text, "sums") == [
        "sums        1, 5",
        "sums        6, 11",
        "sums        10, 19",
        "sums        17, 25",
    ]
    assert lines(text, "box")[1] == "box         6, 5   scores 5, 6"
    assert "meta" not in text


def test_the_meta_model_keeps_the_first_and_the_third() -> None:
    verdict = vote(SAMPLES, 2, weights=LOGITS, keep=2, orders=ORDERS)
    text = show(case(), verdict, LOGITS, 2)
    assert lines(text, "sample") == [
        "sample 1   shown 1, 2   meta +1.50 kept",
        "sample 2   shown 2, 1   meta -2.00 dropped",
        "sample 3   shown 1, 2   meta +0.25 kept",
        "sample 4   shown 2, 1   meta -0.50 dropped",
    ]
    assert lines(text, "sums")[-1] == "sums        5, 13"
    assert text.endswith("verdict     2.5, 6.5   best [2]")


def test_a_judgment_without_a_weight_is_dropped_and_an_unread_sample_has_none() -> None:
    weights = (1.5, None, None)
    verdict = vote([judged(1, 5), judged(5, 6), unread()], 2, weights=weights, keep=2, orders=ORDERS[:3])
    text = show(case(), verdict, verdict.weights, 2)
    assert lines(text, "sample") == [
        "sample 1   shown 1, 2   meta +1.50 kept",
        "sample 2   shown 2, 1   meta unknown, dropped",
        "sample 3   shown 1, 2",
    ]
    assert lines(text, "sums") == ["sums        1, 5", "sums        1, 5"]
    nothing = vote([judged(1, 5)], 2, weights=[None], keep=1, orders=ORDERS[:1])
    assert show(case(), nothing, [None], 1).endswith("no verdict: none of the samples could be weighed")


def test_boxes_shown_in_reverse_sum_to_20_and_27() -> None:
    samples = [judged(8, 8), judged(5, 9), judged(7, 10)]
    text = show(case(), voted(*samples, orders=[(0, 1), (1, 0), (1, 0)]))
    assert lines(text, "box") == [
        "box         8, 8   scores 8, 8",
        "box         9, 5   scores 5, 9",
        "box         10, 7   scores 7, 10",
    ]
    assert lines(text, "sums")[-1] == "sums        20, 27"


def test_the_box_is_what_the_judgment_wrote() -> None:
    text = "Best: \\boxed{2}"
    best = judged(0, 1, text=text, spans=Spans(scores=(6, len(text))))
    assert lines(show(case(), voted(best)), "box") == ["box         \\boxed{2}   scores 0, 1"]


def test_ties_and_cases_without_a_verdict() -> None:
    assert show(case(), voted(judged(4, 4))).endswith("verdict     4, 4   tie of 1, 2")
    assert show(case(), voted(unread())).endswith("no verdict: none of the samples could be read")


def test_long_texts_are_cut_and_images_named() -> None:
    picture = Case("sky", (Message("user", (Text("See"), Image("u"), Text("there"))),), (content("x" * 999),))
    long = replace(judged(3), critique="so " * 999, principles=(Principle("a"), Principle("b", 2.5)))
    text = show(picture, voted(long, n=1))
    assert "  user: See (an image) there" in text
    assert "  principles  a; b (2.5)   mode self" in text
    assert max(map(len, text.splitlines())) < 420
