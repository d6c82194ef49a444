"""Virtual environments with the released packages of trainers: their own code calls ours.

They stand in a cache folder and are made once. The package and what it needs alone is installed in them; torch,
transformers and their like are found where the tests themselves run, by a `.pth` file.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.fetching import CACHE, locked

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "openrlhf": ["openrlhf==0.11.2", "pylatexenc==2.10"],
    "verl": [
        "verl==0.9.1", "tensordict==0.10.0", "ray==2.60.0", "hydra-core==1.3.8", "omegaconf==2.3.1",
        "antlr4-python3-runtime==4.9.3", "codetiming==1.4.0", "cachetools==8.0.2", "torchdata==0.11.0", "cloudpickle",
        "pyvers", "orjson", "msgpack", "jsonschema", "jsonschema-specifications", "referencing", "rpds-py", "protobuf",
        "requests", "urllib3", "certifi", "charset-normalizer", "idna", "filelock", "click",
    ],
}  # fmt: skip


def python_of(name: str) -> Path:
    """Return the interpreter of a trainer's environment, made if it is not there; skip where it cannot be made."""
    folder = CACHE / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
    with locked(folder.name):
        return _made(folder, name)


def _made(folder: Path, name: str) -> Path:
    python, done = folder / "bin" / "python", folder / "done"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    inside = next(folder.glob("lib/python*/site-packages"))
    (inside / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    if not done.exists() or done.read_text() != str(PACKAGES[name]):
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        made = subprocess.run([*command, *PACKAGES[name]], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"pip cannot install {PACKAGES[name][0]} here: {made.stderr.strip().splitlines()[-1]}")
        done.write_text(str(PACKAGES[name]))
    return python


def run(name: str, code: str, **environment: str) -> str:
    """Run a program in a trainer's environment, with our sources, and return what it printed."""
    told = {key: value for key, value in os.environ.items() if not key.startswith("SOLON_")}
    told |= {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"} | environment
    done = subprocess.run([str(python_of(name)), "-c", code], capture_output=True, text=True, env=told, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
