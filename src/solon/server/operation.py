"""What operation asks: is it alive, is it ready, and how is it doing."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from solon.server.reply import encoded
from solon.server.service import Service

OPEN = frozenset({"/health", "/ready", "/metrics", "/openapi.json", "/"})
"""The paths that need no key."""


class Health(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """Whether requests should be sent here, and why not."""

    ready: bool
    reason: str | None
    open: int
    in_flight: int


def operation(service: Service) -> APIRouter:
    """Return the routes that operation uses."""
    router = APIRouter(tags=["operation"])

    @router.get("/health")
    async def health() -> Health:
        """Say that the process answers."""
        return Health(status="ok")

    @router.get("/ready", response_model=Ready, responses={503: {"model": Ready}})
    async def ready() -> Response:
        """Say whether requests should be sent here: not while the server drains or nothing can be read."""
        reason, desk = service.ready(), service.desk
        told = {"ready": reason is None, "reason": reason, "open": desk.open, "in_flight": desk.judging}
        return Response(encoded(told), 200 if reason is None else 503, media_type="application/json")

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Return all figures as Prometheus reads them."""
        return Response(service.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return router
