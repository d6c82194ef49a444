"""Its own server in front of the model's, and its client's `judge_batch`: every case k times in one batch."""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from driving import Job, Scores, mean, report
from rewardanything import Client

PACKAGES = ("rewardanything==1.0.1",)
STYLE = "ranked"

PRINCIPLE = "Prefer what is accurate and easy to follow."


@contextmanager
def served(job: Job) -> Iterator[Client]:
    """Run its server, without its rate limit and without a file for every answer, and yield a client of it."""
    config = {
        "api_key": "none",
        "api_model": "mock",
        "api_base": job.url,
        "api_timeout": 120.0,
        "generation_config": {"temperature": 0.5, "max_tokens": 2048},
        "num_workers": job.concurrency,
        "request_limit": 10**9,
        "request_limit_period": 1,
        "dump_individual_rsp": False,
    }
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        file = Path(folder) / "config.json"
        file.write_text(json.dumps(config))
        command = [sys.executable, "-m", "rewardanything.serve", "-c", str(file), "--host", "127.0.0.1"]
        command += ["--port", str(port), "--base-output-path", folder]
        with subprocess.Popen(command, stdout=sys.stderr) as server:
            client = Client(f"http://127.0.0.1:{port}")
            try:
                while not client.health_check():
                    assert server.poll() is None, "its server did not start"
                    time.sleep(0.2)
                yield client
            finally:
                server.terminate()


def judged(client: Client, job: Job) -> Sequence[Scores]:
    """Judge every case k times; results are taken in the order in which they come, as they carry no names."""
    asked = [
        {"principle": PRINCIPLE, "prompt": prompt, "responses": dict(zip("ab", responses, strict=True))}
        for prompt, responses in job.cases
        for _ in range(job.k)
    ]
    results = client.judge_batch(asked, timeout=600)
    votes = [results[i : i + job.k] for i in range(0, len(results), job.k)]
    return [[mean([vote.scores.get(name) for vote in case]) for name in "ab"] for case in votes]


if __name__ == "__main__":
    given = Job.read()
    with served(given) as judge:
        report(given, partial(judged, judge))
