"""Requests that are turned away, in one shape: `{"error": {"code": ..., "message": ...}}`."""

import json

from fastapi import Response

from solon.errors import SolonError


class Refusal(SolonError):
    """A request that gets no judgment: its HTTP status, a code for programs and a message for people."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    @property
    def body(self) -> dict[str, dict[str, str]]:
        """The error as it is sent."""
        return {"error": {"code": self.code, "message": self.message}}

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def response(self) -> Response:
        """Return the answer to the request."""
        return Response(json.dumps(self.body), self.status, self.headers, "application/json")
