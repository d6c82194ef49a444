"""A progress bar with rate, unread share, tokens and time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from solon.plan import Progress, Tell


@contextmanager
def bar(console: Console) -> Iterator[Tell]:
    """Show a bar and yield the function that moves it; on a terminal only, so that logs stay short."""
    if not console.is_terminal:
        yield lambda state: None
        return
    columns = (
        TextColumn("judging"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s  unread {task.fields[unread]:.1%}  {task.fields[tokens]:,} tokens"),
        TextColumn("{task.fields[weighed]}"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("judging", total=None, rate=0.0, unread=0.0, tokens=0, weighed="")

        def move(state: Progress) -> None:
            new = max(state.done - state.kept, 1)
            elapsed = shown.tasks[0].elapsed or 1.0
            rate, unread = new / elapsed, state.unread / new
            weighed = f"{state.weighed:,} weighed" if state.weighed else ""
            shown.update(task, total=state.total, completed=state.done)
            shown.update(task, rate=rate, unread=unread, tokens=state.tokens, weighed=weighed)

        yield move


@contextmanager
def steps(console: Console, title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of a training's steps and yield the function that moves it; on a terminal only."""
    if not console.is_terminal:
        yield lambda step, total: None
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with RichProgress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(title, total=None)
        yield lambda step, total: shown.update(task, completed=step, total=total)
