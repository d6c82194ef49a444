"""The progress bar: on a terminal only, with rate, unread share, tokens and time left."""

from io import StringIO

from rich.console import Console

from solon.cli.progress import bar
from solon.plan import Progress


def test_a_terminal_sees_how_far_a_run_is() -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=120, color_system=None)
    with bar(console) as move:
        move(Progress(total=40, kept=10, done=20, unread=1, tokens=12345))
    for part in ("judging", "20/40", "/s", "unread 10.0%", "12,345 tokens", ":--"):
        assert part in shown.getvalue()
    assert "weighed" not in shown.getvalue()


def test_judgments_are_counted_as_they_are_weighed() -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=120, color_system=None)
    with bar(console) as move:
        move(Progress(total=4000, done=4000, weighed=1234))
    assert "1,234 weighed" in shown.getvalue()


def test_a_log_stays_short() -> None:
    shown = StringIO()
    with bar(Console(file=shown)) as move:
        move(Progress(total=40, done=20))
    assert shown.getvalue() == ""
