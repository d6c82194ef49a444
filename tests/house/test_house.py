"""The rules of the house: small files that say what they are for, a light front door, public names on purpose."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import solon

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "solon").rglob("*.py"))
OWN_TEXTS = [
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "src/**/*.py",
        "src/**/*.txt",
        "tests/**/*.py",
        "bench/*.py",
        "Makefile",
        ".ci/*",
    )
    for path in ROOT.glob(pattern)
]
LONGEST = 400
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "misc"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_is_a_small_room_with_a_docstring(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "the module has no docstring"
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_are_short(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            assert length <= 30, f"{node.name} has {length} lines"


def test_public_names_are_chosen():
    assert solon.__all__ == [
        "Best",
        "Case",
        "Judge",
        "Judgment",
        "LabeledCase",
        "Message",
        "Principle",
        "Ratings",
        "Right",
        "SamplerError",
        "SolonError",
        "Store",
        "Unread",
        "UserError",
        "Verdict",
        "read_cases",
    ]
    assert all(getattr(solon, public) is not None for public in solon.__all__)


def test_nothing_heavy_stands_behind_the_front_door():
    heavy = ["torch", "transformers", "aiohttp", "pydantic", "rich", "cyclopts", "numpy", "matplotlib"]
    code = f"import sys, solon; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_the_readme_shows_the_tree_as_it_is():
    readme = (ROOT / "README.md").read_text("utf-8")
    tree = readme.partition("src/solon/\n")[2].partition("```")[0]
    shown = set(re.findall(r"^ +([\w]+(?:\.py|/))", tree, re.MULTILINE))
    package = ROOT / "src" / "solon"
    tops = {path.name + ("/" if path.is_dir() else "") for path in package.iterdir()}
    assert shown == {top for top in tops if top.endswith(("/", ".py")) and not top.startswith("__pycache__")}


def test_no_random_state_is_shared():
    for path in SOURCES:
        found = re.findall(r"random\.seed\(|torch\.manual_seed\(|\bhash\(", path.read_text("utf-8"))
        assert not found, f"{name(path)} uses {found}"


def test_texts_name_no_machine():
    home = re.compile(r"/(?:root|home|work|tmp)/[\w.]")
    for path in OWN_TEXTS:
        if path != Path(__file__):
            assert not home.search(path.read_text("utf-8")), name(path)
