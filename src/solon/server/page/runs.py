"""The runs of a folder, read from their run files: what they are, which of their cases pass a filter, and one case.

A run file is open only for as long as it takes to read a few cases, so that whoever goes on with the run can.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

from solon.config import JudgeConfig
from solon.errors import SolonError, UserError
from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure, Sampled
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
_CHUNK = 50
_PAUSE = 0.002
_INDEXES = 4
_LATER = 60
_LOOKING = Lock()


Kept: TypeAlias = tuple[Case, Verdict | tuple[Case, Mapping[int, Sampled | Failure], Mapping[int, float]]]
"""A case with what its run file holds of it, so that it can be voted on when the file is closed again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a case is picked by, of all cases of a run."""

    id: str
    place: int
    flags: frozenset[str]
    agreement: float | None

    def passes(self, wanted: Collection[str], below: float) -> bool:
        """Tell whether the case passes all filters."""
        low = self.agreement is not None and self.agreement < below
        return all(low if one == "low" else one in self.flags for one in wanted)


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a verdict its case is picked by."""

    scores: Sequence[float] | None
    tied: Sequence[int]
    agreement: float | None
    consistency: float | None
    unread: bool

    @classmethod
    def of(cls, verdict: Verdict) -> "Seen":
        """Take it from a verdict."""
        consistency = verdict.position_consistency
        return cls(verdict.scores, verdict.tied, verdict.agreement, consistency, bool(verdict.unread))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A run between two looks into its file."""

    judge: Judge
    labels: dict[str, Label]

    def kept(self, store: Store, case: Case) -> "Kept":
        """Return what is kept of a case."""
        found = self.judge.principled(case, store)
        if isinstance(found, Verdict):
            return case, found
        weights = store.weights(case.id) if self.judge.keep is not None else {}
        return case, (trimmed(found, store.trim(case.id)), store.samples(case.id), weights)

    def verdict(self, kept: "Kept") -> Verdict:
        """Vote on what is kept of a case, be it all that was asked for or not."""
        _, found = kept
        return found if isinstance(found, Verdict) else self.judge.verdict(*found)

    def mark(self, place: int, name: str, seen: Seen) -> Mark:
        """Return what a case is picked by."""
        flags = {
            "tie": seen.scores is not None and len(seen.scores) > 1 and len(seen.tied) > 1,
            "disagreement": (seen.agreement is not None and seen.agreement < 1) or seen.consistency == 0,
            "unread": seen.unread,
            "mismatch": right(seen.scores, self.labels.get(name)) is False,
        }
        return Mark(name, place, frozenset(flag for flag, raised in flags.items() if raised), seen.agreement)


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
            total, kept = len(store.ids()), [run.kept(store, case) for case in store.cases(first, most)]
        rows = [_row(run, first + i, one) for i, one in enumerate(kept)]
        return {"total": total, "first": first, "labels": bool(run.labels), "rows": rows}

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
            kept = [(place, run.kept(store, case)) for place, case in found if case is not None]
        rows = [_row(run, *one) for one in kept]
        return {"total": len(marks), "first": first, "labels": bool(run.labels), "rows": rows}

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
            found = store.cases(place, 1)
            total = len(store.ids())
            if not found:
                raise UserError(f"the run '{name}' has no case {place + 1}")
            kept = run.kept(store, found[0])
        verdict = run.verdict(kept)
        keep = run.judge.ending.votes(len(verdict.outcomes))
        label = run.labels.get(found[0].id)
        told = verdict_view(verdict, keep=keep) | {"asked": run.judge.config.k, "right": right(verdict.scores, label)}
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
                with opened(path) as store:
                    judge = _judge(store.config(), path)
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
                kept = [run.kept(store, case) for case in store.cases(len(marks), _CHUNK)]
            marks += [run.mark(len(marks) + i, one[0].id, Seen.of(run.verdict(one))) for i, one in enumerate(kept)]
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
    beside = path.with_name("verdicts.jsonl")
    if not beside.is_file() or beside.stat().st_mtime < path.stat().st_mtime - _LATER:
        return None
    with opened(path) as store:
        names = store.ids()
    try:
        lines = [json.loads(line) for line in beside.read_text("utf-8").splitlines()]
        told = {line["id"]: _seen(line) for line in lines}
        return [run.mark(place, name, told[name]) for place, name in enumerate(names)]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _seen(line: dict[str, Any]) -> Seen:
    return Seen(line["scores"], line["tied"], line["agreement"], line["position_consistency"], bool(line["unread"]))


def _row(run: _Opened, place: int, kept: Kept) -> dict[str, Any]:
    case, verdict = kept[0], run.verdict(kept)
    mark = run.mark(place, case.id, Seen.of(verdict))
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
        with opened(path) as store:
            config = store.config()
            told |= {"cases": len(store.ids()), "samples": store.usage().samples}
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
