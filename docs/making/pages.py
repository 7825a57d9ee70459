"""Every generated file of docs/: path and text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from docs.making.diagrams import diagram_files
from docs.making.events import events_page
from docs.making.kinds import kind_pages
from docs.making.problems import problems_page
from docs.making.rules import rules_page
from docs.making.settings import settings_page

DOCS = Path(__file__).resolve().parents[1]
_OURS = ("kinds/*.md", "images/plans/*.svg", "images/diagrams/*.svg")  # all files of these are generated


def generated() -> Mapping[str, str]:
    """Return the text of each generated file by its path below docs/."""
    alone = {
        "nesting-rules.md": rules_page(),
        "problems.md": problems_page(),
        "events.md": events_page(),
        "settings.md": settings_page(),
    }
    return {**alone, **dict(diagram_files()), **dict(kind_pages())}


def stale() -> list[str]:
    """Return the files that were generated once and are not any more."""
    there = {str(path.relative_to(DOCS)) for pattern in _OURS for path in DOCS.glob(pattern)}
    return sorted(there - set(generated()))
