"""The figures of a run, for a file and for a table."""

import json
import random
from dataclasses import replace

from solon.judge import Judge
from solon.report.summary import Summary, facts, summarize
from solon.samplers.scripted import ScriptedSampler
from solon.scorers.scripted import ScriptedScorer
from solon.store import Usage
from solon.types import Best, LabeledCase, Ratings, Right
from solon.vote import vote
from tests.report.making import case, judged, unread, voted

USAGE = Usage(calls=3, prompt_tokens=1000, completion_tokens=20, samples=6, latency=1.5)


def judge(**options: object) -> Judge:
    return Judge(ScriptedSampler([]), k=2, **options)


def test_every_figure_is_a_number_that_a_program_can_read() -> None:
    found = [LabeledCase(case(2, "a"), Best(1)), LabeledCase(case(2, "b"), Ratings((1.0, 1.0))), case(2, "c")]
    orders = [(0, 1), (1, 0)]
    verdicts = [
        voted(judged(1, 2), judged(3, 9), orders=orders),
        voted(judged(5, 5), unread("truncated"), orders=orders),
        voted(unread(), unread("failed_call"), orders=orders),
    ]
    summary = summarize(judge(), found, verdicts, USAGE, 4)
    assert json.loads(json.dumps(summary)) == {
        "cases": 3,
        "left_out": 4,
        "without_verdict": 1,
        "ties": 1,
        "asked": 6,
        "read": 3,
        "unread": {"failed_call": 1, "no_scores": 1, "truncated": 1},
        "unread_examples": {"failed_call": "no box", "no_scores": "no box", "truncated": "no box"},
        "unread_share": 0.5,
        "agreement": 1.0,
        "position_consistency": 1.0,
        "repeated_texts": 0,
        "labeled": 1,
        "accuracy": {"mean": 1.0, "low": 1.0, "high": 1.0},
        "strict_accuracy": {"mean": 1.0, "low": 1.0, "high": 1.0},
        "usage": {"calls": 3, "prompt_tokens": 1000, "completion_tokens": 20, "samples": 6, "latency": 1.5}
        | {"principles_tokens": 0},
        "notes": ["Calls failed: the same command with --out asks for them again."],
        "config": judge().identity(),
    }
    assert facts(summary) == {
        "cases judged": "3 (4 could not be)",
        "without a verdict": "1",
        "ties": "1",
        "samples read": "3 of 6",
        "unread: failed_call": "1, such as: no box",
        "unread: no_scores": "1, such as: no box",
        "unread: truncated": "1, such as: no box",
        "agreement": "100.0 %",
        "position consistency": "100.0 %",
        "accuracy on 1 labeled, ties share": "100.0 [100.0, 100.0] %",
        "accuracy on 1 labeled, a tie is wrong": "100.0 [100.0, 100.0] %",
        "calls": "3",
        "tokens": "1,000 of prompts, 20 of judgments",
    }


def test_without_labels_there_is_no_accuracy() -> None:
    summary = summarize(judge(), [case(1)], [voted(judged(7), judged(8), n=1)], USAGE, 0)
    assert "accuracy" not in summary
    assert (summary["agreement"], summary["position_consistency"]) == (None, None)
    assert facts(summary).keys() == {"cases judged", "samples read", "ties", "without a verdict", "calls", "tokens"}


def test_repeated_texts_and_parts_that_were_not_shown_are_counted_in_the_table() -> None:
    same, cut = judged(7, 1, text="same"), replace(judged(7, 2, text="another"), left_out=(0, 12))
    verdicts = [voted(same, same, orders=[(0, 1)] * 2), voted(cut, cut, orders=[(0, 1), (1, 0)])]
    summary = summarize(judge(), [case(), case()], verdicts, USAGE, 0)
    assert (summary["repeated_texts"], summary["trimmed"]) == (1, 1)
    told = facts(summary)
    assert told["samples that repeat another one's text"] == "1 of 4"
    assert told["judged with a part not shown"] == "1, too long for the model (left_out in the verdicts)"


def test_verdicts_may_come_in_any_order_with_unlabeled_cases_between_them() -> None:
    pairs = [(judged(9, 1), judged(1, 9), judged(5, 5))[i % 3] for i in range(30)]
    labels = (Best(0), Best(1), Ratings((1.0, 1.0)), None)
    given = [(case(2, str(i)), labels[i % 4]) for i in range(30)]
    found = [one if label is None else LabeledCase(one, label) for one, label in given]
    verdicts = [voted(one, one) for one in pairs]
    told = summarize(judge(), found, verdicts, USAGE, 0)
    assert told["labeled"] == 16
    assert 0 < told["strict_accuracy"]["mean"] < told["accuracy"]["mean"] < 1
    mixed = Summary(judge())
    for place in random.Random(0).sample(range(30), 30):
        mixed.add(place, found[place], verdicts[place])
    assert mixed.figures(USAGE, 0) == told


def test_0_and_1_are_measured_only_where_the_form_answers_so() -> None:
    found, verdicts = [LabeledCase(case(1), Right(True))], [voted(judged(1), judged(1), n=1)]
    assert "accuracy" not in summarize(judge(form="pointwise"), found, verdicts, USAGE, 0)
    assert summarize(judge(form="correct"), found, verdicts, USAGE, 0)["accuracy"]["mean"] == 1.0


def test_the_accuracy_of_a_weighed_run_is_that_of_what_was_kept() -> None:
    model = judge(meta=ScriptedScorer([]), k_meta=1)
    outcomes = [judged(9, 1), judged(4, 5)]
    verdicts = [vote(outcomes, 2, weights=w, keep=1, orders=[(0, 1)] * 2) for w in ([-1.0, 2.0], [None, 2.0])]
    found = [LabeledCase(case(2, name), Best(1)) for name in "ab"]
    summary = summarize(model, found, verdicts, USAGE, 0)
    assert (summary["accuracy"]["mean"], summary["unweighed"], summary["config"]["k_meta"]) == (1.0, 1, 1)
    assert summary["notes"] == [
        "Could not be weighed, so without a vote: 1 judgment",
        "Judgments were not weighed: the same command with --out asks for their weights again.",
    ]
    assert facts(summary)["judgments weighed"] == "3 of 4"
    assert summarize(judge(), found, [voted(*outcomes)] * 2, USAGE, 0)["accuracy"]["mean"] == 0.0


def test_repeated_texts_are_counted() -> None:
    same = judged(1, 2, text="same words")
    verdict = voted(same, same, same, judged(1, 2, text="others"), orders=[(0, 1), (0, 1), (1, 0), (0, 1)])
    assert summarize(judge(), [case()], [verdict], USAGE, 0)["repeated_texts"] == 1
