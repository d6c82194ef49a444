"""Serving: uvicorn with this project's limits, and an end that answers what is under way."""

import gc
import logging
import math
import signal
import socket
import sys

import uvicorn
from fastapi import FastAPI

from solon.server.limits import PunctualProtocol
from solon.server.logs import LogHandler
from solon.server.service import Service

_KEEP_ALIVE = 120
_MARGIN = 0.5
_DOORS = 8


class DrainingServer(uvicorn.Server):
    """On SIGTERM it takes nothing new, answers what is under way, by then at the latest, and ends.

    Its socket is listened to several times: libuv, below uvloop, accepts one connection of a socket in each round of
    the loop (libuv pull request 3696), so of 64 that come at once to a busy server the last would wait 64 rounds.
    """

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._listening: list[socket.socket] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, from when the log names the port on: who connects before all is ready waits."""
        bound = sockets or [self.config.bind_socket()]
        for one in bound:
            one.listen(self.config.backlog)
        self._listening = bound + [one.dup() for one in bound for _ in range(_DOORS - 1)]
        await super().startup(self._listening)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain."""
        self._service.close(max(0.0, self._service.settings.drain - _MARGIN))
        await super().shutdown(self._listening)


def run(app: FastAPI, host: str, port: int) -> None:
    """Serve an application until the process is told to end; SIGTERM ends it with exit code 0, also at the start."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))  # uvicorn raises it once more when it has drained
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be looked at again
    server(app, host, port).run()


def server(app: FastAPI, host: str, port: int) -> DrainingServer:
    """Return the server of an application."""
    service: Service = app.state.service
    for name in ("uvicorn", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [LogHandler(service.log)], False
        logger.setLevel(logging.INFO)
    protocol = type("Protocol", (PunctualProtocol,), {"arrival": service.settings.arrival})
    config = uvicorn.Config(
        app,
        host,
        port,
        http=protocol,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(service.settings.drain),
    )
    return DrainingServer(config, service)
