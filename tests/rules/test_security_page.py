"""docs/security.md: each threat has a mitigation, each mitigation a test or a reason, each boundary all six letters."""

from __future__ import annotations

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_SECTION = re.compile(r"^## (B\d): .*?\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| \*\*([STRIDE])\*\* ([^|]+)\|([^|]+)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def test_every_boundary_is_looked_at_by_all_six_letters() -> None:
    """Spoofing, tampering, repudiation, information disclosure, denial, elevation: none is left out at a boundary."""
    sections = dict(_SECTION.findall(PAGE))

    assert {"B1", "B2", "B3", "B4", "B5"} == set(sections)
    assert {name: set("STRIDE") for name in sections} == {
        name: {row[0] for row in _ROW.findall(text)} for name, text in sections.items()
    }


def test_every_mitigation_names_a_test_or_says_what_remains() -> None:
    """No row claims a defence that nothing shows."""
    rows = _ROW.findall(PAGE)

    assert len(rows) > 25
    assert [] == [threat for _, threat, _, test, remains in rows if not test.strip() and not remains.strip()]
