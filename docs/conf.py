"""How `make docs` turns these pages into a site: Sphinx with MyST and Furo. Nothing is fetched from the network."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

_MARKDOWN = re.compile(r"\]\(([^)\s#:]+\.md)(?:#[^)\s]*)?\)")

project = "Matryoshka"
author = "the Matryoshka contributors"
copyright = "the Matryoshka contributors, Apache-2.0"  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser", "sphinx_copybutton"]
root_doc = "index"
source_suffix = {".md": "markdown"}
exclude_patterns = ["making"]
language = "en"

# Links to headings are written as a code forge makes them: `page.md#the-heading`.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
# Blocks without a language are shown as they are.
highlight_language = "none"

html_theme = "furo"
html_title = "Matryoshka"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_show_sphinx = False
html_copy_source = False
html_last_updated_fmt = None
html_theme_options = {"sidebar_hide_name": False, "navigation_with_keys": True}
# Only what is typed is copied: neither prompts nor what a command answers.
copybutton_prompt_text = r"\$ |PS> |>>> "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _without_empty_patterns)
    app.connect("source-read", _with_files)


def _without_empty_patterns(app: Sphinx, docname: str, source: list[str]) -> None:
    """Drop the lines of the index whose pattern fits no page: Sphinx warns of them, and warnings are errors here."""
    if docname == root_doc:
        kept = [line for line in source[0].splitlines() if not _is_empty(Path(app.srcdir), line)]
        source[0] = "\n".join(kept)


def _is_empty(folder: Path, line: str) -> bool:
    return line.endswith("*") and " " not in line and not any(folder.glob(f"{line}.md"))


def _with_files(app: Sphinx, docname: str, source: list[str]) -> None:
    """Make links to Markdown outside of docs/ links to the file: MyST takes every other for a page of the site."""
    folder = (Path(app.srcdir) / docname).parent

    def as_file(link: re.Match[str]) -> str:
        outside = not (folder / link[1]).resolve().is_relative_to(Path(app.srcdir).resolve())
        return f"](path:{link[1]})" if outside else link[0]

    source[0] = _MARKDOWN.sub(as_file, source[0])
