"""Curves: every sample counts once per point, ties and unread stay apart, and the page holds it all."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from solon.errors import UserError
from solon.report.curve import curve, earned, shape
from solon.report.page import Level, Line, draw, heading, picture, points_table, table, text, verbatim, write_page
from solon.report.tables import curve_table, facts_table, percent, rows_table
from solon.stats import Interval
from solon.types import Best, Label, Ratings, Right
from solon.vote import vote
from tests.report.making import judged, unread, voted


def test_blocks_of_k_consecutive_samples_vote() -> None:
    verdict = voted(judged(1, 2), judged(3, 1), judged(2, 2), judged(1, 9))
    labels: list[Label] = [Best(1)]
    one, two, four = curve([verdict], labels, (1, 2, 4))
    assert (one.accuracy.mean, one.strict.mean, one.ties) == (2.5 / 4, 2 / 4, 1 / 4)
    assert (two.accuracy.mean, two.strict.mean, two.ties) == (1 / 2, 1 / 2, 0.0)
    assert (four.accuracy.mean, four.title, four.cases) == (1.0, "vote@4", 1)


def test_blocks_vote_by_the_weights_that_their_samples_have() -> None:
    outcomes = [judged(9, 1), judged(1, 2), judged(1, 2), judged(9, 1)]
    verdict = vote(outcomes, 2, weights=[-2.0, 1.0, None, -1.0], keep=2, orders=[(0, 1)] * 4)
    labels: list[Label] = [Best(1)]
    one, two, four = curve([verdict], labels, (1, 2, 4), name="meta", keep=lambda k: (k + 1) // 2)
    assert [point.accuracy.mean for point in (one, two, four)] == [1 / 4, 1 / 2, 0.0]
    assert four.title == "meta@4"
    (plain,) = curve([verdict], labels, (4,))
    assert plain.accuracy == curve([voted(*outcomes)], labels, (4,))[0].accuracy


def test_weights_can_count_softly() -> None:
    outcomes = [judged(9, 1), judged(1, 2), judged(1, 2)]
    verdict = vote(outcomes, 2, weights=[1.0, 3.0, None], keep=3, orders=[(0, 1)] * 3)
    labels: list[Label] = [Best(1)]
    assert [curve([verdict], labels, (2,), soft=soft)[0].accuracy.mean for soft in (float, lambda w: w > 2)] == [
        0.0,
        1.0,
    ]
    assert earned([verdict], labels, 2, soft=lambda w: w > 2) == [1.0]


def test_the_shape_is_that_of_the_curve() -> None:
    verdicts = [voted(judged(1, 1), judged(2, 1)), voted(judged(3, 1), judged(3, 3))]
    labels: list[Label] = [Best(0), Best(0)]
    for k in (1, 2):
        (point,) = curve(verdicts, labels, (k,))
        assert shape(verdicts, labels, k) == (point.ties, point.distinct)


def test_samples_that_fill_no_block_are_left_out() -> None:
    (three,) = curve([voted(judged(1, 2), judged(1, 2), judged(1, 2), judged(9, 1))], [Best(1)], (3,))
    assert three.accuracy.mean == 1.0


def test_unread_earns_nothing_and_is_no_tie() -> None:
    (point,) = curve([voted(unread(), unread()), voted(judged(1, 2), unread())], [Best(1), Best(1)], (2,))
    assert (point.accuracy.mean, point.strict.mean, point.ties, point.unread) == (0.5, 0.5, 0.0, 0.75)


def test_labels_that_prefer_nothing_are_left_out() -> None:
    verdict = voted(judged(1, 2))
    assert curve([verdict], [Ratings((1.0, 1.0))], (1,)) == []
    (point,) = curve([verdict, verdict], [Ratings((1.0, 1.0)), Ratings((0.0, 3.0))], (1,))
    assert (point.cases, point.accuracy.mean) == (1, 1.0)


@pytest.mark.parametrize(
    ("scores", "label", "accuracy", "strict"),
    [
        ((1, 1, 0), True, 1.0, 1.0),
        ((1, 1, 0), False, 0.0, 0.0),
        ((0, 1, 0), False, 1.0, 1.0),
        ((1, 0), True, 0.5, 0.0),
        ((1, 0), False, 0.5, 0.0),
    ],
)
def test_of_0_and_1_the_majority_counts(scores: tuple[int, ...], label: bool, accuracy: float, strict: float) -> None:
    verdict = voted(*(judged(score) for score in scores), n=1)
    (point,) = curve([verdict], [Right(label)], (len(scores),))
    assert (point.accuracy.mean, point.strict.mean) == (accuracy, strict)


def test_more_votes_have_more_reward_values() -> None:
    verdicts = [voted(judged(1, 2), judged(i, 3)) for i in range(1, 4)]
    one, two = curve(verdicts, [Best(0)] * 3, (1, 2))
    assert (one.distinct, two.distinct) == ((2 + 3) / 2, 4)


def test_figures_read_as_percent() -> None:
    assert percent(Interval(0.5, 0.25, 0.751)) == "50.0 [25.0, 75.1]"


def printed(table: object) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_tables_hold_their_figures() -> None:
    (point,) = curve([voted(judged(1, 2))], [Best(1)], (1,))
    assert "100.0 [100.0, 100.0]" in printed(curve_table([point], "a curve"))
    facts = printed(facts_table({"calls": 12345, "share": "5 %", "said": "[/no] [bold]markup"}, "facts"))
    for part in ("12,345", "5 %", "[/no] [bold]markup"):
        assert part in facts
    text = printed(rows_table([{"some_name": "x", "share": 0.125, "rest": None}], "rows"))
    assert all(part in text for part in ("0.125", " - "))


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    verdicts = [voted(judged(1, 2), judged(i, 3)) for i in range(1, 5)]
    points = curve(verdicts, [Best(1)] * 4, (1, 2))
    lines = [Line("a judge", "#123456", points, points[0]), Line("another", "#654321", points[:1], marks="s--")]
    draw(lines, tmp_path / "curve.png", "a <curve>", flat=[Level("a scalar model", 0.5)])
    blocks = [picture(tmp_path / "curve.png", 'a "curve"'), points_table(points), heading("<h>"), text("<t>")]
    write_page(tmp_path / "curve.html", "a <curve>", [*blocks, verbatim("said <b>"), table(("<x>",), [["<y>"]])])
    page = (tmp_path / "curve.html").read_text("utf-8")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert page.count("<tr>") == 5
    escaped = ("a &lt;curve&gt;", "said &lt;b&gt;", "&lt;x&gt;", "&lt;y&gt;", "&quot;curve")
    for part in ("data:image/png;base64,", "vote@2", *escaped):
        assert part in page
    assert "://" not in page


def test_without_matplotlib_drawing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    points = curve([voted(judged(1, 2))], [Best(1)], (1,))
    with pytest.raises(UserError, match=r"pip install 'solon\[report\]'"):
        draw([Line("a judge", "#123456", points)], tmp_path / "curve.png", "a curve")


def test_reports_load_no_drawing_library() -> None:
    code = "import sys, solon.report.page, solon.report.show; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
