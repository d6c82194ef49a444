"""`solon judge --meta` over local servers: what is shown, kept and counted, and that plain runs stay as they are."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import local_server
from tests.cli.conftest import Done
from tests.cli.rows import row, rows
from tests.local_server import LocalServer, running
from tests.scorers.serving import ClassifyServer, classifying

Solon = Callable[..., Done]
Write = Callable[..., Path]

FORWARD = 1
"""With this seed the first sample sees the responses in the case's own order."""
LOGITS = {"1, 5": 1.5, "5, 6": -2.0, "4, 8": 0.25, "7, 6": -0.5}


def logit(text: str) -> float:
    """Weigh a judgment of the paper by the scores that its remark names."""
    return next(score for pair, score in LOGITS.items() if f"pair {pair}." in text)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LocalServer, ClassifyServer]]:
    """A judge that writes the paper's four samples, whichever order it is shown, and the meta model beside it."""
    seen: dict[str, set[int]] = defaultdict(set)

    def judgment(messages: list[dict[str, Any]], seed: int) -> str:
        first = re.findall(r"a says \d", messages[0]["content"])[0]
        seen[first].add(seed)
        pairs = ((1, 5), (4, 8)) if first == "a says 0" else ((5, 6), (7, 6))
        pair = pairs[sorted(seen[first]).index(seed)]
        box = pair if first == "a says 0" else pair[::-1]
        return f"Principles:\n- truth\n\nAnalysis:\npair {pair[0]}, {pair[1]}.\n\n\\boxed{{{box[0]}, {box[1]}}}"

    monkeypatch.setattr(local_server, "judgment", judgment)
    with running() as judge, classifying(score=logit) as meta:
        yield judge, meta


def test_the_paper_s_example_is_shown(solon: Solon, file: Write, servers: tuple[LocalServer, ClassifyServer]) -> None:
    judge, meta = servers
    command = ("judge", file(row("a")), "--model", judge.url, "--k", 4, "--seed", FORWARD, "--show")
    plain, weighed = solon(*command), solon(*command, "--meta", meta.url, "--k-meta", 2)
    assert (plain.code, weighed.code) == (0, 0)
    assert "sums        17, 25" in plain.out
    assert "meta" not in plain.out
    lines = [line.strip() for line in weighed.out.splitlines()]
    assert [line.partition("   meta ")[2] for line in lines if line.startswith("sample ")] == [
        "+1.50 kept",
        "-2.00 dropped",
        "+0.25 kept",
        "-0.50 dropped",
    ]
    assert [line for line in lines if line.startswith("sums")] == [
        "sums        1, 5",
        "sums        1, 5",
        "sums        5, 13",
        "sums        5, 13",
    ]
    assert lines[-2] == "verdict     2.5, 6.5   best [2]"
    assert "judgments weighed" in weighed.err


def test_the_meta_model_reads_what_the_judge_read(
    solon: Solon, file: Write, servers: tuple[LocalServer, ClassifyServer]
) -> None:
    judge, meta = servers
    solon("judge", file(row("a")), "--model", judge.url, "--k", 4, "--meta", meta.url)
    asked = {body["messages"][0]["content"]: body["n"] for body in judge.bodies}
    for body in meta.bodies:
        user, assistant = body["messages"]
        (prompt,) = [prompt for prompt in asked if user["content"].partition("The responses:")[2] in prompt]
        order = re.findall(r"a says \d", prompt)
        box = assistant["content"].partition("boxed{")[2]
        pair = re.findall(r"\d", assistant["content"].partition("pair ")[2])[:2]
        assert re.findall(r"\d", box) == (pair if order[0] == "a says 0" else pair[::-1])
        assert "judge" not in user["content"]


def test_a_run_is_resumed_without_weighing_twice(solon: Solon, file: Write, tmp_path: Path) -> None:
    cases, out = file(*rows(20), row("one", 1, label=1), row("b", best=1)), tmp_path / "run"
    with running() as judge, classifying(score=lambda text: hash_of(text)) as meta:
        command = ("judge", cases, "--model", judge.url, "--meta", meta.url, "--k", 4, "--out", out)
        done = solon(*command)
        assert (done.code, len(meta.bodies)) == (0, 88)
        first, asked = (out / "verdicts.jsonl").read_bytes(), judge.calls
        assert solon(*command).code == 0
        assert (len(meta.bodies), judge.calls) == (88, asked)
        assert (out / "verdicts.jsonl").read_bytes() == first
        alone = solon(*command[:-2], "--concurrency", 1)
        assert alone.out.encode() == first
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        before = len(meta.bodies), judge.calls
        assert solon(*command, "--k-meta", 1).code == 0
        assert (len(meta.bodies), judge.calls) == before, "another k_meta votes again and asks nothing"
        assert (out / "verdicts.jsonl").read_bytes() != first
    lines = [json.loads(line) for line in first.splitlines()]
    assert {line["unweighed"] for line in lines} == {0}
    assert (summary["unweighed"], summary["config"]["k_meta"], summary["config"]["meta"]) == (0, 2, meta.url)
    strict = next(line for line in lines if line["id"] == "b")["best"] == 1
    assert summary["strict_accuracy"]["mean"] == float(strict)


def hash_of(text: str) -> float:
    """Weigh a text by its letters."""
    return (sum(map(ord, text)) % 211) / 16


def test_judgments_that_could_not_be_weighed_are_counted(
    solon: Solon, file: Write, tmp_path: Path, servers: tuple[LocalServer, ClassifyServer]
) -> None:
    judge, meta = servers
    meta.statuses = [400]
    command = ("judge", file(row("a")), "--model", judge.url, "--meta", meta.url, "--k", 4, "--seed", FORWARD)
    command += ("--concurrency", 1)
    done = solon(*command, "--out", tmp_path, "--show")
    assert "meta unknown, dropped" in done.out
    line = json.loads((tmp_path / "verdicts.jsonl").read_text("utf-8"))
    assert (line["read"], line["unweighed"]) == (4, 1)
    assert line["scores"] == [5.5, 7.0]
    assert "note: Could not be weighed, so without a vote: 1 judgment, such as: HTTP 400: not now" in done.err
    assert "note: Judgments were not weighed: the same command with --out asks for their weights again." in done.err
    solon(*command, "--out", tmp_path)
    again = json.loads((tmp_path / "verdicts.jsonl").read_text("utf-8"))
    assert (again["scores"], again["unweighed"], len(meta.bodies)) == ([2.5, 6.5], 0, 5)


def test_what_cannot_weigh_is_one_sentence(solon: Solon, file: Write) -> None:
    with running() as judge:
        command = ("judge", file(row("a")), "--model", judge.url, "--k", 2)
        assert "needs a meta model: name it as meta" in solon(*command, "--k-meta", 1).told
        assert "at most all judgments can vote" in solon(*command, "--meta", "http://x", "--k-meta", 3).told
        missing = solon(*command, "--meta", judge.url)
    assert missing.code == 2
    assert "/classify is not found (HTTP 404" in missing.told
