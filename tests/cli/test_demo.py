"""`solon demo` with a scripted judge in the place of the tiny model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request, Sampled
from tests.cli.conftest import Done

pytest.importorskip("matplotlib")


def noisy(request: Request, index: int) -> Sampled:
    """Judge by the seed alone."""
    first, second = (request.seed + index) % 9 + 1, (request.seed + index) % 7 + 2
    return Sampled(
        f"Principles: brief 3.\n[1] brief yes: {first}\n[2] brief no: {second}\n\\boxed{{{first}, {second}}}", tokens=30
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    requests: list[Request] = []

    def judge(_: object, **options: object) -> Judge:
        sampler = ScriptedSampler(noisy)
        sampler.asked = requests
        return Judge(sampler, **options)

    monkeypatch.setattr("solon.cli.demo.Judge", judge)
    return requests


def test_it_prints_the_curve_and_writes_the_report(
    solon: Callable[..., Done], tmp_path: Path, asked: list[Request]
) -> None:
    done = solon("demo", "--cases", 6, "--out", tmp_path / "demo", "--json", tmp_path / "more" / "figures.json")
    assert done.code == 0
    for part in ("greedy", "vote@1", "vote@32", "points over one sample", "over greedy", "mean tokens per judgment"):
        assert part in done.out
    assert done.out.count("\ncase ") + done.out.startswith("case ") == 3
    names = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert names == ["curve.html", "curve.json", "curve.png", "k1.sqlite", "k32.sqlite"]
    figures = json.loads((tmp_path / "more" / "figures.json").read_text("utf-8"))
    assert [(point["name"], point["k"]) for point in figures["points"]] == [
        ("greedy", 1),
        *(("vote", k) for k in (1, 2, 4, 8, 16, 32)),
    ]
    assert all(point["accuracy"].keys() == {"mean", "low", "high"} for point in figures["points"])
    assert figures["tokens"] == {"sampled": 30.0, "greedy": 30.0}
    assert sum(request.n for request in asked) == 6 * 33
    asked.clear()
    assert solon("demo", "--cases", 6, "--out", tmp_path / "demo").code == 0
    assert asked == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--cases", 0), "--cases"), (("--out", "FILE"), "cannot be made"), (("--cases", "x"), "--cases")],
)
def test_what_cannot_be_is_a_sentence(
    solon: Callable[..., Done], tmp_path: Path, asked: list[Request], arguments: tuple[object, ...], told: str
) -> None:
    path = tmp_path / "file"
    path.write_text("")
    done = solon("demo", *[path if argument == "FILE" else argument for argument in arguments])
    assert (done.code, told in done.told, asked) == (2, True, [])
