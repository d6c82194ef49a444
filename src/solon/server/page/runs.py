"""The runs of a folder, read from their run files: what they are, which of their cases pass a filter, and one case.

A run file is open only for as long as it takes to read a few cases, so that whoever goes on with the run can.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

from solon.errors import SolonError, UserError
from solon.judge import Judge
from solon.server.page.labels import NAME, label_view, labels_beside, right
from solon.server.page.picking import FILTERS, Mark, Seen
from solon.server.page.view import case_view, snippet, verdict_view
from solon.store import Store
from solon.types import Case, Label, Verdict

_FILE, _VERDICTS, _SUMMARY = "run.sqlite", "verdicts.jsonl", "summary.json"
_DEPTH = 3
_CHUNK = 50
_PAUSE = 0.002
_INDEXES = 4
_LATER = 60
_LOOKING = Lock()

Kept: TypeAlias = tuple[int, Case, Callable[[], Verdict]]
"""A case's place, the case, and what votes on all that its run file holds of it, when that is closed again."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A run between two looks into its file."""

    judge: Judge
    labels: dict[str, Label]

    def kept(self, store: Store, first: int, cases: Iterable[Case]) -> list[Kept]:
        """Read what is kept of cases, the first of which has that place."""
        return [(place, case, self.judge.recalled(case, store)) for place, case in enumerate(cases, first)]

    def mark(self, place: int, name: str, seen: Seen) -> Mark:
        """Return what a case is picked by."""
        return Mark(name, place, seen.flags(self.labels.get(name)), seen.agreement)

    def row(self, kept: Kept) -> dict[str, Any]:
        """Return a case as the page lists it."""
        place, case, vote = kept
        verdict = vote()
        return {
            "place": place,
            "id": case.id,
            "prompt": snippet(case),
            "scores": verdict.scores and list(verdict.scores),
            "best": verdict.best,
            "tied": list(verdict.tied),
            "read": len(verdict.judgments),
            "unread": len(verdict.outcomes) - len(verdict.judgments),
            "agreement": verdict.agreement,
            "flags": sorted(self.mark(place, case.id, Seen.of(verdict)).flags),
        }


class Runs:
    """The runs of a folder; its methods read files and are made for a thread.

    Args:
        folder: where to look, three folders deep; None has no runs.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._indexes: dict[tuple[str, object], list[Mark]] = {}
        self._opened: dict[tuple[str, object], _Opened] = {}
        self._lock, self._counting = Lock(), Lock()
        self._closed = False

    def close(self) -> None:
        """Break off what is being read."""
        self._closed = True

    def listed(self) -> list[dict[str, Any]]:
        """Return all runs, the last one that was written first."""
        found = sorted(self._files().items(), key=lambda item: -item[1].stat().st_mtime)
        return [_told(name, path) for name, path in found]

    def cases(self, name: str, first: int, most: int) -> dict[str, Any]:
        """Return a page of a run's cases; the others are not looked at.

        Raises:
            UserError: there is no such run, or it cannot be read.
        """
        path = self._file(name)
        run = self._run(path)
        with opened(path) as store:
            total, kept = len(store.ids()), run.kept(store, first, store.cases(first, most))
        return {"total": total, "first": first, "labels": bool(run.labels), "rows": list(map(run.row, kept))}

    def picked(self, name: str, wanted: Sequence[str], below: float, first: int, most: int) -> dict[str, Any]:
        """Return a page of those of a run's cases that pass all of `wanted`.

        Raises:
            UserError: as `cases` does.
        """
        path = self._file(name)
        run = self._run(path)
        marks = [mark for mark in self._index(path, run) if mark.passes(wanted, below)]
        with opened(path) as store:
            found = [(mark.place, store.case(mark.id)) for mark in marks[first : first + most]]
            kept = [one for place, case in found if case is not None for one in run.kept(store, place, [case])]
        return {"total": len(marks), "first": first, "labels": bool(run.labels), "rows": list(map(run.row, kept))}

    def counts(self, name: str, below: float) -> dict[str, int]:
        """Return how many cases of a run pass each filter.

        Raises:
            UserError: as `cases` does.
        """
        path = self._file(name)
        marks = self._index(path, self._run(path))
        return {one: sum(mark.passes([one], below) for mark in marks) for one in FILTERS}

    def case(self, name: str, place: int) -> dict[str, Any]:
        """Return a case and its verdict.

        Raises:
            UserError: as `cases` does, or the run has no such case.
        """
        path = self._file(name)
        run = self._run(path)
        with opened(path) as store:
            total, kept = len(store.ids()), run.kept(store, place, store.cases(place, 1))
        if not kept:
            raise UserError(f"the run '{name}' has no case {place + 1}")
        _, case, vote = kept[0]
        verdict, label, judge = vote(), run.labels.get(case.id), run.judge
        told = verdict_view(verdict, keep=judge.ending.votes(len(verdict.outcomes)))
        return {
            "case": case_view(case),
            "verdict": told | {"asked": judge.config.k, "right": right(verdict.scores, label)},
            "label": label_view(label),
            "scale": list(judge.form.scale or (1, 10)),
            "total": total,
        }

    def _files(self) -> dict[str, Path]:
        if self._folder is None:
            return {}
        patterns = ["*/" * depth + _FILE for depth in range(_DEPTH + 1)]
        paths = [path for pattern in patterns for path in self._folder.glob(pattern) if path.is_file()]
        return {str(path.parent.relative_to(self._folder)): path for path in paths}

    def _file(self, name: str) -> Path:
        if (path := self._files().get(name)) is None:
            raise UserError(f"there is no run '{name[:80]}'")
        return path

    def _run(self, path: Path) -> _Opened:
        key = _stamp(path)
        with self._lock:
            if key not in self._opened:
                with opened(path) as store:
                    judge = Judge.of_run(_weighed(path) | store.config())
                _forget(self._opened)
                self._opened[key] = _Opened(judge, labels_beside(path.parent))
            return self._opened[key]

    def _index(self, path: Path, run: _Opened) -> list[Mark]:
        """Return the marks of all cases; the first time for a run they are all read and voted on."""
        key = _stamp(path)
        with self._counting:
            if key not in self._indexes:
                _forget(self._indexes)
                self._indexes[key] = _written(path, run) or self._voted(path, run)
            return self._indexes[key]

    def _voted(self, path: Path, run: _Opened) -> list[Mark]:
        marks: list[Mark] = []
        while not self._closed:
            with opened(path) as store:
                kept = run.kept(store, len(marks), store.cases(len(marks), _CHUNK))
            marks += [run.mark(place, case.id, Seen.of(vote())) for place, case, vote in kept]
            if len(kept) < _CHUNK:
                return marks
            time.sleep(_PAUSE)  # requests of the same process come first
        raise UserError("the server is about to end")


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open a run file for a short look; in this process one at a time, since whoever opens it has it alone.

    Raises:
        UserError: it cannot be used, or another process is writing it.
    """
    with _LOOKING, Store.of(path) as store:
        yield store


def _written(path: Path, run: _Opened) -> list[Mark] | None:
    """Return the marks from the verdicts that were written beside a run, if they are of all its cases as they are."""
    beside = path.with_name(_VERDICTS)
    if not beside.is_file() or beside.stat().st_mtime < path.stat().st_mtime - _LATER:
        return None
    with opened(path) as store:
        names = store.ids()
    try:
        lines = [json.loads(line) for line in beside.read_text("utf-8").splitlines()]
        told = {line["id"]: Seen.of(line) for line in lines}
        return [run.mark(place, name, told[name]) for place, name in enumerate(names)]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _told(name: str, path: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "written": path.stat().st_mtime}
    try:
        with opened(path) as store:
            config = store.config()
            told |= {"cases": len(store.ids()), "samples": store.usage().samples}
    except SolonError as error:
        return told | {"fault": str(error)}
    return told | {key: str(config.get(key, "")) for key in ("model", "form", "k")}


def _weighed(path: Path) -> dict[str, Any]:
    """Return how the votes of a run were weighed, from what was written of it."""
    try:
        config = json.loads(path.with_name(_SUMMARY).read_text("utf-8"))["config"]
        return {key: config[key] for key in ("weigh", "k_meta", "trust", "scores") if config.get(key) is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _stamp(path: Path) -> tuple[str, object]:
    """Identify a run as it is: its file and what is read beside it."""
    beside = [path.with_name(name) for name in (NAME, _VERDICTS, _SUMMARY)]
    return str(path), tuple(
        (one.name, one.stat().st_mtime_ns, one.stat().st_size) for one in [path, *beside] if one.is_file()
    )


def _forget(cache: dict[tuple[str, object], Any]) -> None:
    while len(cache) >= _INDEXES:
        del cache[next(iter(cache))]
