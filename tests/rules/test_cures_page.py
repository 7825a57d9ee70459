"""docs/connect-host.md shows the causes as the code has them."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from workers.steps.cures import CURES
from workers.steps.cures.__main__ import page

TEXT = (ROOT / "docs" / "connect-host.md").read_text(encoding="utf-8")


def test_the_table_is_made_from_the_code() -> None:
    """The page ends with what `python -m workers.steps.cures` prints."""
    assert TEXT.endswith(page())


def test_every_cause_is_on_the_page() -> None:
    """Each code that a test can fail with has its row, and no row is of a code that there is not."""
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.MULTILINE)) == set(CURES)
