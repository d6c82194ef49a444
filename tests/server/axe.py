"""axe-core, which looks for what keeps people from using a page: fetched once by npm into a cache folder."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.fetching import CACHE, locked

VERSION = "4.14.1"


def script() -> str:
    """Return its text: of the file that AXE_CORE names, else of npm's package; skip where there is neither."""
    if named := os.environ.get("AXE_CORE"):
        return Path(named).read_text("utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core is not there: install npm, or name an axe.min.js in AXE_CORE")
    packed = CACHE / f"axe-core-{VERSION}.tgz"
    with locked("axe-core"):
        if not packed.is_file():
            command = [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", str(CACHE)]
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode:
                pytest.skip(f"npm cannot fetch axe-core here: {made.stderr.strip().splitlines()[-1]}")
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")
