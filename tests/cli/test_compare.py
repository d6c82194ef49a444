"""Checkpoints and modes of principles side by side, over a script."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request, Sampled
from solon.sandbox import cases, checkpoint
from solon.sandbox.criteria import words
from solon.types import plain
from tests.cli.conftest import Done


def script(request: Request, index: int) -> Sampled:
    """Write principles in 9 tokens and judge by given ones in 21, or both in 30."""
    prompt = plain(request.messages[0].content)
    if prompt.endswith("Write principles."):
        return Sampled("Principles: brief 3.", tokens=9)
    given = "by these principles" in prompt
    text = "[1] brief yes: 4\n[2] brief no: 1\n\\boxed{4, 1}"
    return Sampled(text if given else f"Principles: brief 3.\n{text}", tokens=21 if given else 30)


def test_modes_of_principles_are_measured_beside_each_other(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("solon.sandbox.judging.small_sampler", lambda _: ScriptedSampler(script))
    options = ("--count", 10, "--k", 2, "--principles", "self", "--principles", "query", "--json", tmp_path / "rows")
    done = solon("sandbox", "compare", checkpoint("rl"), *options)
    rows: list[dict[str, Any]] = json.loads((tmp_path / "rows").read_text("utf-8"))
    name = str(checkpoint("rl"))
    assert (done.code, [(row["judge"], row["k"]) for row in rows]) == (
        0,
        [(name, 1), (name, 2), (f"{name}, query", 1), (f"{name}, query", 2)],
    )
    assert [row["tokens"] for row in rows] == [30, 30, 21 + 9, 21 + 9 / 2]
    assert ["gains" in row for row in rows] == [False, False, True, True]
    assert [row["gains"]["accuracy"] for row in rows[2:]] == [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def by_length(*, longest: bool) -> ScriptedSampler:
    """Judge by the responses' words: 9 for the longest or else the shortest, 1 for all others, and a check each."""

    def judge(request: Request, index: int) -> Sampled:
        shown = dict(re.findall(r"^\[(\d)\] (.*)$", plain(request.messages[0].content), re.MULTILINE))
        lengths = [len(words(text)) for text in shown.values()]
        best = (max if longest else min)(lengths)
        scores = [9 if length == best else 1 for length in lengths]
        # "brief yes" of all is true of those with at most 12 words
        lines = [f"[{place}] brief yes: {score}" for place, score in enumerate(scores, 1)]
        return Sampled("\n".join(["Principles: brief 3.", *lines, f"\\boxed{{{', '.join(map(str, scores))}}}"]))

    return ScriptedSampler(judge)


def test_a_judge_is_paired_with_the_first_on_responses_that_plead(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base, rl = checkpoint("base"), checkpoint("rl")
    monkeypatch.setattr("solon.sandbox.judging.small_sampler", lambda path: by_length(longest=path == str(base)))
    options = ("--split", "pleading", "--count", 40, "--k", 2, "--seed", 3, "--json", tmp_path / "rows")
    done = solon("sandbox", "compare", base, rl, *options)
    assert done.code == 0, done.told
    first, _, second, voted = json.loads((tmp_path / "rows").read_text("utf-8"))

    held = cases("pleading", 40, seed=3, n=2)
    lengths = [[len(words(plain(response))) for response in one.case.responses] for one in held]
    apart = [(one.label, pair) for one, pair in zip(held, lengths, strict=True) if pair[0] != pair[1]]
    longer = [label.values[pair.index(max(pair))] == max(label.values) for label, pair in apart]
    assert len(apart) < 40, "some are equally long, and both judges tie there"
    assert (first["longer chosen"], second["longer chosen"]) == ([1, 1, 1], [0, 0, 0])
    assert first["longer best"][0] == second["longer best"][0] == pytest.approx(fmean(longer))
    assert first["longer chosen - best"][0] == pytest.approx(1 - fmean(longer))
    assert second["longer chosen - best"][0] == pytest.approx(-fmean(longer))
    assert second["gains"]["longer chosen"] == voted["gains"]["longer chosen"] == [-1, -1, -1]
    assert second["gains"]["accuracy"][0] == pytest.approx((len(apart) - 2 * sum(longer)) / 40)
    assert second["gains"]["accuracy"][1] < second["gains"]["accuracy"][0] < second["gains"]["accuracy"][2]
    assert first["checks true"][0] == pytest.approx(fmean(length <= 12 for pair in lengths for length in pair))
    assert second["gains"]["checks true"] == [0, 0, 0]
    assert "-100.0 [-100.0, -100.0]" in done.out
