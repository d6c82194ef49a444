"""The page of a run in a real browser: offline, from a file, with hostile texts, on a screen and on a phone."""

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from solon import cli
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request
from tests.benchmarks.synthetic import noisy, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.slow

MOST = 5 * 2**20
"""Bytes that the page of 1,000 cases may have."""
CASES = 1000
HOSTILE = (
    "<script>window.hit = 1</script>",
    "</pre></details></body></html><script>window.hit = 2</script>",
    "<img src=x onerror='window.hit = 3'>",
    "'\"><svg/onload=window.hit=4>",
    "<a href='javascript:window.hit=5'>press</a>",
    "<iframe src='data:text/html,<script>parent.hit=6</script>'></iframe>",
    "<object data='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='></object>",
    "<link rel=stylesheet href=https://example.com/x.css><meta http-equiv=refresh content='0;url=https://example.com'>",
    "&lt;script&gt;window.hit = 7&lt;/script&gt; \u202e \u0000 \ud800 ]]> {{7*7}} ${window.hit=8}",
    "<style>* { display: none }</style><base href='https://example.com/'>",
)
WIDE = "W" * 4000


def hostile(request: Request, index: int) -> str:
    """Judge as the noisy judge does, in words that no page should take for its own; some judgments cannot be read."""
    said = HOSTILE[(request.seed + index) % len(HOSTILE)]
    box = noisy(request, index) if (request.seed + index) % 7 else "no box"
    return f"Specific Criteria: {said}, {WIDE}\nAnalysis: {said} {'and so on ' * 200}\n{said} {box}"


def data(folder: Path) -> Path:
    """Write pairs of JudgeBench of which every text, id and source attacks."""
    rng = random.Random(0)
    rows = []
    for i in range(CASES):
        said = HOSTILE[i % len(HOSTILE)]
        a, b = (f"{said} worth {rng.randint(1, 10)} {WIDE if i % 3 else ''}" for _ in range(2))
        row = {
            "pair_id": f"p{i}{said}",
            "source": f"mmlu-pro-{said}",
            "question": f"{said} {i}?",
            "response_model": said,
        }
        rows.append(row | {"response_A": a, "response_B": b, "label": rng.choice(("A>B", "B>A"))})
    return write(folder / "dataset=hostile.jsonl", rows)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the benchmark of hostile texts and return its page."""
    folder = tmp_path_factory.mktemp("hostile")
    told = ("--data", data(folder / "data"), "--model", HOSTILE[0], "--k", "4", "--out", folder / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("solon.judge.open_sampler", lambda config: ScriptedSampler(hostile))
        assert cli._run(["bench", "judgebench", "--partial", *map(str, told)]) == 0
    return folder / "run" / "report.html"


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["screen", "phone"])
def test_the_page_is_small_runs_nothing_and_fits(size: tuple[int, int], page: Path, browser: "Browser") -> None:
    assert page.stat().st_size < MOST
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, is_mobile=size[0] < 600, has_touch=size[0] < 600, offline=True
    )
    opened, asked, faults = context.new_page(), [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("dialog", lambda dialog: faults.append(dialog.message))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.goto(page.as_uri())
    for summary in opened.locator("summary").all():
        summary.click()
    opened.wait_for_timeout(200)
    assert (opened.evaluate("window.hit ?? null"), faults) == (None, [])
    assert asked == [page.as_uri()]
    allowed = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "img",
        "div",
        "table",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "pre",
    ]
    tags = opened.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]")
    assert set(tags) <= set(allowed)
    names = opened.evaluate(
        "[...new Set([...document.body.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))]"
    )
    assert set(names) == {"alt", "src", "class", "open"}
    assert opened.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shown = opened.locator("pre").all_inner_texts()
    assert len(shown) == 20
    assert HOSTILE[0] in "".join(shown), "the text is shown as it was written"
    assert json.loads((page.parent / "bench.json").read_text("utf-8"))["items"] == CASES
    context.close()
