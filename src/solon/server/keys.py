"""API keys: from the environment and a file, compared in constant time, revoked by taking them out of the file."""

import base64
import binascii
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from pathlib import Path

from solon.errors import UserError

ENVIRONMENT = "SOLON_API_KEYS"
_EVERY = 1.0


class Keys:
    """The keys that may ask.

    A client sends its key as a bearer token or, where it can only be told an address, as the password of that
    (`http://any:KEY@host/...`), which clients send as basic authentication.

    Raises:
        UserError: the file cannot be read.
    """

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._clock = file, clock
        self._given = _digests(os.environ.get(ENVIRONMENT, "").split(","))
        self._read: list[bytes] = []
        self._stamp: tuple[int, int] | None = None
        self._looked = -_EVERY
        self._look()

    @property
    def open(self) -> bool:
        """Tell whether everybody may ask: no key was ever given."""
        return self._file is None and not self._given

    def allow(self, authorization: bytes) -> bool:
        """Tell whether the value of an Authorization header holds one of the keys; all are compared, always."""
        self._look()
        asked = hashlib.sha256(_presented(authorization)).digest()
        found = False
        for digest in (*self._given, *self._read):
            found |= hmac.compare_digest(digest, asked)
        return found

    def _look(self) -> None:
        """Read the file again when it has changed, and look at that once a second at most."""
        if self._file is None or self._clock() - self._looked < _EVERY:
            return
        self._looked = self._clock()
        try:
            seen = self._file.stat()
            if (stamp := (seen.st_mtime_ns, seen.st_size)) != self._stamp:
                self._read = _digests(self._file.read_text("utf-8").splitlines())
                self._stamp = stamp
        except (OSError, UnicodeDecodeError) as error:
            if self._stamp is None:
                raise UserError(f"the keys of '{self._file}' cannot be read: {error}") from error
            self._read, self._stamp = [], (0, 0)


def _digests(keys: list[str]) -> list[bytes]:
    names = (key.partition("#")[0].strip() for key in keys)
    return [hashlib.sha256(key.encode()).digest() for key in names if key]


def _presented(authorization: bytes) -> bytes:
    scheme, _, value = authorization.strip().partition(b" ")
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return value.strip() if scheme.lower() == b"bearer" else b""
