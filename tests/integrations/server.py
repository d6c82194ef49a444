"""A stand-in for the server: answers over real sockets, by a script of faults, and keeps what it was asked."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Stand:
    """What the stand-in was asked, and what it is to do: `faults` are taken one a request, before any answer."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.headers: list[dict] = []
        self.faults: list[object] = []
        self.score: Callable[[str], float | None] = lambda text: float(re.findall(r"\d+", text)[0])
        self.chunked = False
        self.connections: set[tuple] = set()
        self.url = ""

    def answer(self, body: dict) -> dict:
        texts = [each if isinstance(each, str) else each["content"] for each in body["responses"]]
        scores = [self.score(text) for text in texts]
        valid = [score is not None for score in scores]
        return {
            "id": body["id"], "scores": scores, "rewards": scores, "valid": valid, "best": [0], "agreement": 0.75,
            "position_consistency": None, "k_used": 4, "unread": {}, "principles": [{"text": "brief", "weight": 2}],
            "critiques": ["Short and right.", "Another."], "samples": [], "usage": {},
        } | ({} if all(valid) else {"reason": "no judgment could be read"})  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    stand: Stand
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.stand.connections.add(self.client_address)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.stand.asked.append(body | {"path": self.path})
        self.stand.headers.append({name.lower(): value for name, value in self.headers.items()})
        fault = self.stand.faults.pop(0) if self.stand.faults else None
        if fault == "hang":
            time.sleep(2)
        if fault in ("drop", "hang"):
            self.close_connection = True
            return
        if isinstance(fault, tuple):
            self.send({"error": {"code": "no", "message": "no room"}}, *fault)
        elif isinstance(fault, bytes):
            self.raw(fault, 200, {})
        else:
            self.send(self.stand.answer(body), 200, {})

    def send(self, told: dict, status: int, headers: dict) -> None:
        self.raw(json.dumps(told).encode(), status, headers)

    def raw(self, told: bytes, status: int, headers: dict) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        if self.stand.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(told), 7):
                part = told[start : start + 7]
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def standing() -> Iterator[Stand]:
    stand = Stand()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handling", (Handler,), {"stand": stand}))
    server.daemon_threads = True
    stand.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield stand
    finally:
        server.shutdown()
        server.server_close()
