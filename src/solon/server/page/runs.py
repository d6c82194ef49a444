"""The runs of a folder, read from their run files: what they are, which of their cases pass a filter, and one case.

A run file is open only for as long as it takes to read a few cases, so that whoever goes on with the run can.
"""

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from solon.config import JudgeConfig
from solon.errors import SolonError, UserError
from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.scorers.scripted import ScriptedScorer
from solon.server.page.labels import label_view, labels_beside, right
from solon.server.page.view import case_view, snippet, verdict_view
from solon.store import Store
from solon.trimming import trimmed
from solon.types import Case, Label, Verdict

FILTERS = ("tie", "disagreement", "unread", "low", "mismatch")
"""What cases are picked by: no single best; samples that differ on it, or the orders do; samples that could not be
read; a share of agreeing samples below a bound; a verdict that its label says is wrong."""

_FILE = "run.sqlite"
_DEPTH = 3
_CHUNK = 100
_PAUSE = 0.002
_INDEXES = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """What a case is picked by, of all cases of a run."""

    place: int
    flags: frozenset[str]
    agreement: float | None

    def passes(self, wanted: Collection[str], below: float) -> bool:
        """Tell whether the case passes all filters."""
        low = self.agreement is not None and self.agreement < below
        return all(low if one == "low" else one in self.flags for one in wanted)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A run between two looks into its file."""

    judge: Judge
    labels: dict[str, Label]

    def verdict(self, store: Store, case: Case) -> Verdict:
        """Vote on what is kept of a case, be it all that was asked for or not."""
        found = self.judge.principled(case, store)
        if isinstance(found, Verdict):
            return found
        weights = store.weights(case.id) if self.judge.keep is not None else None
        return self.judge.verdict(trimmed(found, store.trim(case.id)), store.samples(case.id), weights)

    def mark(self, place: int, case: Case, verdict: Verdict) -> Mark:
        """Return what a case is picked by."""
        agreement, consistency = verdict.agreement, verdict.position_consistency
        flags = {
            "tie": len(verdict.tied) > 1 and case.n > 1,
            "disagreement": (agreement is not None and agreement < 1) or consistency == 0,
            "unread": bool(verdict.unread),
            "mismatch": right(verdict, self.labels.get(case.id)) is False,
        }
        return Mark(place, frozenset(name for name, raised in flags.items() if raised), agreement)


class Runs:
    """The runs of a folder; its methods read files and are made for a thread.

    Args:
        folder: where to look, three folders deep; None has no runs.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._indexes: dict[tuple[str, object], list[Mark]] = {}
        self._opened: dict[tuple[str, object], _Opened] = {}
        self._lock = Lock()

    def listed(self) -> list[dict[str, Any]]:
        """Return all runs, the last one that was written first."""
        found = sorted(self._files().items(), key=lambda item: -item[1].stat().st_mtime)
        return [_told(name, path) for name, path in found]

    def cases(self, name: str, wanted: Sequence[str], below: float, first: int, most: int) -> dict[str, Any]:
        """Return a page of a run's cases, those that pass all of `wanted`; without any the others are not looked at.

        Raises:
            UserError: there is no such run, or it cannot be read.
        """
        path = self._file(name)
        run = self._run(path)
        if wanted:
            marks = [mark for mark in self._index(path, run) if mark.passes(wanted, below)]
            total, places = len(marks), [mark.place for mark in marks[first : first + most]]
        else:
            with Store.of(path) as store:
                total = store.count()
            places = list(range(first, min(first + most, total)))
        return {"total": total, "first": first, "labels": bool(run.labels), "rows": _rows(path, run, places)}

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
        with Store.of(path) as store:
            found = store.cases(place, 1)
            total = store.count()
            if not found:
                raise UserError(f"the run '{name}' has no case {place + 1}")
            verdict = run.verdict(store, found[0])
        keep = run.judge.ending.votes(len(verdict.outcomes))
        label = run.labels.get(found[0].id)
        told = verdict_view(verdict, keep=keep) | {"asked": run.judge.config.k, "right": right(verdict, label)}
        scale = list(run.judge.form.scale or (1, 10))
        return {
            "case": case_view(found[0]),
            "verdict": told,
            "label": label_view(label),
            "scale": scale,
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
                with Store.of(path) as store:
                    judge = _judge(store.config(), path)
                _forget(self._opened)
                self._opened[key] = _Opened(judge, labels_beside(path.parent))
            return self._opened[key]

    def _index(self, path: Path, run: _Opened) -> list[Mark]:
        """Return the marks of all cases; the first time for a run they are all read and voted on."""
        key = _stamp(path)
        with self._lock:
            if key not in self._indexes:
                _forget(self._indexes)
                self._indexes[key] = _indexed(path, run)
            return self._indexes[key]


def _indexed(path: Path, run: _Opened) -> list[Mark]:
    marks: list[Mark] = []
    while True:
        with Store.of(path) as store:
            cases = store.cases(len(marks), _CHUNK)
            marks += [run.mark(len(marks) + i, case, run.verdict(store, case)) for i, case in enumerate(cases)]
        if len(cases) < _CHUNK:
            return marks
        time.sleep(_PAUSE)  # requests of the same process come first


def _rows(path: Path, run: _Opened, places: Sequence[int]) -> list[dict[str, Any]]:
    with Store.of(path) as store:
        return [_row(run, store, place, case) for place in places for case in store.cases(place, 1)]


def _row(run: _Opened, store: Store, place: int, case: Case) -> dict[str, Any]:
    verdict = run.verdict(store, case)
    mark = run.mark(place, case, verdict)
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
        "flags": sorted(mark.flags),
    }


def _told(name: str, path: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "written": path.stat().st_mtime}
    try:
        with Store.of(path) as store:
            config = store.config()
            told |= {"cases": store.count(), "samples": store.usage().samples}
    except SolonError as error:
        return told | {"fault": str(error)}
    return told | {key: str(config.get(key, "")) for key in ("model", "form", "k")}


def _judge(config: dict[str, Any], path: Path) -> Judge:
    """Return a judge that reads and votes as the run's own did, and asks nobody."""
    config = _summary(path.parent / "summary.json") | config
    options = {
        name: config[name] for name in JudgeConfig.model_fields if name in config and name not in ("model", "meta")
    }
    options["form"] = config.get("form_file", config["form"])
    judge = Judge(ScriptedSampler([]), meta=ScriptedScorer([]) if "meta" in config else None, **options)
    if judge.form.template_hash != config["template_hash"]:
        raise UserError(f"the form '{config['form']}' is not the one that this run was made with: restore its template")
    return judge


def _summary(path: Path) -> dict[str, Any]:
    """Return how the votes of a run were weighed, from what was written of it."""
    try:
        config = json.loads(path.read_text("utf-8"))["config"]
        return {key: config[key] for key in ("weigh", "k_meta", "scores") if config.get(key) is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _stamp(path: Path) -> tuple[str, object]:
    seen = path.stat()
    beside = path.with_name("labels.jsonl")
    return str(path), (seen.st_mtime_ns, seen.st_size, beside.is_file() and beside.stat().st_mtime_ns)


def _forget(cache: dict[tuple[str, object], Any]) -> None:
    while len(cache) >= _INDEXES:
        del cache[next(iter(cache))]
