"""The installed command: how fast it starts, what it loads, where it writes, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.rows import row
from tests.local_server import running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOLON = [sys.executable, "-c", "from solon.cli import main; main()"]
NOBODY = "http://127.0.0.1:9/v1"


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [*SOLON, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False, **options
    )  # type: ignore[call-overload, no-any-return]


def quickest(command: list[str], times: int = 5) -> float:
    """Return the processor seconds of the quickest of several runs: the machine may be busy with something else."""
    spent = []
    for _ in range(times):
        before = os.times()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        after = os.times()
        spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(spent)


def test_the_package_is_imported_in_a_moment() -> None:
    assert quickest([sys.executable, "-c", "import solon"]) < 0.3


def test_help_comes_in_a_moment() -> None:
    assert quickest([*SOLON, "--help"]) < 1.0


def test_help_names_every_command_and_option() -> None:
    top, judge = run("--help"), run("judge", "--help")
    assert (top.returncode, judge.returncode) == (0, 0)
    for name in ("judge", "demo", "sandbox", "--config FILE.toml"):
        assert name in top.stdout
    for option in ("--model", "--served-model", "--k", "--form", "--principles", "--orders", "--temperature"):
        assert option in judge.stdout
    for option in ("--max-tokens", "--seed", "--extra-body", "--api-key-env", "--concurrency", "--timeout", "--json"):
        assert option in judge.stdout
    assert "Judgments per case; 1 is greedy" in judge.stdout


def test_the_command_line_loads_no_model_library() -> None:
    code = (
        "import sys; from solon.cli import _run; _run(['judge', 'nosuch.jsonl', '--model', 'http://x/v1']);"
        "print([m for m in ('torch', 'transformers', 'matplotlib', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_error_is_a_sentence_and_an_exit_code(tmp_path: Path) -> None:
    done = run("judge", tmp_path / "gone.jsonl", "--model", NOBODY)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("solon: the file '")
    assert done.stderr.count("\n") == 1


def test_an_unreachable_server_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(row("a")) + "\n")
    done = run("judge", path, "--model", NOBODY)
    assert done.returncode == 2
    assert done.stderr.startswith(f"solon: cannot reach a server at {NOBODY}")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are closed otherwise there")
def test_a_closed_pipe_is_no_error() -> None:
    with subprocess.Popen(
        [*SOLON, "judge", "--help"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() in (0, 1)


def test_what_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "\\ud800", "prompt": "q", "responses": ["\\udfff", "b"]}\n')
    with running() as server:
        lines, shown = (run("judge", path, "--model", server.url, "--k", 1, *more) for more in ((), ("--show",)))
    assert json.loads(lines.stdout)["id"] == "\ud800"
    assert "case \\ud800" in shown.stdout
    assert "[1] \\udfff" in shown.stdout


def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path) -> None:
    path, out = tmp_path / "cases.jsonl", tmp_path / "run"
    path.write_text("".join(json.dumps(row(f"c{i}")) + "\n" for i in range(200)))
    with running(latency=0.02) as server:
        arguments = ["judge", str(path), "--model", server.url, "--k", "2", "--concurrency", "2", "--out", str(out)]
        with subprocess.Popen([*SOLON, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            while server.calls < 10 and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate()
        assert told == "solon: interrupted; with --out the same command goes on where it stopped\n"
        assert process.returncode == 130
        server.latency = 0.0
        assert run(*arguments).returncode == 0
    assert sum(server.asked.values()) <= 400 + 2 * 2


def test_a_version_is_told() -> None:
    assert run("--version").stdout.strip() == "0.1.0"
