"""The run file: one answer is one transaction, what is there is kept, everything else is refused in one sentence."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from solon.errors import UserError
from solon.samplers.seam import Answer, Failure, Sampled, TokenLogprob
from solon.store import Slot, Store, Usage
from solon.types import Image, Text
from tests.judge.judging import case

SLOTS = (Slot(0, (0, 1), 10), Slot(2, (0, 1), 11))
LOGPROBS = (TokenLogprob("\\box", -0.25, (("a", -0.5), ("b", -1.5))), TokenLogprob("\ud800", -0.0))
SAMPLES = (
    Sampled("plain"),
    Sampled("", "length", 4096, "thought"),
    Sampled("all \x00 of it \ud800", "content_filter", 7, "\udfff", LOGPROBS),
    Sampled("none asked", logprobs=()),
    Failure("HTTP 500: down \udcff"),
    Failure("no eyes", "unsupported_content"),
    Failure("no", "refused"),
)


def rows(path: Path, query: str) -> list[Any]:
    with sqlite3.connect(path) as db:
        found = db.execute(query).fetchall()
    db.close()
    return found


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_kept_comes_back_as_it_was(tmp_path: Path, sample: Sampled | Failure) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case("a\ud800")])
        store.add("a\ud800", SLOTS[:1], Answer((sample,)))
        assert store.samples("a\ud800") == {0: sample}
    with Store(tmp_path / "run.sqlite", {}) as store:
        assert store.samples("a\ud800") == {0: sample}
        assert store.samples("a\ud801") == {}


def test_an_answer_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case()])
        with pytest.raises(ValueError, match="zip"):
            store.add("a", SLOTS, Answer((Sampled("one"),)))
        with pytest.raises(sqlite3.Error):
            store.add("a", SLOTS, Answer((Sampled("one"), Sampled("two", finish=object()))))  # type: ignore[arg-type]
        assert (store.samples("a"), store.usage().calls) == ({}, 0)


def test_a_failed_call_gives_way_to_the_sample_that_follows(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case()])
        store.add(
            "a", SLOTS, Answer((Sampled("one", tokens=3), Failure("down")), prompt_tokens=5, calls=2, latency=0.5)
        )
        store.add("a", SLOTS[1:], Answer((Sampled("two", tokens=4),), prompt_tokens=5, calls=1, latency=0.25))
        assert store.samples("a") == {0: Sampled("one", tokens=3), 2: Sampled("two", tokens=4)}
        assert store.usage() == Usage(calls=3, prompt_tokens=10, completion_tokens=7, samples=2, latency=0.75)


def test_weights_are_kept_to_the_last_bit_and_given_way_to(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case("a\ud800"), case("b")])
        store.weigh([("a\ud800", 0, -16.1), ("a\ud800", 2, 0.1 + 0.2), ("b", 0, 0.0)])
        store.weigh([("a\ud800", 0, -1.5)])
        store.weigh([])
        with pytest.raises(sqlite3.Error):
            store.weigh([("b", 1, 1.0), ("b", 2, None)])  # type: ignore[list-item]
    with Store(tmp_path / "run.sqlite", {}) as store:
        assert store.weights("a\ud800") == {0: -1.5, 2: 0.1 + 0.2}
        assert (store.weights("b"), store.weights("c"), store.usage().samples) == ({0: 0.0}, {}, 0)


def test_a_run_file_from_before_weights_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    Store(path, {"k": 2}).close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE weights")
    db.close()
    with Store(path, {"k": 2}) as store:
        assert store.weights("a") == {}


def test_a_killed_writer_leaves_everything_that_was_added(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from solon.samplers.seam import Answer, Sampled\n"
        "from solon.store import Store\n"
        "from tests.judge.judging import case\n"
        "from tests.judge.test_store import SLOTS\n"
        "store = Store(sys.argv[1], {'k': 2})\n"
        "store.add_cases([case(str(i)) for i in range(50)])\n"
        "for i in range(50):\n"
        "    store.add(str(i), SLOTS, Answer((Sampled('one'), Sampled('two'))))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "run.sqlite"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code, path], cwd=root, check=False).returncode == -9
    with Store(path, {"k": 2}) as store:
        assert store.usage().samples == 100
        assert all(store.samples(str(i)) == {0: Sampled("one"), 2: Sampled("two")} for i in range(50))


def test_another_configuration_is_refused_with_the_fields_that_differ(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    Store(path, {"k": 4, "model": "m", "extra": {"b": 1, "a": None}}).close()
    Store(path, {"k": 4, "extra": {"a": None, "b": 1}, "model": "m"}).close()
    told = r"made with another configuration: k was 4, now 8; seed was absent, now 1\. Use another --out"
    with pytest.raises(UserError, match=told):
        Store(path, {"k": 8, "model": "m", "extra": {"a": None, "b": 1}, "seed": 1})
    Store(path, {"k": 4, "extra": {"a": None, "b": 1}, "model": "m"}).close()


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": case(prompt="How?").prompt},
        {"responses": case("a", "a good", "a worse").responses},
        {"responses": case("a", "a good", (Image("https://x/a.png"),)).responses},
        {"reference": "gold"},
        {"principles": ("be true",)},
    ],
)
def test_a_changed_case_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case("b"), case()])
        with pytest.raises(UserError, match=r"case 'a' is not the one that .* began with; use another --out"):
            store.add_cases([case("c"), replace(case(), **change)])
        store.add_cases([case(), case("b"), case("c")])


def test_tags_may_change_and_need_not_be_json(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case(tags={"split": "dev"})])
        store.add_cases([case(tags={"split": Path("test")})])
    assert rows(tmp_path / "run.sqlite", "SELECT id, tags FROM cases") == [("a", '{"split": "test"}')]


def test_an_image_is_kept_by_hash_and_location(tmp_path: Path) -> None:
    shown = (Text("see"), Image("https://x/a.png"), Image("data:image/png;base64,AAAA"))
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case("a", shown)])
        with pytest.raises(UserError, match="is not the one"):
            store.add_cases([case("a", (*shown[:2], Image("data:image/png;base64,BBBB")))])
    ((body,),) = rows(tmp_path / "run.sqlite", "SELECT body FROM cases")
    assert '"image": "https://x/a.png"' in body
    assert '"image": "data:image/png;base64"' in body
    assert body.count('"sha256"') == 2
    assert "AAAA" not in body


def test_a_second_writer_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case()])
        with pytest.raises(UserError, match=r"another run is writing it; wait for its end, or use another --out"):
            Store(tmp_path / "run.sqlite", {})
        store.add("a", SLOTS[:1], Answer((Sampled("one"),)))
    Store(tmp_path / "run.sqlite", {}).close()


def test_files_that_are_no_run_file_are_left_as_they_are(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("not a database, but longer than the header of one would be" * 30)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE songs (title TEXT)")
    db.close()
    before = text.read_bytes(), other.read_bytes()
    with pytest.raises(UserError, match=r"notes.txt' cannot be used: it is not a run file; use another --out"):
        Store(text, {})
    with pytest.raises(UserError, match=r"other.sqlite' is a database of something else"):
        Store(other, {})
    with pytest.raises(UserError, match="it cannot be opened; use another --out"):
        Store(tmp_path / "no" / "folder.sqlite", {})
    assert (text.read_bytes(), other.read_bytes()) == before


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite", {}) as store:
        store.add_cases([case()])
        store._db.execute("PRAGMA max_page_count = 10")
        with pytest.raises(UserError, match="the disk is full; make room and run the same command again"):
            store.add("a", SLOTS[:1], Answer((Sampled("x" * 10**6),)))
        store.add("a", SLOTS[:1], Answer((Sampled("short"),)))
