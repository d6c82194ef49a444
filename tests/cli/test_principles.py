"""`solon judge --principles query` over the local server: one call per query, kept in the run and in a cache."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import Done
from tests.cli.rows import row
from tests.local_server import LocalServer, running

Solon = Callable[..., Done]
Write = Callable[..., Path]


def pairs(n: int = 4) -> list[dict[str, Any]]:
    """Return all pairs of n responses to one query, and one case with another query."""
    said = [f"answer {i}" for i in range(n)]
    found = [(i, j) for i in range(n) for j in range(i + 1, n)]
    return [row(f"{i}-{j}", prompt="Why?", responses=[said[i], said[j]], best=0) for i, j in found] + [row("other")]


def principles(server: LocalServer) -> list[dict[str, Any]]:
    """Return the bodies of the calls that asked for principles."""
    return [body for body in server.bodies if "Now write the principles." in body["messages"][0]["content"]]


def test_a_run_asks_once_per_query_and_says_so(solon: Solon, file: Write, tmp_path: Path) -> None:
    command = ("judge", file(*pairs()), "--k", 2, "--principles", "query")
    with running() as server:
        done = solon(*command, "--model", server.url, "--out", tmp_path / "run", "--cache", tmp_path / "cache")
        assert (done.code, len(principles(server)), server.calls) == (0, 2, 2 + 7 * 2)
        assert {(body["temperature"], body.get("n", 1)) for body in principles(server)} == {(0.0, 1)}
        again = solon(*command, "--model", server.url, "--out", tmp_path / "run")
        other = solon(*command, "--model", server.url, "--cache", tmp_path / "cache", "--show")
        assert (again.code, other.code, len(principles(server)), server.calls) == (0, 0, 2, 2 + 2 * 7 * 2)
    lines = [json.loads(line) for line in (tmp_path / "run" / "verdicts.jsonl").read_text("utf-8").splitlines()]
    assert [(line["principles_mode"], line["read"]) for line in lines] == [("query", 2)] * 7
    summary = json.loads((tmp_path / "run" / "summary.json").read_text("utf-8"))
    usage, config = summary["usage"], summary["config"]
    assert (usage["calls"], usage["samples"], config["principles"]) == (16, 14, "query")
    assert (config["principles_form"], config["principles_temperature"]) == ("principles", 0.0)
    assert usage["principles_tokens"] > 0
    assert f" of judgments, {usage['principles_tokens']} of principles" in done.err
    assert len(re.findall(r"^  principles  accuracy \(weight: .*   mode query$", other.out, re.M)) == 14


def test_principles_that_never_come_are_unread_and_asked_for_again(solon: Solon, file: Write, tmp_path: Path) -> None:
    command = ("judge", file(*pairs()), "--k", 2, "--principles", "query", "--out", tmp_path / "run", "--show")
    with running() as server:
        solon("judge", file(row("a", prompt="Why?"), name="one.jsonl"), "--principles", "query", "--model", server.url)
        server.broken = (principles(server)[0]["messages"][0]["content"],)
        broken = solon(*command, "--model", server.url)
        server.broken = ()
        mended = solon(*command, "--model", server.url)
    assert (broken.code, broken.out.count("mode query"), mended.out.count("mode query")) == (0, 2, 14)
    assert broken.out.count("unread (failed_call): no principles were written: HTTP 500") == 12
    assert "note: Calls failed: the same command with --out asks for them again." in broken.err
    assert "unread" not in mended.out


def test_a_budget_that_principles_spend_is_a_run_that_goes_on(solon: Solon, file: Write, tmp_path: Path) -> None:
    command = ("judge", file(*pairs()), "--k", 2, "--principles", "query", "--out", tmp_path / "run")
    with running() as server:
        spent = solon(*command, "--model", server.url, "--budget-requests", 1, "--concurrency", 1)
        assert (spent.code, server.calls) == (0, 1)
        assert "note: The budget was spent before all cases were decided" in spent.err
        done = solon(*command, "--model", server.url)
    assert (done.code, len(principles(server)), server.calls) == (0, 2, 16)


def test_a_cache_for_principles_that_nobody_writes_apart_is_refused(solon: Solon, file: Write, tmp_path: Path) -> None:
    done = solon("judge", file(row("a")), "--model", "http://127.0.0.1:9/v1", "--cache", tmp_path / "cache")
    assert done.code == 2
    assert "cache and principles_temperature are for principles that are written apart" in done.told
