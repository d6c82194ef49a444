"""A local OpenAI-compatible server whose completions are a pure function of messages, seed and choice index.

It judges: it finds the responses between a prompt's fence marks, gives each a quality that its text alone decides, and
writes a well-formed judgment with a little noise from the seed. It counts what it was asked, and misbehaves on demand,
always at the same calls. `python tests/local_server.py --port 0` prints the port and serves; `running(...)` serves from
a thread inside a test. `GET /stats` returns the counts as JSON.
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

FAULTS = ("429", "500", "reset", "stall", "half", "empty", "fewer")
LOSING = ("reset", "stall", "half")
_RESPONSE = re.compile(r"^<<<response (\d+) · ([0-9a-f]+)>>>\n(.*?)\n<<<end of response \1 · \2>>>$", re.M | re.S)


def judgment(messages: Sequence[dict[str, Any]], seed: int) -> str:
    """Judge the responses that the messages show: principles, analysis and a box with one score for each."""
    prompt = "\n".join(text_of(turn) for turn in messages)
    rng = _rng(prompt, str(seed))
    texts = [shown for _, _, shown in _RESPONSE.findall(prompt)] or [prompt]
    scores = [min(10, max(1, _rng(shown).randint(1, 10) + rng.randint(-2, 2))) for shown in texts]
    notes = [f"Response {i} deserves {score}, remark {rng.randrange(10**6)}." for i, score in enumerate(scores, 1)]
    weight = rng.randrange(40, 80)
    return (
        f"Principles:\n- accuracy (weight: {weight}%): is it right?\n- clarity (weight: {100 - weight}%): is it clear?"
        f"\n\nAnalysis:\n{' '.join(notes)}\n\nScores:\n\\boxed{{{', '.join(map(str, scores))}}}"
    )


def text_of(turn: dict[str, Any]) -> str:
    """Return a message's text; an image part shows as its location."""
    if isinstance(turn["content"], str):
        return turn["content"]
    return "".join(part.get("text") or f"[{part['image_url']['url']}]" for part in turn["content"])


def _rng(*parts: str) -> random.Random:
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


@dataclass
class LocalServer:
    """How the server behaves, and what it has seen.

    `fault_share` of all first calls meet one of `faults`; the second try of the same call is served. `pinned` refuses
    any other model name, `too_long` longer prompts (characters), and a prompt in `broken` is always a 500. While it is
    `out`, every request breaks off ("reset") or gets that status, those in flight too; `turned_away` has the paths that
    came meanwhile, and `most_turned_away` how many at once. `asked` counts every (prompt digest, seed + choice
    index) that was completed, `lost` those whose answer a fault kept from the client; `faulted` counts faults by kind.
    Answers take `latency` seconds, give or take up to a share `spread` of it.
    """

    models: tuple[str, ...] | None = ("local",)
    api_key: str | None = None
    ignores_n: bool = False
    echoes: bool = False
    latency: float = 0.0
    spread: float = 0.0
    stall: float = 30.0
    retry_after: str = "0"
    pinned: str | None = None
    too_long: int = 10**9
    broken: tuple[str, ...] = ()
    fault_share: float = 0.0
    faults: tuple[str, ...] = FAULTS[:2]
    out: str | None = None
    url: str = ""
    calls: int = 0
    choices: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    turning_away: int = 0
    turned_away: list[str] = field(default_factory=list)
    most_turned_away: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    lost: Counter[tuple[str, int]] = field(default_factory=Counter)
    faulted: Counter[str] = field(default_factory=Counter)
    _tries: Counter[str] = field(default_factory=Counter)

    @property
    def seeds(self) -> set[int]:
        """Every seed + choice index that was completed."""
        return {seed for _, seed in self.asked}

    def app(self) -> web.Application:
        """Build the application; one server may be served once."""
        app = web.Application(client_max_size=2**28, middlewares=[self._door])
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/stats", self._stats)
        return app

    @property
    def _door(self) -> Any:
        @web.middleware
        async def door(request: web.Request, handler: Any) -> web.StreamResponse:
            if self.out is None:
                answer: web.StreamResponse = await handler(request)
                return answer if self.out is None else self._turn_away(request, self.out)
            self.turned_away.append(request.path)
            self.turning_away += 1
            self.most_turned_away = max(self.most_turned_away, self.turning_away)
            await asyncio.sleep(self.latency)
            self.turning_away -= 1
            return self._turn_away(request, self.out or "reset")

        return door

    def _turn_away(self, request: web.Request, out: str) -> web.Response:
        if out != "reset":
            return _error(int(out), "down", {})
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _models(self, request: web.Request) -> web.Response:
        self._check_key(request)
        if self.models is None:
            raise web.HTTPNotFound(text="no such page")
        return web.json_response({"object": "list", "data": [{"id": name} for name in self.models]})

    async def _stats(self, _: web.Request) -> web.Response:
        counted = {
            name: [[digest, seed, count] for (digest, seed), count in sorted(counts.items())]
            for name, counts in (("asked", self.asked), ("lost", self.lost))
        }
        totals = {"calls": self.calls, "choices": self.choices, "seeds": len(self.seeds), "faulted": self.faulted}
        return web.json_response(totals | counted)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self._check_key(request)
        body = await request.json()
        self.calls += 1
        self.bodies.append(body)
        self._check_body(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        fault = self._fault(body)
        await asyncio.sleep(self.stall if fault == "stall" else self._latency(body))
        self.in_flight -= 1
        return self._fail(request, fault) or self._serve(body, fault)

    def _fail(self, request: web.Request, fault: str | None) -> web.Response | None:
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        if fault in ("429", "500"):
            return _error(int(fault), "not now", {"Retry-After": self.retry_after} if fault == "429" else {})
        return None

    def _serve(self, body: dict[str, Any], fault: str | None) -> web.Response:
        count = 1 if self.ignores_n or fault == "fewer" else int(body.get("n") or 1)
        answer = self._completion(body, 0 if fault == "empty" else count, lost=fault in LOSING)
        text = answer[: len(answer) // 2] if fault == "half" else answer
        return web.Response(text=text, content_type="application/json")

    def _check_body(self, body: dict[str, Any]) -> None:
        prompt = "".join(map(text_of, body["messages"]))
        if self.pinned is not None and body.get("model", self.pinned) != self.pinned:
            raise web.HTTPBadRequest(text=f"Server is pinned to '{self.pinned}'; requested '{body['model']}'.")
        if len(prompt) > self.too_long:
            raise web.HTTPBadRequest(text=f"the prompt is longer than {self.too_long} characters")
        if prompt in self.broken:
            raise web.HTTPInternalServerError(text="broken prompt")

    def _completion(self, body: dict[str, Any], count: int, lost: bool) -> str:
        prompt = "\n".join(text_of(turn) for turn in body["messages"])
        digest = hashlib.sha256(prompt.encode()).hexdigest()[:16]
        choices = []
        for index in range(count):
            seed = int(body.get("seed") or 0) + index
            self.asked[digest, seed] += 1
            self.lost[digest, seed] += lost
            text = judgment(body["messages"], seed)
            choices.append(_choice(index, (prompt + "\n" + text) if self.echoes else text, body))
        self.choices += count
        billed = sum(len(choice["message"]["content"].split()) for choice in choices)
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": billed}
        return json.dumps({"object": "chat.completion", "choices": choices, "usage": usage})

    def _fault(self, body: dict[str, Any]) -> str | None:
        call = json.dumps(body, sort_keys=True)
        self._tries[call] += 1
        rng = _rng(call)
        if self._tries[call] > 1 or rng.random() >= self.fault_share:
            return None
        fault = rng.choice(self.faults)
        self.faulted[fault] += 1
        return fault

    def _latency(self, body: dict[str, Any]) -> float:
        if not self.spread:
            return self.latency
        return self.latency * (1 + self.spread * _rng(json.dumps(body, sort_keys=True), "latency").uniform(-1, 1))

    def _check_key(self, request: web.Request) -> None:
        if self.api_key is not None and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            text = json.dumps({"error": {"message": "Incorrect API key provided"}})
            raise web.HTTPUnauthorized(text=text, content_type="application/json")


def _error(status: int, message: str, headers: dict[str, str]) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


def _choice(index: int, text: str, body: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice: dict[str, Any] = {"index": index, "finish_reason": "stop", "message": message}
    limit = int(body.get("max_tokens") or 4096)
    words = re.findall(r"\s*\S+|\s+$", text)
    if len(words) > limit:
        message["content"] = "".join(words[:limit])
        choice["finish_reason"] = "length"
    if body.get("logprobs"):
        top = [{"token": word, "logprob": -0.5} for word in ("a", "b", "c")[: body.get("top_logprobs", 0)]]
        choice["logprobs"] = {"content": [{"token": w, "logprob": -0.25, "top_logprobs": top} for w in words[:limit]]}
    return choice


@contextmanager
def running(server: LocalServer | None = None, **behavior: Any) -> Iterator[LocalServer]:
    """Serve from a thread of its own on a free port; `url` is the base address for clients."""
    server = server or LocalServer(**behavior)
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    async def stop() -> None:
        await asyncio.sleep(0.01)  # asyncio leaks a connection that is accepted while the server closes
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_forever, name="local-server", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result()
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def main() -> None:
    """Serve until interrupted, after printing the port on a line of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--api-key")
    options.add_argument("--no-models", action="store_true", help="answer 404 to GET /v1/models")
    options.add_argument("--ignores-n", action="store_true")
    options.add_argument("--echoes", action="store_true", help="repeat the prompt before each completion")
    options.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    options.add_argument("--spread", type=float, default=0.0, help="the share by which the latency varies both ways")
    options.add_argument("--retry-after", default="0", help="what a 429 asks for, in seconds")
    options.add_argument("--stall", type=float, default=30.0, help="seconds that a stalled call takes")
    options.add_argument("--fault-share", type=float, default=0.0)
    options.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS)
    given = vars(options.parse_args())
    port, no_models = given.pop("port"), given.pop("no_models")
    server = LocalServer(models=None if no_models else ("local",), **given)
    asyncio.run(_serve(server, port))


async def _serve(server: LocalServer, port: int) -> None:
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
