"""Bad input: one sentence on standard error that says what to do, exit code 2, no traceback."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.rows import row
from tests.local_server import running

Solon = Callable[..., Done]
Write = Callable[..., Path]
NOBODY = "http://127.0.0.1:9/v1"


def refused(done: Done, told: str) -> None:
    assert done.code == 2
    assert done.told.startswith("solon: ")
    assert told in done.told
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "b", "prompt"', "line 2: not JSON: Expecting ':' delimiter at character 21"),
        (row("b", responses=[]), "line 2: 'responses' is an empty list; a list of one or more responses is allowed"),
        (row("a"), "line 2: the id 'a' was already used on line 1; ids must differ"),
        (row("b", ratings=[1]), "line 2: 'ratings' is a list of 1; one number for each of the 2 responses is allowed"),
        ({"text": "b"}, "line 2: no layout is known for a row of text"),
    ],
)
def test_a_malformed_line_is_named_and_the_rest_is_judged(
    solon: Solon, file: Write, tmp_path: Path, line: object, told: str
) -> None:
    command = ("judge", file(row("a"), line, row("c")), "--k", 2, "--out", tmp_path / "run")
    with running() as server:
        done = solon(*command, "--model", server.url)
        refused(done, f"1 line of '{command[1]}' could not be judged ({told}")
        assert done.told.endswith("; mend it and run again")
        assert f"not judged: {told}" in done.err
        assert (server.calls, len((tmp_path / "run" / "verdicts.jsonl").read_text("utf-8").splitlines())) == (4, 2)
        assert json.loads((tmp_path / "run" / "summary.json").read_text("utf-8"))["left_out"] == 1
    refused(solon(*command, "--model", NOBODY, "--strict"), f"cannot be judged: {told}")


def test_a_case_that_does_not_fit_the_form_is_named(solon: Solon, file: Write) -> None:
    with running() as server:
        done = solon("judge", file(row("a", 1), row("b")), "--model", server.url, "--k", 2, "--form", "pairwise")
    assert [line["id"] for line in done.lines] == ["b"]
    refused(done, "case 'a': the form 'pairwise' is made for n >= 2 responses, this case has 1")
    refused(
        solon("judge", file(row("a")), "--model", NOBODY, "--principles", "given"), "holds no case that can be judged"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--k", 0), "k is '0': input should be greater than or equal to 1"),
        (("--k", "many"), "k is 'many': input should be a valid integer"),
        (("--kk", 3), "Unknown option: --kk. Did you mean --k? See --help."),
        (("--temperature", "warm"), "temperature is 'warm'"),
        (("--temperature", "nan"), "temperature is 'nan': input should be a finite number"),
        (("--max-tokens", "-3"), "max_tokens is '-3'"),
        (("--principles", "mine"), "input should be 'self', 'given', 'given+self', 'none' or 'query'"),
        (("--orders", "sorted"), "orders is 'sorted'"),
        (("--form", "nosuch"), "no form is named 'nosuch'; the forms are pointwise, correct, pairwise"),
        (("--form", "nosuch.py"), "the form file 'nosuch.py' does not exist"),
        (("--extra-body", "{"), "--extra-body"),
        (("--extra-body", "[1]"), "extra_body is '[1]': input should be a valid dictionary"),
        (("--reference", "meta.gold"), "has a reference answer under 'meta.gold': name a key that they have"),
        (("--config",), "'' cannot be read"),
        (
            ("--config", "nosuch.toml"),
            "'nosuch.toml' cannot be read (No such file or directory); --config takes a TOML",
        ),
        (("more.jsonl",), "more.jsonl"),
    ],
)
def test_options_that_cannot_be(solon: Solon, file: Write, arguments: tuple[object, ...], told: str) -> None:
    refused(solon("judge", file(row("a")), "--model", NOBODY, *arguments), told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kk = 3", 'Unknown option: "[kk]" from'),
        ("k = ", "is no TOML file: Invalid value"),
        ("k = 0", "k is '0': input should be greater than or equal to 1"),
        ('k = "many"', "k is 'many'"),
        ("[judge]\nk = 3", "has a table for 'judge': options stand without the name of their command"),
    ],
)
def test_settings_that_cannot_be(solon: Solon, file: Write, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "judge.toml").write_text(text)
    refused(solon("judge", file(row("a")), "--model", NOBODY, "--config", tmp_path / "judge.toml"), told)


def test_files_that_cannot_be(solon: Solon, file: Write, tmp_path: Path) -> None:
    refused(solon("judge", tmp_path / "gone.jsonl", "--model", NOBODY), "does not exist: give the path of a file")
    refused(solon("judge", tmp_path, "--model", NOBODY), "cannot be read: Is a directory")
    refused(solon("judge", file(), "--model", NOBODY), "holds no case that can be judged")
    refused(solon("judge", file("{"), "--model", NOBODY), "holds no case that can be judged: line 1: not JSON")
    cases = file(row("a"))
    refused(solon("judge", cases, "--model", NOBODY, "--out", cases), "cannot be made (File exists): name another one")
    refused(solon("judge", cases, "--model", NOBODY, "--json", cases / "x.json"), "cannot be made (File exists)")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.sqlite").write_text("no database" * 99)
    refused(
        solon("judge", cases, "--model", NOBODY, "--out", tmp_path / "run"), "it is not a run file; use another --out"
    )
    (tmp_path / "folder").mkdir()
    done = solon("judge", cases, "--model", NOBODY, "--json", tmp_path / "folder")
    refused(done, "cannot be written (Is a directory): name another file")


def test_servers_that_cannot_be(solon: Solon, file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = file(row("a"))
    refused(solon("judge", cases, "--model", NOBODY), f"cannot reach a server at {NOBODY}")
    monkeypatch.setenv("MY_KEY", "wrong")
    with running(api_key="right") as server:
        refused(solon("judge", cases, "--model", server.url), "refuses a call without an API key (HTTP 401")
        refused(
            solon("judge", cases, "--model", server.url, "--api-key-env", "MY_KEY"), "refuses the API key (HTTP 401"
        )
        monkeypatch.setenv("MY_KEY", "right")
        assert solon("judge", cases, "--model", server.url, "--api-key-env", "MY_KEY").code == 0
    with running(models=("small", "large")) as server:
        refused(solon("judge", cases, "--model", server.url), "choose one with --served-model NAME")


def test_a_model_without_its_library_is_a_sentence(
    solon: Solon, file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "solon.samplers.transformers", None)
    refused(solon("judge", file(row("a")), "--model", tmp_path), "pip install 'solon[local]'")


def test_commands_that_are_none(solon: Solon, file: Write) -> None:
    refused(solon("jugde", "x"), "there is no command 'jugde x'; see solon --help")
    refused(solon("judge"), "FILE requires an argument")
    refused(solon("judge", file(row("a"))), "--model requires an argument")


def test_an_interrupt_says_how_to_go_on(solon: Solon, file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("solon.judge.Judge.run", interrupt)
    done = solon("judge", file(row("a")), "--model", NOBODY)
    assert (done.code, done.told) == (130, "solon: interrupted; with --out the same command goes on where it stopped")
