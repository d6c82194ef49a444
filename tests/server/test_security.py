"""Whatever the description of the API allows, and much that it does not: no answer is an error of the server."""

import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.judge.judging import boxed, shown
from tests.server.serving import judging, serving

pytestmark = pytest.mark.slow

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def script(request: Any, index: int) -> str:
    return boxed([5] * len(shown(request)))


@pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="needs schemathesis")
async def test_schemathesis_finds_no_error_of_the_server(tmp_path: Path) -> None:
    async with serving(judging(script, k=1), answer_within=2, group_wait=0.05) as client:
        options = ["--checks", CHECKS, "--max-examples", "10", "--seed", "1", "--suppress-health-check", "all"]
        options += ["--phases", "examples,fuzzing"]
        command = ["-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", "--no-color", *options]
        one = await asyncio.create_subprocess_exec(
            sys.executable, *command, f"{client.url}/openapi.json", stdout=asyncio.subprocess.PIPE, cwd=tmp_path
        )
        told, _ = await one.communicate()
        assert '"event":"bug"' not in client.logged()
    assert one.returncode == 0, told.decode()[-6000:]


async def test_deep_and_broken_bodies_are_422() -> None:
    deep = b'{"prompt": ' + b"[" * 100_000
    lone = b'{"prompt": "\\ud800", "responses": ["x"], "items": "\\ud800"}'
    bodies = [deep, lone, b"", b"null", b"[]", b"\xff\xfe", b'{"items": 3}', b"{" * 9]
    async with serving() as client:
        paths = [path for path, methods in (await client.get("/openapi.json"))[1]["paths"].items() if "post" in methods]
        assert len(paths) == 9
        for path in paths:
            for body in bodies:
                async with client.session.post(client.url + path, data=body) as seen:
                    assert seen.status == 422, (path, body[:40])


async def test_what_a_model_writes_is_sent_even_if_it_is_no_valid_unicode() -> None:
    async with serving(judging(lambda request, index: "lone \ud800\n\nScores:\n\\boxed{5}")) as client:
        answer = await client.judge("x")
    assert answer["samples"][0]["text"].startswith("lone \ud800")
    assert answer["scores"] == [5.0]
