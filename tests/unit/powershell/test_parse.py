"""The PowerShell files are well formed: every one parses without an error by tree-sitter's grammar."""

from __future__ import annotations

from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).resolve().parent.parent.parent.parent
_FOLDERS = ("workers/powershell", "deploy/windows", "tests/integration/powershell_fakes")
_FILES = sorted(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.ps*1"))
_BOM = b"\xef\xbb\xbf"


def _broken(node: Node) -> list[str]:
    if node.type == "ERROR" or node.is_missing:
        row, column = node.start_point
        return [f"{row + 1}:{column + 1} {node.type}"]
    return [place for child in node.children for place in _broken(child)]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_file_parses(path: Path) -> None:
    """A file has no ERROR and no MISSING node: the house avoids the nine forms that the grammar does not know."""
    tree = Parser(Language(tree_sitter_powershell.language())).parse(path.read_bytes().removeprefix(_BOM))
    assert _broken(tree.root_node) == []


@pytest.mark.parametrize(
    "path",
    [path for path in _FILES if "powershell_fakes" not in path.parts],
    ids=lambda path: path.name,
)
def test_file_has_a_byte_order_mark(path: Path) -> None:
    """Windows PowerShell 5.1 reads a file without the mark in the machine's code page."""
    content = path.read_bytes()
    assert content.startswith(_BOM)
    assert b"\r" not in content


@pytest.mark.parametrize("part", ["Private", "Public"])
def test_one_function_a_file(part: str) -> None:
    """A file holds one function, of its own name, and nothing outside of it: files are joined to one text."""
    for path in sorted((ROOT / "workers/powershell/Matryoshka" / part).glob("*.ps1")):
        tree = Parser(Language(tree_sitter_powershell.language())).parse(path.read_bytes().removeprefix(_BOM))
        (statements,) = tree.root_node.children
        (statement,) = statements.children
        assert statement.type == "function_statement", path.name
        name = statement.children[1].text or b""
        assert name.decode() == path.stem
