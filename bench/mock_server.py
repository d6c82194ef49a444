"""A chat-completions server that costs next to nothing: the judge under measurement must be the slower side.

A raw protocol on asyncio: it reads the length and the `n` of a body without parsing it and sends one of a few answers
made beforehand. Where a prompt shows responses that say what they are worth, such as `(worth 4)`, the answer says the
same, in the style that is asked for. `python bench/mock_server.py` prints its port and serves one process's worth of
clients.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_N = re.compile(rb'"n":\s*(\d+)')
_WORTH = re.compile(rb"\(worth (\d)\)")
_CRITIQUE = (
    "Principles:\n- accuracy (weight: 60%): is what it says right?\n- clarity (weight: 40%): is it easy to follow?\n\n"
    "Analysis:\n" + "Response 1 answers the question and explains why; response 2 leaves the second half out. " * 6
)  # fmt: skip
_BYTES_PER_TOKEN = 4

Worth = Sequence[int]


@dataclass(frozen=True)
class Style:
    """How a judge writes: the text for what the responses are worth, and the scores that are to be read from it."""

    text: Callable[[Worth], str]
    scores: Callable[[Worth], list[float]]


def _ranked(worth: Worth) -> str:
    names = [f"model-{i + 1}" for i in range(len(worth))]
    best = sorted(names, key=lambda name: -worth[names.index(name)])
    return json.dumps({"scores": dict(zip(names, worth, strict=True)), "best-to-worst": best})


def _letter(worth: Worth) -> int:
    return worth.index(max(worth))


STYLES = {
    "boxed": Style(lambda worth: f"{_CRITIQUE}\n\nScores:\n\\boxed{{{', '.join(map(str, worth))}}}", list),
    "ranked": Style(lambda worth: f"<think>{_CRITIQUE}</think>{_ranked(worth)}", list),
    "score": Style(lambda worth: json.dumps({"reason": _CRITIQUE, "score": worth[0]}), list),
    "letter": Style(
        lambda worth: f"Feedback: {_CRITIQUE} [RESULT] {'AB'[_letter(worth)]}",
        lambda worth: [float(i == _letter(worth)) for i in range(len(worth))],
    ),
    "grade": Style(
        lambda worth: f"{_CRITIQUE}\n\nGRADE: {'C' if worth[0] >= 3 else 'I'}",
        lambda worth: [float(one >= 3) for one in worth],
    ),
}


@cache
def _completion(style: str, worth: tuple[int, ...], n: int, prompt_tokens: int) -> bytes:
    message = {"role": "assistant", "content": STYLES[style].text(worth)}
    choices = [{"index": i, "finish_reason": "stop", "message": message} for i in range(n)]
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 160 * n, "total_tokens": prompt_tokens + 160 * n}
    named = {"id": "mock", "object": "chat.completion", "created": 0, "model": "mock"}
    return _response(named | {"choices": choices, "usage": usage})


def _response(answer: dict[str, object]) -> bytes:
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_MODELS = _response({"object": "list", "data": [{"id": "mock", "object": "model", "created": 0, "owned_by": "mock"}]})


class _Mock:
    """What the server is asked to be, and what it has counted."""

    def __init__(self, style: str, spread: float) -> None:
        self._style, self._spread, self._rng = style, spread, random.Random(0)
        self._counted = {"requests": 0, "samples": 0, "prompt_tokens": 0}

    def answer(self, request: bytes, head: int) -> bytes:
        if request.startswith(b"GET"):
            return _response({**self._counted}) if b"/stats" in request[:head] else _MODELS
        found = _N.search(request, head)
        n, tokens = int(found[1]) if found else 1, (len(request) - head) // _BYTES_PER_TOKEN
        worth = tuple(map(int, _WORTH.findall(request, head))) or (8, 5)
        for name, count in (("requests", 1), ("samples", n), ("prompt_tokens", tokens)):
            self._counted[name] += count
        return _completion(self._style, worth, n, tokens)

    def delay(self) -> float:
        return self._rng.uniform(0, self._spread) if self._spread else 0.0


class _Connection(asyncio.Protocol):
    def __init__(self, mock: _Mock) -> None:
        self._mock = mock
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
            self._send(self._mock.answer(bytes(self._read[:end]), head))
            del self._read[:end]

    def _send(self, answer: bytes) -> None:
        if delay := self._mock.delay():
            asyncio.get_running_loop().call_later(delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def _serve(style: str, spread: float) -> None:
    mock = _Mock(style, spread)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(mock), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def mock_server(style: str = "boxed", spread: float = 0.0) -> Iterator[str]:
    """Run the server in a process of its own and yield its base address; answers take 0 to `spread` seconds."""
    command = [sys.executable, str(Path(__file__)), "--style", style, "--spread", str(spread)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--style", choices=STYLES, default="boxed")
    parser.add_argument("--spread", type=float, default=0.0, help="answers take 0 to so many seconds")
    given = parser.parse_args()
    asyncio.run(_serve(given.style, given.spread))


if __name__ == "__main__":
    _main()
