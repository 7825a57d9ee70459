"""Every link of a page leads somewhere, on a code forge and in the built pages."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.pages.markdown import anchors, links, pages

PAGES = [*pages(), *sorted((ROOT / "tests").rglob("README.md"))]
DOCS = ROOT / "docs"
_FORMS = ("https", "http", "mailto")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _inner(page: Path) -> list[str]:
    return [link for link in links(page) if not urlsplit(link).scheme]


def _leads(page: Path, link: str) -> str:
    """Return what is wrong with a link; '' when nothing is."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if path.startswith("/") or not target.is_relative_to(ROOT):
        return "leaves the project"
    if not target.exists():
        return "no such file"
    if page.is_relative_to(DOCS) and not target.is_file():
        return "is a folder, which the built pages cannot show: name a file in it"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target)):
        return "no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link inside the project names a file that is there, and a heading that is in it."""
    assert [] == [(link, fault) for link in _inner(page) if (fault := _leads(page, link))]


def test_links_are_found() -> None:
    """The rule above looks at something: links to files, to headings and to pictures."""
    found = [link for page in PAGES for link in _inner(page)]

    assert len(found) > 100
    assert any("#" in link for link in found)
    assert any(link.endswith(".png") for link in found)
    assert any(link.endswith(".svg") for link in found)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_to_elsewhere_have_a_form(page: Path) -> None:
    """A link out of the project has a scheme that readers can open, and a host; whether it answers is not asked."""
    outer = [urlsplit(link) for link in links(page) if urlsplit(link).scheme]

    assert [] == [one.geturl() for one in outer if one.scheme not in _FORMS or not (one.netloc or one.path)]


def test_every_page_is_in_the_index() -> None:
    """Whoever begins at docs/index.md finds every page: no page is in no list of the index."""
    listed = [
        line
        for line in (DOCS / "index.md").read_text(encoding="utf-8").splitlines()
        if line and " " not in line and not line.startswith((":", "`", "#"))
    ]
    found = {page for pattern in listed for page in DOCS.glob(f"{pattern}.md")}

    assert [] == [_name(page) for page in DOCS.rglob("*.md") if page not in found and page.name != "index.md"]
