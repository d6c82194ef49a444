import os

import pytest
import pytest_asyncio

from solon.integrations.client import close, in_background
from tests.integrations.server import standing


@pytest.fixture
def stand(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SOLON_")]:
        monkeypatch.delenv(name)
    with standing() as made:
        monkeypatch.setenv("SOLON_URL", made.url)
        yield made
        in_background(close())


@pytest_asyncio.fixture(autouse=True)
async def closed():
    yield
    await close()
