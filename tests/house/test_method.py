"""Every file, function and test that the method's page names is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "method.md").read_text("utf-8")
LINKS = sorted(set(re.findall(r"`((?:src|tests)/[\w/.]+)(?:::(\w+))?`", PAGE)))


def names(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


@pytest.mark.parametrize(("path", "name"), LINKS)
def test_what_the_method_links_to_is_there(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    assert not name or name in names(ROOT / path)


def test_there_are_links() -> None:
    assert len(LINKS) > 20
