"""`solon tune stop`: a prior from full votes, which a later run ends its votes by."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from solon.judge import Judge
from solon.report.recorded import Recorded
from solon.samplers.scripted import ScriptedSampler
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Conversation
from solon.store import Store
from solon.types import Case, Content, plain
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


@pytest.mark.parametrize(
    ("command", "work"),
    [(("tune", "stop", "--out", "prior.json"), "calibrated"), (("curve",), "bought")],
)
def test_a_folder_in_place_of_the_figures_is_refused_before_the_work(
    tmp_path: Path, solon: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], work: str
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the work began")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_module(f"solon.cli.{command[0]}"), work, never)
    run = made(tmp_path / "run", cases(2), k=4)
    done = solon(*command, run, "--json", tmp_path)
    assert done.code == 2, done.told
    assert "cannot be written" in done.told


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


def worth(response: Content) -> float:
    return float(plain(response).split()[1])


def labels_file(folder: Path, given: list[Case]) -> Path:
    rows = [
        {"id": one.id, "prompt": "?", "responses": ["a", "b"], "ratings": [*map(worth, one.responses)]} for one in given
    ]
    path = folder / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_the_way_to_vote_is_chosen_on_other_folds(solon: Callable[..., Done], tmp_path: Path) -> None:
    given = cases(40)
    (tmp_path / "run").mkdir()
    truth = {plain(response): worth(response) for one in given for response in one.responses}

    def knows(conversation: Conversation) -> float:
        """Weigh a judgment by whether its higher score is the truly better response's."""
        shown = [text for text in truth if f"\n{text}\n" in plain(conversation[0].content)]
        order = sorted(shown, key=lambda text: plain(conversation[0].content).index(text))
        scores = [float(x) for x in plain(conversation[1].content).rpartition("{")[2].rstrip("}").split(",")]
        return 3.0 if (scores[0] > scores[1]) == (truth[order[0]] > truth[order[1]]) else -3.0

    judge = Judge(ScriptedSampler(noisy), k=8, meta=ScriptedScorer(knows))
    with judge, Store(tmp_path / "run" / "run.sqlite", judge.identity()) as store:
        judge.batch(given, store)
    labels, figures = labels_file(tmp_path, given), tmp_path / "figures.json"
    done = solon("tune", "vote", tmp_path / "run", "--labels", labels, "--json", figures)
    assert done.code == 0, done.told
    found = json.loads(figures.read_text("utf-8"))
    ways = {row["way"]: row for row in found["rows"]}
    assert found["chosen"].startswith("meta, ")
    assert found["options"].startswith(("--weigh top", "--weigh soft --trust "))
    assert ways["votes"]["chosen"] == 0
    assert ways["majority"]["options"] == "-"
    assert found["gain"]["mean"] >= 0
    aucs = {name: auc["mean"] for name, auc in found["auc"].items()}
    assert 0.5 < aucs["margin"] < 0.9 < aucs["weight, among equal margins"], "that model knows all but ties of labels"
    assert aucs["weight, within a case"] == 1.0
    assert "What tells right judgments from wrong ones" in done.out


def test_too_few_labels_cannot_be_parted(solon: Callable[..., Done], tmp_path: Path) -> None:
    given = cases(3)
    run = made(tmp_path / "run", given, k=4)
    done = solon("tune", "vote", run, "--labels", labels_file(tmp_path, given))
    assert done.code == 2
    assert "5 folds" in done.told
    done = solon("tune", "vote", run, "--labels", labels_file(tmp_path, given), "--k", 5)
    assert "has 4 judgments" in done.told
