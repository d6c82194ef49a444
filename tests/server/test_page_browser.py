"""The page in a real browser: paste, judge, read, open a run and filter, with hostile texts, also on a phone."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request
from solon.server.app import create_app
from solon.server.logs import Log
from solon.server.serving import server
from solon.server.settings import Settings
from solon.store import Store
from tests.judge.judging import case, shown
from tests.server import axe
from tests.server.serving import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.slow

SIZES = {"screen": (1280, 800), "phone": (375, 780)}
HOSTILE = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 2'> <img src='https://example.com/a.png'>",
    "'\"><svg/onload=window.hit=3></textarea></details><style>* { display: none }</style>",
    "[press](javascript:window.hit=4) ![seen](https://example.com/seen.png) ![x](data:image/svg+xml,<svg/onload=hit>)",
    "<a href='data:text/html,<script>opener.hit=5</script>' onclick='window.hit=6'>press</a>",
    "<iframe srcdoc='<script>parent.hit=7</script>'></iframe><object data='data:text/html,hi'></object>",
    "<meta http-equiv=refresh content='0;url=https://example.com'><base href='https://example.com/'>",
    "${window.hit=8} {{constructor.constructor('window.hit=9')()}} \u202e &lt;script&gt; " + "W" * 3000,
)


def judgment(request: Request, index: int) -> str:
    """Judge by length, in words that attack; some samples cannot be read."""
    draw = request.seed + index
    said = HOSTILE[draw % len(HOSTILE)]
    if draw % 6 == 0:
        return f"{said} and no box"
    scores = [min(10, 1 + len(text) % 7 + (draw + i) % 3) for i, text in enumerate(shown(request))]
    parts = "\n".join(f"Response {i + 1} {said}" for i in range(len(scores)))
    principles = f"Principles:\n- {said} (weight: 60%)\n- clarity (weight: 40%)"
    return f"{principles}\n\nAnalysis:\n{parts}\n\nScores:\n\\boxed{{{', '.join(map(str, scores))}}}"


def runs(folder: Path) -> Path:
    """Make a folder with a run of 130 hostile cases and their labels."""
    (folder / "hostile").mkdir()
    found = [
        case(f"{i} {HOSTILE[i % 7]}", *(f"{said} {'x' * (i % 5)}" for said in HOSTILE[:2]), prompt=HOSTILE[i % 8])
        for i in range(130)
    ]
    with (
        Judge(ScriptedSampler(judgment), k=4) as judge,
        Store(folder / "hostile" / "run.sqlite", judge.identity()) as s,
    ):
        judge.batch(found, s)
    lines = [json.dumps({"id": one.id, "prompt": "?", "responses": ["a", "b"], "best": 0}) + "\n" for one in found]
    (folder / "hostile" / "labels.jsonl").write_text("".join(lines))
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page in a thread."""
    settings = Settings(runs=runs(tmp_path_factory.mktemp("runs")))
    app, port = create_app(Judge(ScriptedSampler(judgment), k=8), settings, log=Log(stream=io.StringIO())), free_port()
    running = server(app, "127.0.0.1", port)
    thread = threading.Thread(target=asyncio.run, args=(running.serve(),))
    thread.start()
    while not running.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


class Watched:
    """A page of a browser, what it asked for, and what went wrong in it."""

    def __init__(self, browser: "Browser", size: str, scheme: Any = "light") -> None:
        width, height = SIZES[size]
        phone = size == "phone"
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone, color_scheme=scheme
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("popup", lambda popup: self.faults.append(popup.url))

    def unharmed(self, address: str) -> None:
        """Check that nothing ran, nothing foreign was asked for, and nothing is wider than the screen."""
        page = self.page
        assert (page.evaluate("window.hit ?? null"), self.faults) == (None, [])
        assert {url for url in self.asked if not url.startswith(address)} == set()
        tags = page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]")
        assert not set(tags) & {"img", "iframe", "object", "embed", "base", "style", "form:not([id])"}
        assert page.locator("script").count() == 1
        links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
        assert all(link.startswith("#") for link in links)
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.evaluate(wide), "something is wider than the screen"


def paste(page: "Page", address: str, *responses: str) -> None:
    """Paste a conversation and its responses, and have them judged."""
    page.goto(address)
    page.get_by_label("What was asked").fill(HOSTILE[0])
    for i, response in enumerate(responses):
        if i > 1:
            page.get_by_role("button", name="Add a response").click()
        page.get_by_label(f"Response {'ABCDE'[i]}", exact=True).fill(response)
    page.get_by_text("Principles and reference").click()
    page.get_by_label("An answer known to be right").fill(HOSTILE[1])
    page.get_by_label("Votes", exact=True).fill("12")
    page.get_by_role("button", name="Judge", exact=True).click()
    told(page, "Agreement")


def told(page: "Page", text: str) -> None:
    """Wait until a text is shown."""
    page.locator("#view").get_by_text(text).wait_for()


@pytest.mark.parametrize("size", SIZES)
def test_paste_judge_read_open_a_run_and_filter(size: str, address: str, browser: "Browser", tmp_path: Path) -> None:
    watched = Watched(browser, size)
    page = watched.page
    paste(page, address, *HOSTILE[2:5])
    assert page.locator(".ballot button").count() == 12
    page.get_by_role("button", name="Open all").click()
    assert page.locator(".vote .columns").first.locator(":scope > div").count() == 3
    assert HOSTILE[3] in page.locator(".response").nth(1).inner_text(), "the text is shown as it was written"
    assert page.locator(".response").first.get_by_role("img").get_attribute("aria-label").startswith("Scores given: ")
    page.screenshot(path=tmp_path / "judged.png", full_page=True)
    watched.unharmed(address)
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("link", name="hostile").click()
    told(page, "1 to 50 of 130 cases")
    page.get_by_role("link", name="Later").click()
    told(page, "51 to 100 of 130 cases")
    page.screenshot(path=tmp_path / "cases.png", full_page=True)
    watched.unharmed(address)
    chip = page.locator(".chip").filter(has_text="Against the label")
    chip.locator(".count:not(:empty)").wait_for()
    count = int(chip.locator(".count").inner_text())
    chip.click()
    told(page, f"of {count} case")
    assert 0 < count < 130
    page.locator(".case a").first.click()
    told(page, "the verdict disagrees")
    page.get_by_role("button", name="Open all").click()
    page.screenshot(path=tmp_path / "case.png", full_page=True)
    watched.unharmed(address)
    page.get_by_role("navigation", name="Where you are").get_by_role("link", name="hostile").click()
    told(page, f"of {count} case")
    watched.context.close()


def test_votes_are_told_and_all_is_done_by_keyboard(address: str, browser: "Browser") -> None:
    watched = Watched(browser, "screen")
    page = watched.page
    page.goto(address)
    page.evaluate("window.said = []")
    page.get_by_role("button", name="Judge", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "prompt", "the field that is empty has the focus"
    page.evaluate(
        "new MutationObserver(() => said.push(document.getElementById('live').textContent))"
        ".observe(document.getElementById('live'), {childList: true})"
    )
    page.keyboard.type("Why?")
    page.keyboard.press("Tab")
    order = []
    for _ in range(4):
        order.append(page.evaluate("document.activeElement.id || document.activeElement.ariaLabel"))
        if order[-1].startswith("response-"):
            page.keyboard.type(f"an answer of its own length {'x' * len(order)}")
        page.keyboard.press("Tab")
    assert order == ["Remove response A", "response-0", "Remove response B", "response-1"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Control+Enter")
    told(page, "Agreement")
    said = page.evaluate("said")
    assert [text.partition(":")[0] for text in said] == [*(f"Vote {i} of 8" for i in range(1, 9)), "Verdict"]
    page.locator(".ballot button").nth(5).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('details').id") == "vote-5"
    assert page.evaluate("document.activeElement.closest('details').open")
    assert watched.faults == []
    watched.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious(size: str, scheme: str, address: str, browser: "Browser") -> None:
    script = axe.script()
    watched = Watched(browser, size, scheme)
    page = watched.page

    def sound() -> None:
        page.evaluate(script)
        found = page.evaluate("axe.run()")["violations"]
        told = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
        assert not [one for one, raw in zip(told, found, strict=True) if raw["impact"] in ("serious", "critical")]

    paste(page, address, *HOSTILE[2:4], HOSTILE[7])
    page.get_by_role("button", name="Open all").click()
    sound()
    page.goto(f"{address}/#/runs")
    page.get_by_role("link", name="hostile").wait_for()
    sound()
    page.get_by_role("link", name="hostile").click()
    page.locator(".case a").first.wait_for()
    sound()
    page.locator(".case a").first.click()
    page.get_by_role("heading", name="Votes").wait_for()
    sound()
    watched.context.close()


def late(route: "Route", held: list["Route"]) -> None:
    """Hold what the wrong key asked for, so that its answer comes after the right one's."""
    if route.request.headers.get("authorization") == "Bearer wrong":
        held.append(route)
    else:
        route.continue_()


def test_a_key_is_asked_for(browser: "Browser", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLON_API_KEYS", "sesame")
    port = free_port()
    app = create_app(Judge(ScriptedSampler(judgment), k=2), log=Log(stream=io.StringIO()))
    running = server(app, "127.0.0.1", port)
    thread = threading.Thread(target=asyncio.run, args=(running.serve(),))
    thread.start()
    watched = Watched(browser, "screen")
    try:
        while not running.started:
            thread.join(0.01)
        page = watched.page
        held: list[Route] = []
        page.route("**/page/about", lambda route: late(route, held))
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_label("API key").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_label("API key").fill("sesame")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Judge responses").wait_for()
        with page.expect_response(lambda answer: answer.status == 401):
            held.pop().continue_()
        page.evaluate("new Promise((go) => setTimeout(go, 100))")
        assert page.get_by_label("API key").is_hidden()
        assert page.get_by_role("heading", name="Judge responses").is_visible()
    finally:
        watched.context.close()
        running.should_exit = True
        thread.join()
