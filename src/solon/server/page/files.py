"""The files that the page consists of, and the headers under which a browser loads nothing else."""

from importlib.resources import files
from pathlib import PurePath

from fastapi import Response

POLICY = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Own files only, and none of them may make markup or code of a text."""
FRESH = {**POLICY, "Cache-Control": "no-store"}
"""The same for what was judged, of which a browser keeps nothing."""
FILES = {
    "/": "index.html",
    "/page/page.css": "page.css",
    "/page/page.js": "page.js",
    "/page/dom.js": "dom.js",
    "/page/ask.js": "ask.js",
    "/page/reading.js": "reading.js",
    "/page/runs.js": "runs.js",
    "/page/icon.svg": "icon.svg",
}
"""The file at every path."""

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def served(path: str) -> Response:
    """Return the file at a path."""
    name = FILES[path]
    content = (files("solon.server.page") / "static" / name).read_bytes()
    headers = {**POLICY, "Cache-Control": "no-cache"}
    return Response(content, headers=headers, media_type=f"{_KINDS[PurePath(name).suffix]}; charset=utf-8")
