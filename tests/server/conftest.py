"""The server's tests need its extra."""

import pytest

pytest.importorskip("fastapi")
