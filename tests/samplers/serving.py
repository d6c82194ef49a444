"""`transformers serve` in a process of its own, on loopback, offline."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def transformers_serve(folder: Path, seconds: float = 120, preload: bool = True) -> Iterator[str]:
    """Serve a checkpoint folder and yield the base address, once the server says that it is well.

    Without `preload` it serves every checkpoint folder that a request names, and `folder` holds its log alone.
    One thread for its arithmetic: several wait for each other by spinning, which a busy machine turns into minutes.
    """
    port = _free_port()
    command = [str(Path(sys.executable).parent / "transformers"), "serve", *([str(folder)] if preload else [])]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = folder / "serve.log"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "no-hub"), "OMP_NUM_THREADS": "1"}
    with (
        log.open("w") as out,
        subprocess.Popen([*command, *options], stdout=out, stderr=out, env=environment) as process,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, log, seconds)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
