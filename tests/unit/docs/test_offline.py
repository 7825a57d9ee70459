"""The check of the built pages: what a page would fetch from elsewhere is found, links for readers are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.making.offline import loaded_from_elsewhere, main


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", '<script src="https://cdn.example/x.js"></script>'),
        ("a.html", '<img src="//cdn.example/x.png">'),
        ("a.html", '<link rel="stylesheet" href="http://cdn.example/x.css">'),
        ("a.css", "a { background: url('https://cdn.example/x.png') }"),
        ("a.css", "@import 'https://fonts.example/x.css';"),
    ],
)
def test_what_comes_from_elsewhere_is_found(tmp_path: Path, name: str, text: str) -> None:
    """A script, a picture or a style of another server is named with its page."""
    (tmp_path / name).write_text(text)

    assert [name] == [file for file, _ in loaded_from_elsewhere(tmp_path)]
    assert 1 == main(tmp_path)


def test_a_page_of_its_own_passes(tmp_path: Path) -> None:
    """Own files, links that a reader follows and an index to search in are what a page may have."""
    (tmp_path / "a.html").write_text('<a href="https://example.com">x</a><img src="_images/x.png">')
    (tmp_path / "searchindex.js").write_text("webhook")

    assert 0 == main(tmp_path)


def test_pages_without_an_index_do_not_pass(tmp_path: Path) -> None:
    """A build whose search would find nothing is told."""
    assert 1 == main(tmp_path)
