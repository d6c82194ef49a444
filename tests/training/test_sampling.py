"""Rejective fine-tuning selects exactly: what is sampled, hinted, kept and rejected, over a scripted judge."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from solon.errors import UserError
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request
from solon.training.config import SampleConfig
from solon.training.rejection import Rejection, reject
from solon.training.rft import targets
from solon.training.sampling import Sampling, sample
from solon.types import Best, LabeledCase, Message, PrinciplesMode, plain
from tests.judge.judging import boxed, case, shown
from tests.training.making import HINT, Fated, labeled, lone, rated, write

CASES = {1: labeled("a", 1), 2: labeled("a", 2, best=1), 4: labeled("a", 4, best=2)}
NAMED = re.compile(r"the best response is number (\d+)\.|the right verdict is (\d)\.")
TABLE = [
    ("wrong wrong wrong", "failed", "right", {"plain wrong": 3, "hinted kept": 1}),
    ("wrong wrong wrong", "failed", "wrong", {"plain wrong": 3, "hinted wrong": 1}),
    ("wrong wrong wrong", "failed", "unread", {"plain wrong": 3, "hinted unread": 1}),
    ("wrong wrong wrong", "never", "", {"plain wrong": 3}),
    ("right wrong wrong", "failed", "", {"plain kept": 1, "plain wrong": 2}),
    ("right wrong right", "failed", "", {"plain kept": 2, "plain wrong": 1}),
    ("right right right", "failed", "", {"plain too easy": 3}),
    ("right right right", "all", "right", {"plain too easy": 3, "hinted kept": 1}),
    ("right right right", "all", "wrong", {"plain too easy": 3, "hinted wrong": 1}),
    ("right wrong wrong", "all", "right", {"plain kept": 1, "plain wrong": 2, "hinted kept": 1}),
    ("right wrong wrong", "all", "down", {"plain kept": 1, "plain wrong": 2, "hinted unread": 1}),
    ("right right unread", "failed", "", {"plain kept": 2, "plain unread": 1}),
    ("right right down", "failed", "", {"plain kept": 2, "plain unread": 1}),
    ("cut unread wrong", "failed", "cut", {"plain unread": 2, "plain wrong": 1, "hinted unread": 1}),
    ("down down down", "failed", "right", {"plain unread": 3, "hinted kept": 1}),
]
TIES = [
    ("tie tie tie", "failed", "right", {"plain wrong": 3, "hinted kept": 1}),
    ("right tie right", "failed", "", {"plain kept": 2, "plain wrong": 1}),
    ("wrong wrong wrong", "failed", "tie", {"plain wrong": 3, "hinted wrong": 1}),
]


def config(folder: Path, cases: list[LabeledCase], **options: Any) -> SampleConfig:
    file = write(folder / "cases.jsonl", cases)
    return SampleConfig(**{"model": "scripted", "data": [file], "out": folder / "out"} | options)


def sampled(folder: Path, *cases: LabeledCase, fates: dict[str, str], **options: Any) -> tuple[Sampling, Fated]:
    sampler = Fated(fates)
    return sample(config(folder, list(cases), **options), sampler=sampler), sampler


@pytest.mark.parametrize(
    ("n", "fates", "hint", "hinted", "expected"),
    [(n, *row) for n in CASES for row in TABLE] + [(n, *row) for n in (2, 4) for row in TIES],
)
def test_rejective_fine_tuning_selects_exactly(
    n: int, fates: str, hint: str, hinted: str, expected: dict[str, int], tmp_path: Path
) -> None:
    drawn, sampler = sampled(tmp_path, CASES[n], fates={"a": fates, "a hinted": hinted}, hint=hint)
    rejection = reject(drawn.cases)
    assert rejection.counts == expected
    assert len(rejection.kept) == expected.get("plain kept", 0) + expected.get("hinted kept", 0)
    assert all(one.trajectory.right for one in rejection.kept)
    assert sum(rejection.counts.values()) == 3 + bool(hinted) == sum(sampler.drawn.values())
    (one,) = drawn.cases
    assert (one.plain_right, len(one.plain), len(one.hinted)) == (fates.count("right"), 3, int(bool(hinted)))
    assert one.form == ("correct" if n == 1 else "pointwise")


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (["plain"], {"hinted unused": 1, "plain kept": 1, "plain wrong": 2}),
        (["hinted"], {"hinted kept": 1, "plain unused": 1, "plain wrong": 2}),
    ],
)
def test_one_kind_of_samples_can_be_left_unused(use: list[str], expected: dict[str, int], tmp_path: Path) -> None:
    fates = {"a": "right wrong wrong", "a hinted": "right"}
    drawn, _ = sampled(tmp_path, CASES[2], fates=fates, hint="all")
    assert reject(drawn.cases, use).counts == expected


def test_counts_by_reason_add_up_to_all_samples(tmp_path: Path) -> None:
    cases = [labeled(name, n) for name, n in zip("abcdef", (1, 2, 3, 4, 2, 2), strict=True)]
    words = ["right wrong down", "wrong wrong cut", "right right right", "unread wrong wrong", "down", "tie"]
    fates = dict(zip("abcdef", words, strict=True)) | {f"{name} hinted": "wrong right" for name in "abcdef"}
    drawn, sampler = sampled(tmp_path, *cases, fates=fates)
    counts = drawn.counts()
    assert counts["plain samples"] == 18
    assert counts["hinted samples"] == 4
    assert sum(reject(drawn.cases).counts.values()) == 22 == sum(sampler.drawn.values())
    assert {name: count for name, count in counts.items() if name.startswith("cases with")} == {
        "cases with 0 right": 4,
        "cases with 1 right": 1,
        "cases with 3 right": 1,
    }
    assert counts["unread"] == 1 + 1 + 1 + 3


def many() -> list[LabeledCase]:
    several = [labeled(f"c{i}", 2 + i % 4, best=i % (2 + i % 4)) for i in range(24)]
    return [*several, lone("yes", True), lone("no", False)]


def test_the_hint_names_the_best_response_by_the_place_where_it_is_shown(tmp_path: Path) -> None:
    cases = many()
    fates = {one.case.id: "wrong" for one in cases} | {f"{one.case.id} hinted": "right" for one in cases}
    _, sampler = sampled(tmp_path, *cases, fates=fates)
    hinted = [request for request in sampler.asked if HINT in plain(request.messages[0].content)]
    assert len(hinted) == len(cases)
    places = set()
    for request in hinted:
        (named,) = NAMED.findall(plain(request.messages[0].content))
        texts = shown(request)
        if len(texts) == 1:
            assert named == ("", "1" if texts[0] == "yes: right" else "0")
        else:
            assert texts[int(named[0]) - 1].endswith(": best")
            places.add((len(texts), int(named[0])))
    assert len(places) > 8, "the best is hinted at in many places"


def test_no_stored_prompt_holds_the_hint(tmp_path: Path) -> None:
    cases = many()
    fates = {one.case.id: "wrong" for one in cases} | {f"{one.case.id} hinted": "right" for one in cases}
    drawn, _ = sampled(tmp_path, *cases, fates=fates, hint="all")
    kept = reject(drawn.cases).kept
    stored = targets(kept, seed=5)
    assert len(stored) == len(cases)
    for one, (prompt, answer) in zip(kept, stored, strict=True):
        (turn,) = prompt
        assert HINT not in plain(turn.content)
        assert not NAMED.search(plain(turn.content))
        assert answer == one.trajectory.text


def test_a_stored_prompt_shows_the_responses_in_the_order_that_the_sample_saw(tmp_path: Path) -> None:
    drawn, sampler = sampled(tmp_path, labeled("a", 4, best=2), fates={"a": "right wrong right"})
    asked = {tuple(shown(request)) for request in sampler.asked}
    rejection: Rejection = reject(drawn.cases)
    seen = [seen_in(prompt) for prompt, _ in targets(rejection.kept, seed=0)]
    assert len(set(seen)) == 2
    assert set(seen) < asked


@pytest.mark.parametrize("mode", ["self", "none", "given", "given+self"])
def test_a_stored_prompt_asks_for_principles_as_the_sampler_was_asked(mode: PrinciplesMode, tmp_path: Path) -> None:
    one = replace(labeled("a"), case=replace(labeled("a").case, principles=("be brief",)))
    drawn, sampler = sampled(tmp_path, one, fates={"a": "right wrong right"}, principles=mode)
    asked = {unmarked(request.messages) for request in sampler.asked}
    assert {unmarked(prompt) for prompt, _ in targets(reject(drawn.cases).kept, seed=0)} <= asked


def test_what_a_thinking_model_thought_is_kept_and_learned_before_its_answer(tmp_path: Path) -> None:
    thought = [f"<think>one is brief</think>{boxed(scores)}" for scores in ([3, 9], [9, 3], [3, 9])]
    sampler = ScriptedSampler({"": thought})
    drawn = sample(config(tmp_path, [labeled("a", 2, best=1)], hint="never"), sampler=sampler)
    assert {one.reasoning for one in drawn.cases[0].plain} == {"one is brief"}
    answers = {answer for _, answer in targets(reject(drawn.cases).kept, seed=0)}
    assert answers <= {f"<think>\none is brief\n</think>\n\n{boxed(scores)}" for scores in ([3, 9], [9, 3])}
    assert answers


def unmarked(prompt: tuple[Message, ...]) -> str:
    return re.sub(r" · [0-9a-f]+>>>", ">>>", plain(prompt[0].content))


def seen_in(prompt: tuple[Message, ...]) -> tuple[str, ...]:
    return tuple(shown(Request(prompt)))


def test_a_killed_sampling_asks_nothing_twice(tmp_path: Path) -> None:
    cases = many()
    fates = {one.case.id: "wrong right wrong" if i % 2 else "wrong" for i, one in enumerate(cases)}
    fates |= {f"{one.case.id} hinted": "right" for one in cases}
    straight, whole = sampled(tmp_path, *cases, fates=fates, out=tmp_path / "straight")
    options = config(tmp_path, cases)
    drawn = Counter[tuple[str, int]]()
    for granted in (5, 30, 40):
        killed = Fated(fates, stop_after=granted)
        with pytest.raises(ConnectionError):
            sample(options, sampler=killed)
        drawn += killed.drawn
    last = Fated(fates)
    resumed = sample(options, sampler=last)
    assert drawn + last.drawn == whole.drawn
    assert set(whole.drawn.values()) == {1}
    assert [one.labeled for one in resumed.cases] == [one.labeled for one in straight.cases]
    again = Fated(fates)
    assert sample(options, sampler=again) == resumed
    assert not again.drawn


def test_calls_that_failed_are_asked_again_also_when_that_changes_who_needs_a_hint(tmp_path: Path) -> None:
    cases = [labeled("a"), labeled("b")]
    options = config(tmp_path, cases)
    first = sample(options, sampler=Fated({"a": "down", "b": "wrong", "a hinted": "down", "b hinted": "right"}))
    assert [len(one.hinted) for one in first.cases] == [1, 1]
    second = Fated({"a": "right", "b": "right", "a hinted": "right", "b hinted": "right"})
    drawn = sample(options, sampler=second)
    assert [(one.plain_right, len(one.hinted)) for one in drawn.cases] == [(3, 0), (0, 1)]
    assert sum(second.drawn.values()) == 3


def test_run_files_of_other_labels_are_refused(tmp_path: Path) -> None:
    fates = {"a": "wrong", "a hinted": "right"}
    sample(config(tmp_path, [labeled("a")], hint="all"), sampler=Fated(fates))
    changed = LabeledCase(labeled("a").case, Best(1))
    with pytest.raises(UserError, match="made with another configuration: hints was"):
        sample(config(tmp_path, [changed], hint="all"), sampler=Fated(fates))


def test_one_form_for_everything_asks_once(tmp_path: Path) -> None:
    drawn, sampler = sampled(
        tmp_path, lone("a", True), fates={"a": "right wrong wrong"}, form="correct", single_form="correct"
    )
    assert (drawn.cases[0].plain_right, sum(sampler.drawn.values())) == (1, 3)


def test_cases_without_one_best_are_counted_and_not_asked_about(tmp_path: Path) -> None:
    cases = [labeled("a"), rated("b", 1, 1), rated("c", 2, 2, 1), rated("d", 3), rated("e", 5, 5)]
    drawn, sampler = sampled(tmp_path, *cases, fates={"a": "right"})
    assert [one.labeled.case.id for one in drawn.cases] == ["a"]
    assert drawn.skipped == {"with equal ratings": 2, "with a tied top": 1, "with a lone rating": 1}
    assert drawn.counts()["left out with equal ratings"] == 2
    assert sum(sampler.drawn.values()) == 3


def test_a_case_that_its_form_cannot_take_is_named(tmp_path: Path) -> None:
    sampler = Fated({})
    options = config(tmp_path, [labeled("b"), lone("c", True)], single_form="pairwise")
    with pytest.raises(UserError, match=r"1 cases cannot be sampled; case 'c': the form 'pairwise' is made for n >= 2"):
        sample(options, sampler=sampler)
    assert not sampler.asked, "it is told before anything is sampled"


def test_the_temperature_is_a_half_where_nothing_else_is_said(tmp_path: Path) -> None:
    fates = {"a": "right wrong wrong"}
    _, sampler = sampled(tmp_path, labeled("a"), fates=fates, plain=1)
    assert {request.temperature for request in sampler.asked} == {0.5}
    _, warm = sampled(tmp_path, labeled("a"), fates=fates, temperature=0.9, out=tmp_path / "warm")
    assert {request.temperature for request in warm.asked} == {0.9}


def test_the_command_writes_samples_and_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from solon import cli
    from solon.training import sampling

    asked = ScriptedSampler(lambda request, index: boxed([9 - 2 * i for i in range(len(shown(request)))]))
    monkeypatch.setattr(sampling, "open_sampler", lambda config: asked)
    file = write(tmp_path / "cases.jsonl", [LabeledCase(case("a", "x", "y"), Best(0))])
    code = cli._run(["train", "sample", "--model", "scripted", "--data", str(file), "--out", str(tmp_path / "out")])
    assert code == 0
    (row,) = [json.loads(line) for line in (tmp_path / "out" / "samples.jsonl").read_text().splitlines()]
    assert (row["best"], row["form"], len(row["plain"])) == (0, "pointwise", 3)
    assert [one["right"] for one in row["plain"]] == [one["order"] == [0, 1] for one in row["plain"]]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["cases"], report["plain samples"]) == (1, 3)
