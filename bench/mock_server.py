"""A chat-completions server that costs next to nothing: the judge under measurement must be the slower side.

A raw protocol on asyncio: it reads the length and the `n` of a body without parsing it and sends one of a few answers
made beforehand. `python bench/mock_server.py` prints its port and serves one process's worth of clients.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_N = re.compile(rb'"n":\s*(\d+)')
_TEXT = (
    "Principles:\n- accuracy (weight: 60%): is what it says right?\n- clarity (weight: 40%): is it easy to follow?\n\n"
    "Analysis:\n" + "Response 1 answers the question and explains why; response 2 leaves the second half out. " * 6 +
    "\n\nScores:\n\\boxed{8, 5}"
)  # fmt: skip


@cache
def _completion(n: int) -> bytes:
    message = {"role": "assistant", "content": _TEXT}
    choices = [{"index": i, "finish_reason": "stop", "message": message} for i in range(n)]
    usage = {"prompt_tokens": 700, "completion_tokens": 160 * n}
    return _response({"object": "chat.completion", "choices": choices, "usage": usage})


def _response(answer: dict[str, object]) -> bytes:
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_MODELS = _response({"data": [{"id": "mock"}]})


class _Mock(asyncio.Protocol):
    def __init__(self) -> None:
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (head := self._read.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"(?i)content-length: (\d+)", self._read[:head])
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._read) < end:
                return
            self._transport.write(self._answer(bytes(self._read[:end])))
            del self._read[:end]

    def _answer(self, request: bytes) -> bytes:
        if request.startswith(b"GET"):
            return _MODELS
        n = _N.search(request)
        return _completion(int(n[1]) if n else 1)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Mock, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def mock_server() -> Iterator[str]:
    """Run the server in a process of its own and yield its base address."""
    with subprocess.Popen([sys.executable, Path(__file__)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve())
