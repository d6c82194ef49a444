"""`solon tune stop`: a prior from full votes, which a later run ends its votes by."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solon.judge import Judge
from solon.report.recorded import Recorded
from solon.samplers.scripted import ScriptedSampler
from solon.store import Store
from solon.types import Case
from tests.cli.conftest import Done
from tests.judge.judging import boxed, case, cases
from tests.judge.test_ending import noisy

FORM = """
from pathlib import Path
from solon.forms import load_form
TEMPLATE = load_form("pointwise").template + "{extra}"
read = load_form("pointwise").read
"""


def made(folder: Path, given: list[Case], **options: Any) -> Path:
    folder.mkdir()
    with (
        Judge(ScriptedSampler(noisy), **{"k": 32} | options) as judge,
        Store(folder / "run.sqlite", judge.identity()) as store,
    ):
        judge.batch(given, store)
    return folder


def test_a_prior_is_made_and_used(tmp_path: Path, solon: Callable[..., Done]) -> None:
    run, prior = made(tmp_path / "run", cases(120)), tmp_path / "tuned" / "prior.json"
    done = solon("tune", "stop", run, "--out", prior, "--delta", 0.05, "--json", tmp_path / "figures.json")
    assert done.code == 0, done.told
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert {row["rule"] for row in figures["rules"]} >= {"lossless", "anytime"}
    assert figures["prior"] == {name: json.loads(prior.read_text("utf-8"))[name] for name in figures["prior"]}
    fresh = cases(60, n=2)
    with Judge(ScriptedSampler(noisy), k=32, stop="confident", prior=prior) as judge:
        ended = judge.batch(fresh)
    with Judge(ScriptedSampler(noisy), k=32) as judge:
        full = judge.batch(fresh)
    assert sum(len(verdict.outcomes) for verdict in ended) < 60 * 32
    assert sum(a.best != b.best for a, b in zip(ended, full, strict=True)) <= 0.15 * 60


def test_a_run_is_read_again_without_a_model(tmp_path: Path) -> None:
    given = [*cases(3, n=3), case("lone", "worth 4")]
    found = Recorded.of(made(tmp_path / "run", given, k=4, principles="self", seed=7))
    with Judge(ScriptedSampler(noisy), k=4, seed=7) as judge:
        assert list(found.verdicts) == judge.batch(given)
    assert [one.id for one in found.cases] == [one.id for one in given]
    assert found.cases[0].responses == given[0].responses
    assert (found.k, found.usage.samples) == (4, 16)
    assert [len(vote) for vote in found.full()] == [4] * 4


def test_an_unread_sample_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (
        Judge(ScriptedSampler(["no box", boxed([3, 1])]), k=2) as judge,
        Store(tmp_path / "run" / "run.sqlite", judge.identity()) as store,
    ):
        judge.batch(cases(1), store)
    (vote,) = Recorded.of(tmp_path / "run").full()
    assert sorted(vote) in ([(), (3.0, 1.0)], [(), (1.0, 3.0)])


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: [folder / "absent"], "there is no run file"),
        (lambda folder: [made(folder / "few", cases(8))], "too few"),
        (lambda folder: [made(folder / "a", cases(60)), made(folder / "b", cases(60), k=8)], "not alike"),
        (lambda folder: [made(folder / "early", cases(60), stop="lossless")], "without --stop"),
        (lambda folder: [], "no run is named"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_on_is_named(prepare: Any, said: str, tmp_path: Path, solon: Callable[..., Done]) -> None:
    done = solon("tune", "stop", *prepare(tmp_path), "--out", tmp_path / "prior.json")
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "prior.json").exists()


def test_a_form_that_changed_since_is_refused(tmp_path: Path, solon: Callable[..., Done]) -> None:
    form = tmp_path / "mine.py"
    form.write_text(FORM.replace("{extra}", ""), "utf-8")
    run = made(tmp_path / "run", cases(2), form=str(form), k=4)
    assert Recorded.of(run).form.file == str(form)
    form.write_text(FORM.replace("{extra}", " Be brief."), "utf-8")
    done = solon("tune", "stop", run, "--out", tmp_path / "prior.json")
    assert done.code == 2
    assert "restore its template" in done.err
