"""`solon demo` in small: every stage runs, the report holds what it shows, and the same command resumes."""

import html
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from solon.report.miniature import WEIGHED, Ranking
from tests.cli.conftest import Done

pytestmark = pytest.mark.slow
pytest.importorskip("matplotlib")


def bars(monkeypatch: pytest.MonkeyPatch) -> list[Counter[str]]:
    """Return what will count the moves of every bar that the demo shows, by its title."""
    shown: list[Counter[str]] = []

    @contextmanager
    def counting(console: Console, title: str = "judging") -> Iterator[Callable[..., None]]:
        shown.append(moves := Counter({title: 0}))
        yield lambda *state: moves.update([title])

    monkeypatch.setattr("solon.cli.demo.bar", counting)
    monkeypatch.setattr("solon.cli.demo.shown", counting)
    return shown


def test_it_trains_votes_reports_and_resumes(
    solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = bars(monkeypatch)
    out, more = tmp_path / "demo", tmp_path / "more" / "figures.json"
    command = ("demo", "--cases", 4, "--train", 24, "--steps", 1, "--out", out, "--json", more)
    done = solon(*command)
    assert done.code == 0, done.told
    for part in ("rejective fine-tuning", "reinforcement", "meta reward model", "rl over base, greedy", "rl, meta@32"):
        assert part in done.out
    titles = ["judging", "rft", "grpo", "judging", "meta", "scalar", *["judging"] * 5]
    assert [next(iter(moves)) for moves in shown] == titles
    assert min(moves.total() for moves in shown) > 0
    figures = json.loads(more.read_text("utf-8"))
    assert figures == json.loads((out / "figures.json").read_text("utf-8"))
    votes = {(point["name"], point["k"]) for point in figures["points"]}
    few = {(name, k) for judge in ("base", "rft") for name in (judge, f"{judge}, meta") for k in (1, 2, 4, 8)}
    assert votes == few | {(name, k) for name in ("rl", "rl, meta") for k in (1, 2, 4, 8, 16, 32)} | {
        (f"{judge}, greedy", 1) for judge in ("base", "rft", "rl", "scalar")
    }
    assert all(gain.keys() == {"mean", "low", "high"} for gain in figures["gains"].values())
    assert [row["responses"] for row in figures["sizes"]] == ["1", "3", "4"]
    assert figures["weighed"] in {rule.name for rule in WEIGHED.values()}
    page = (out / "report.html").read_text("utf-8")
    ranked = json.loads((out / "meta" / "report.json").read_text("utf-8"))
    assert figures["meta"] == {
        "judgments": ranked["held out judgments"],
        "overall": ranked["held out auc"],
        "cases": ranked["held out cases with both"],
        "within": ranked["held out auc within cases"],
    }
    assert Ranking.of(out / "meta" / "checkpoint").told in done.out
    assert Ranking.of(out / "meta" / "checkpoint").told in html.unescape(page)
    assert f"over all {ranked['held out judgments']} held-out judgments" in done.out
    assert ranked["held out judgments"] > 0
    blocks = ("By kind of request", "By number of responses", "Time")
    for part in ("data:image/png;base64,", "BEFORE (base, greedy)", "AFTER (reinforced", *blocks):
        assert part in page
    made = {path: path.stat().st_mtime_ns for path in out.glob("*/checkpoint/model.safetensors")}
    assert sorted(path.parts[-3] for path in made) == ["meta", "rft", "rl", "scalar"]
    assert solon(*command).code == 0
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert json.loads(more.read_text("utf-8")) == figures


def test_a_bad_number_ends_in_one_sentence(solon: Callable[..., Done], tmp_path: Path) -> None:
    done = solon("demo", "--cases", 0, "--out", tmp_path)
    assert done.code == 2
    assert "Traceback" not in done.told
