"""The run file: every sample is kept the moment it arrives, and a killed run resumes with nothing asked twice.

One SQLite file (WAL, one writer). All samples of one answer are one transaction. Texts go in as bytes cast to text,
since Python's driver takes no lone surrogates, which models and data do write.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from solon.errors import UserError
from solon.samplers.seam import Answer, Failure, Sampled, TokenLogprob
from solon.types import Case, First, Image, Message, Order, Text

_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cases (
    id TEXT PRIMARY KEY, place INTEGER NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, tags TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY, prompt_tokens INTEGER NOT NULL, calls INTEGER NOT NULL, latency REAL NOT NULL);
CREATE TABLE IF NOT EXISTS samples (
    case_id TEXT NOT NULL REFERENCES cases(id), place INTEGER NOT NULL, shown TEXT NOT NULL, seed INTEGER NOT NULL,
    answer INTEGER NOT NULL REFERENCES answers(id), text TEXT, finish TEXT, reasoning TEXT, tokens INTEGER,
    logprobs TEXT, failure TEXT, detail TEXT, trim INTEGER, PRIMARY KEY (case_id, place));
CREATE TABLE IF NOT EXISTS weights (
    case_id TEXT NOT NULL REFERENCES cases(id), place INTEGER NOT NULL, weight REAL NOT NULL,
    PRIMARY KEY (case_id, place));
CREATE TABLE IF NOT EXISTS principles (
    query TEXT PRIMARY KEY, answer INTEGER NOT NULL REFERENCES answers(id), text TEXT, finish TEXT, reasoning TEXT,
    tokens INTEGER, logprobs TEXT, failure TEXT, detail TEXT);
CREATE TABLE IF NOT EXISTS firsts (
    scorer TEXT NOT NULL, case_id TEXT NOT NULL REFERENCES cases(id), scores TEXT NOT NULL, tokens INTEGER,
    PRIMARY KEY (scorer, case_id));
"""
_TABLES = {"run", "cases", "answers", "samples"}
_INSERT_CASE = """
INSERT INTO cases VALUES (CAST(? AS TEXT), ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET place = excluded.place, tags = excluded.tags
"""
_SELECT_CASE = "SELECT place, digest, tags FROM cases WHERE id = CAST(? AS TEXT)"
_SELECT_CASES = """
SELECT id, body, tags FROM cases
WHERE rowid IN (SELECT rowid FROM cases ORDER BY place, rowid LIMIT ? OFFSET ?) ORDER BY place, rowid
"""
_SELECT_CASE_OF = "SELECT id, body, tags FROM cases WHERE id = CAST(? AS TEXT)"
_INSERT_NEW = "INSERT OR IGNORE INTO cases VALUES (CAST(? AS TEXT), ?, ?, ?, ?)"
_NEXT_PLACE = "SELECT coalesce(max(rowid), 0) FROM cases"
_INSERT_ANSWER = "INSERT INTO answers (prompt_tokens, calls, latency) VALUES (?, ?, ?)"
_INSERT = """
INSERT OR REPLACE INTO samples VALUES (
    CAST(? AS TEXT), ?, ?, ?, ?, CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT), ?)
"""
_TRIM = "SELECT min(trim) FROM samples WHERE case_id = CAST(?1 AS TEXT)"
_SELECT = f"""
SELECT place, text, finish, reasoning, tokens, logprobs, failure, detail FROM samples
WHERE case_id = CAST(?1 AS TEXT) AND trim IS ({_TRIM}) ORDER BY place
"""
_INSERT_PRINCIPLES = """
INSERT OR REPLACE INTO principles VALUES (?, ?, CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT))
"""
_SELECT_PRINCIPLES = """
SELECT text, finish, reasoning, tokens, logprobs, failure, detail FROM principles WHERE query = ?
"""
_INSERT_WEIGHT = "INSERT OR REPLACE INTO weights VALUES (CAST(? AS TEXT), ?, ?)"
_DROP_WEIGHTS = """
DELETE FROM weights WHERE case_id = CAST(?1 AS TEXT)
AND place IN (SELECT place FROM samples WHERE case_id = CAST(?1 AS TEXT) AND trim IS NOT ?2)
"""
_SELECT_WEIGHTS = "SELECT place, weight FROM weights WHERE case_id = CAST(? AS TEXT) ORDER BY place"
_INSERT_FIRST = "INSERT OR REPLACE INTO firsts VALUES (?, CAST(? AS TEXT), ?, ?)"
_SELECT_FIRST = "SELECT scores, tokens FROM firsts WHERE scorer = ? AND case_id = CAST(? AS TEXT)"
_READ = """
SELECT coalesce(sum(prompt_tokens), 0), count(*) FROM answers
WHERE id IN (SELECT answer FROM samples WHERE case_id = CAST(? AS TEXT))
"""
_USAGE = """
SELECT coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0),
    (SELECT coalesce(sum(tokens), 0) FROM samples), (SELECT count(*) FROM samples), coalesce(sum(latency), 0.0),
    (SELECT coalesce(sum(tokens), 0) FROM principles)
FROM answers
"""
_CURES = {
    sqlite3.SQLITE_BUSY: "another run is writing it; wait for its end, or use another {option}",
    sqlite3.SQLITE_NOTADB: "it is not a {kind}; use another {option}",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; use another {option}",
    sqlite3.SQLITE_FULL: "the disk is full; make room and run the same command again",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one sample in its case: sample index, the order it sees and its own seed."""

    place: int
    order: Order
    seed: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run cost so far: calls made, tokens as billed, samples kept, and seconds waited, summed over answers.

    `completion_tokens` are those of judgments; principles written apart have theirs in `principles_tokens`.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    samples: int
    latency: float
    principles_tokens: int = 0


class Store:
    """The samples of one run, and what a meta model weighed them. One thread at a time may use it.

    Raises:
        UserError: the file belongs to another configuration (the fields that differ are named), to other cases, is
            not a run file, or cannot be written.
    """

    def __init__(self, path: str | Path, config: Mapping[str, object] | None) -> None:
        """Open or create the run file for a configuration, None for its own; `path` may be `:memory:`."""
        self.path = str(path)
        with self._told():
            self._db = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
        try:
            with self._told():
                self._open(config)
        except UserError:
            self.close()
            raise

    @classmethod
    def of(cls, path: str | Path) -> Self:
        """Open the run file that is there, with the configuration that it was made with.

        Raises:
            UserError: there is none, or it cannot be used.
        """
        if not Path(path).is_file():
            raise UserError(
                f"there is no run file '{path}': name the folder that solon judge --out made, or its run.sqlite"
            )
        return cls(path, None)

    def config(self) -> dict[str, Any]:
        """Return the configuration that the run was made with."""
        with self._told():
            return {key: json.loads(value) for key, value in self._db.execute("SELECT key, value FROM run")}

    def ids(self) -> list[str]:
        """Return the ids of the run's cases in their order."""
        with self._told():
            return [name for (name,) in self._db.execute("SELECT id FROM cases ORDER BY place, rowid")]

    def case(self, case_id: str) -> Case | None:
        """Return one case, or None."""
        with self._told():
            row = self._db.execute(_SELECT_CASE_OF, (_bytes(case_id),)).fetchone()
            return None if row is None else _case(row[0], json.loads(row[1]), json.loads(row[2]))

    def cases(self, first: int = 0, most: int = -1) -> list[Case]:
        """Return the run's cases in their order, or at most so many from the first on; -1 is all.

        An image is where it was found, if that was kept.
        """
        with self._told():
            rows = self._db.execute(_SELECT_CASES, (most, first))
            return [_case(name, json.loads(body), json.loads(tags)) for name, body, tags in rows]

    def add_cases(self, cases: Sequence[Case], first: int = 0) -> None:
        """Register cases in their order, the first at that place; the same cases again change nothing but their tags.

        Raises:
            UserError: a case is not the one that the run began with.
        """
        with self._told():
            changed = []
            for place, case in enumerate(cases, first):
                row = _case_row(place, case)
                known = self._db.execute(_SELECT_CASE, (row[0],)).fetchone()
                if known is not None and known[1] != row[2]:
                    raise UserError(f"case '{case.id}' is not the one that '{self.path}' began with; use another --out")
                if known != (place, row[2], row[4]):
                    changed.append(row)
            if changed:
                with self._db:
                    self._db.executemany(_INSERT_CASE, changed)

    def add_new(self, case: Case) -> None:
        """Keep a new case after those that are there; a known one stays as it is."""
        with self.together():
            place = self._db.execute(_NEXT_PLACE).fetchone()[0]
            self._db.execute(_INSERT_NEW, _case_row(place, case))

    def add(self, case_id: str, slots: Sequence[Slot], answer: Answer, trim: int | None = None) -> None:
        """Keep one answer: its samples stand in the slots that were asked for, in order; all or nothing.

        `trim` is how much of the case was shown; samples that saw more of it are no longer returned, nor their weights.
        """
        name, samples = _bytes(case_id), zip(slots, answer.samples, strict=True)
        with self.together():
            if trim is not None:
                self._db.execute(_DROP_WEIGHTS, (name, trim))
            row = self._db.execute(_INSERT_ANSWER, (answer.prompt_tokens, answer.calls, answer.latency)).lastrowid
            rows = [(name, at.place, json.dumps(at.order), at.seed, row, *_columns(one), trim) for at, one in samples]
            self._db.executemany(_INSERT, rows)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all that is kept in a block in one transaction: all or nothing."""
        with self._told():
            if self._db.in_transaction:
                yield
            else:
                with self._db:
                    self._db.execute("BEGIN")
                    yield

    def trim(self, case_id: str) -> int | None:
        """Return how much of a case its samples were shown, None for all."""
        with self._told():
            found: int | None = self._db.execute(_TRIM, (_bytes(case_id),)).fetchone()[0]
            return found

    def samples(self, case_id: str) -> dict[int, Sampled | Failure]:
        """Return what is kept of a case by sample index."""
        with self._told():
            return {place: _sample(rest) for place, *rest in self._db.execute(_SELECT, (_bytes(case_id),))}

    def add_principles(self, query: str, answer: Answer) -> None:
        """Keep what was written of a query, the answer's only sample, in place of what may be there."""
        (sample,) = answer.samples
        with self.together():
            row = self._db.execute(_INSERT_ANSWER, (answer.prompt_tokens, answer.calls, answer.latency)).lastrowid
            self._db.execute(_INSERT_PRINCIPLES, (query, row, *_columns(sample)))

    def principles(self, query: str) -> Sampled | Failure | None:
        """Return what is kept of a query."""
        with self._told():
            row = self._db.execute(_SELECT_PRINCIPLES, (query,)).fetchone()
            return None if row is None else _sample(row)

    def weigh(self, weights: Sequence[tuple[str, int, float]]) -> None:
        """Keep what judgments weigh, as (case id, sample index, weight); all or nothing."""
        with self.together():
            self._db.executemany(_INSERT_WEIGHT, [(_bytes(name), place, weight) for name, place, weight in weights])

    def weights(self, case_id: str) -> dict[int, float]:
        """Return the weights that are kept of a case by sample index."""
        with self._told():
            return dict(self._db.execute(_SELECT_WEIGHTS, (_bytes(case_id),)))

    def add_firsts(self, scorer: str, firsts: Mapping[str, First]) -> None:
        """Keep what a scorer gave to cases, by case id; all or nothing."""
        rows = [(scorer, _bytes(name), json.dumps(first.scores), first.tokens) for name, first in firsts.items()]
        with self.together():
            self._db.executemany(_INSERT_FIRST, rows)

    def first(self, scorer: str, case_id: str) -> First | None:
        """Return what is kept of a scorer's on a case."""
        with self._told():
            row = self._db.execute(_SELECT_FIRST, (scorer, _bytes(case_id))).fetchone()
            return None if row is None else First(tuple(json.loads(row[0])), row[1])

    def read(self, case_id: str) -> tuple[int, int]:
        """Return the prompt tokens that the kept samples of a case were billed for, and by how many answers."""
        with self._told():
            tokens, answers = self._db.execute(_READ, (_bytes(case_id),)).fetchone()
            return tokens, answers

    def usage(self) -> Usage:
        """Return what the run cost so far, over all its sessions."""
        with self._told():
            return Usage(*self._db.execute(_USAGE).fetchone())

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _open(self, config: Mapping[str, object] | None) -> None:
        self._db.text_factory = _text
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables >= _TABLES:
            raise UserError(f"'{self.path}' is a database of something else, not a run file; use another --out")
        self._db.executescript(_PRAGMAS + _SCHEMA)
        if "trim" not in {name for _, name, *_ in self._db.execute("PRAGMA table_info(samples)")}:
            self._db.execute("ALTER TABLE samples ADD COLUMN trim INTEGER")
        if config is not None:
            self._match(config)

    def _match(self, config: Mapping[str, object]) -> None:
        kept = dict(self._db.execute("SELECT key, value FROM run"))
        asked = {key: json.dumps(value, sort_keys=True) for key, value in config.items()}
        differ = sorted(key for key in kept.keys() | asked.keys() if kept.get(key) != asked.get(key)) if kept else []
        if differ:
            told = "; ".join(f"{key} was {kept.get(key, 'absent')}, now {asked.get(key, 'absent')}" for key in differ)
            raise UserError(f"the run '{self.path}' was made with another configuration: {told}. Use another --out")
        with self._db:
            self._db.executemany("INSERT OR IGNORE INTO run VALUES (?, ?)", asked.items())

    def _told(self) -> AbstractContextManager[None]:
        return told("run file", self.path, "--out")


@contextmanager
def told(kind: str, path: str, option: str) -> Iterator[None]:
    """Say in one sentence what is wrong with a database file, and what to do.

    Raises:
        UserError: the file cannot be used.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if type(error) not in (sqlite3.OperationalError, sqlite3.DatabaseError):
            raise
        cure = _CURES.get(error.sqlite_errorcode & 0xFF, "{error}").format(kind=kind, option=option, error=error)
        raise UserError(f"the {kind} '{path}' cannot be used: {cure}") from error


def _case_row(place: int, case: Case) -> tuple[bytes, int, str, str, str]:
    """Return a case's row; its digest identifies everything that can change a judgment, which is all but its tags."""
    body = json.dumps(
        {
            "prompt": [{"role": turn.role, "content": [_part(part) for part in turn.content]} for turn in case.prompt],
            "responses": [[_part(part) for part in response] for response in case.responses],
            "reference": case.reference,
            "principles": case.principles,
        }
    )
    digest = hashlib.sha256(body.encode()).hexdigest()
    return _bytes(case.id), place, digest, body, json.dumps(dict(case.tags), default=str)


def _part(part: Text | Image) -> dict[str, str]:
    """Describe a part; an image by its hash and location, never by its bytes."""
    if isinstance(part, Text):
        return {"text": part.text}
    location = part.url.partition(",")[0] if part.url.startswith("data:") else part.url
    return {"image": location, "sha256": hashlib.sha256(_bytes(part.url)).hexdigest()}


def _case(name: str, body: Mapping[str, Any], tags: Mapping[str, Any]) -> Case:
    turns = tuple(Message(turn["role"], tuple(map(_shown, turn["content"]))) for turn in body["prompt"])
    responses = tuple(tuple(map(_shown, response)) for response in body["responses"])
    return Case(name, turns, responses, body["reference"], tuple(body["principles"]), tags=tags)


def _shown(part: Mapping[str, str]) -> Text | Image:
    return Text(part["text"]) if "text" in part else Image(part["image"])


def _columns(sample: Sampled | Failure) -> tuple[object, ...]:
    if isinstance(sample, Failure):
        return (None, None, None, 0, None, sample.reason, _bytes(sample.detail))
    logprobs = None if sample.logprobs is None else json.dumps([[t.token, t.logprob, t.top] for t in sample.logprobs])
    return (_bytes(sample.text), sample.finish, _bytes(sample.reasoning), sample.tokens, logprobs, None, None)


def _sample(row: Sequence[Any]) -> Sampled | Failure:
    text, finish, reasoning, tokens, logprobs, failure, detail = row
    if failure is not None:
        return Failure(detail, failure)
    return Sampled(text, finish, tokens, reasoning, None if logprobs is None else _logprobs(logprobs))


def _logprobs(kept: str) -> tuple[TokenLogprob, ...]:
    return tuple(TokenLogprob(token, logprob, tuple(map(tuple, top))) for token, logprob, top in json.loads(kept))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(kept: bytes) -> str:
    return kept.decode("utf-8", "surrogatepass")
