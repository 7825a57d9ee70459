"""What the clients and linters are made with is pinned by content, and no lock file names where it was fetched from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT

CLIENTS = ROOT / "tests" / "clients"
_NODE = sorted(CLIENTS.glob("*/package-lock.json"))
_MAVEN = {"m": "http://maven.apache.org/POM/4.0.0"}


@pytest.mark.parametrize("path", _NODE, ids=lambda path: path.parent.name)
def test_npm_packages_have_hashes_and_no_address(path: Path) -> None:
    """Each package of a package-lock.json has its integrity, and none says which registry it came from."""
    packages = json.loads(path.read_text())["packages"]

    assert [] == [name for name, one in packages.items() if name and "integrity" not in one]
    assert [] == [name for name, one in packages.items() if "resolved" in one]


def test_python_packages_have_hashes_and_no_address() -> None:
    """Each requirement of the Python client has hashes, and no index is named."""
    text = (CLIENTS / "python" / "requirements.txt").read_text()
    entries = re.findall(r"^\S+==(?:.*\\\n)*.*", text, re.MULTILINE)

    assert len(entries) > 10
    assert [] == [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert "index-url" not in text
    assert "://" not in text


def test_java_libraries_are_pinned_and_have_hashes() -> None:
    """Each dependency of pom.xml has one version and a SHA-256 in checksums.txt."""
    tree = ET.parse(CLIENTS / "java" / "pom.xml")  # noqa: S314 - our own file
    hashed = re.findall(r"^[0-9a-f]{64}  (\S+)\.jar$", (CLIENTS / "java" / "checksums.txt").read_text(), re.MULTILINE)
    named = [
        f"{one.findtext('m:artifactId', '', _MAVEN)}-{one.findtext('m:version', '', _MAVEN)}"
        for one in tree.iterfind("m:dependencies/m:dependency", _MAVEN)
    ]

    assert len(named) > 3
    assert set(named) <= set(hashed)


def test_go_modules_have_hashes() -> None:
    """Each module that go.mod requires stands in go.sum."""
    for folder in ("go", "lint"):
        required = re.findall(r"^\t?(?:require )?(\S+ v\S+)", (CLIENTS / folder / "go.mod").read_text(), re.MULTILINE)
        sums = (CLIENTS / folder / "go.sum").read_text()
        assert len(required) > 5
        assert [] == [one for one in required if f"{one} h1:" not in sums and f"{one}/go.mod h1:" not in sums]
