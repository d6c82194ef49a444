"""Routes that FastAPI documents and that serve themselves: one pass over the bytes of a body, errors in one shape.

FastAPI's own way from a request to a handler and back costs more than all that this server does for a short request.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeAlias, get_type_hints
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from solon.server.client import Client
from solon.server.refusal import Refusal

Serve: TypeAlias = Callable[[bytes, bytes, Mapping[str, Any]], Coroutine[Any, Any, Response]]
"""A body, a query string and a path's parameters to the response."""

_TOLD = 5


class DirectRoute(APIRoute):
    """Hands an endpoint its `body` and `options` (query parameters), read by their models, and returns its response."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that serves a request which came by way of FastAPI."""
        serve = self.serve()

        async def handle(request: Request) -> Response:
            return await serve(await request.body(), request.scope["query_string"], request.path_params)

        return handle

    def serve(self) -> Serve:
        """Return the function that serves a request."""
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint
        hints = get_type_hints(endpoint)
        model: type[BaseModel] | None = hints.get("body")
        choices: type[BaseModel] | None = hints.get("options")
        defaults = None if choices is None or _required(choices) else choices()

        async def serve(body: bytes, query: bytes, path: Mapping[str, Any]) -> Response:
            try:
                arguments: dict[str, Any] = dict(path)
                if model is not None:
                    arguments["body"] = model.model_validate_json(body)
                if choices is not None:
                    asked = parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else ()
                    arguments["options"] = choices.model_validate(dict(asked)) if asked or not defaults else defaults
                return await endpoint(**arguments)
            except ValidationError as error:
                return invalid(error).response()
            except Refusal as refusal:
                return refusal.response()

        return serve


class Shortcut:
    """Serves what is posted to a direct route; everything else goes on to the application.

    The whole body comes in one message: `BodyLimit` stands before it.
    """

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        routes = [route for router in routers for route in router.routes if isinstance(route, DirectRoute)]
        self._serve = {route.path: route.serve() for route in routes if route.methods == {"POST"}}
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        serve = self._serve.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if serve is None:
            await self._app(scope, receive, send)
            return
        message = await receive()
        client = Client(receive)
        try:
            response = await serve(message["body"], scope["query_string"], {})
        finally:
            client.close()
        await response(scope, receive, send)


def _required(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def invalid(error: ValidationError) -> Refusal:
    """Say what is wrong with a body, without repeating what stands in it."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, fault['loc'][:6])) or 'body'}: {fault['msg']}"[:200] for fault in faults[:_TOLD]]
    more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
    return Refusal(422, "invalid", "; ".join(told) + more)
