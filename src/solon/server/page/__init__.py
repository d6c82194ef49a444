"""The page at /: judge by hand and watch the votes arrive, and read the runs that are stored."""

from solon.server.page.files import FILES
from solon.server.page.routes import PATHS, PROTOCOL, routes

OPEN = frozenset(FILES)
"""The paths that need no key: what is the same for everybody. What was judged is behind the key."""

__all__ = ["OPEN", "PATHS", "PROTOCOL", "routes"]
