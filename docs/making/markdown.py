"""Markdown as text: tables, code, and the mark that a page is generated. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MARK = "<!-- Made from the code by `make docs-pages`: do not edit. -->\n"
_BREAKS = re.compile(r"\s+")


def page(title: str, *parts: str) -> str:
    """Return a page: its title, the mark, and its parts with an empty line between them; empty parts are left out."""
    return "\n\n".join([f"# {title}", MARK.strip(), *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; '' when there are no rows."""
    lines = [f"| {' | '.join(cell(one) for one in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *lines])


def cell(text: str) -> str:
    """Return the text as one cell: no line breaks, and no bar that would end it."""
    return _BREAKS.sub(" ", text).strip().replace("|", "\\|")


def code(text: str) -> str:
    """Return the text as code; '' for nothing."""
    return f"`{text}`" if text else ""


def codes(words: Iterable[str]) -> str:
    """Return the words as code with commas between them."""
    return ", ".join(code(word) for word in words)


def block(language: str, text: str) -> str:
    """Return a fenced block."""
    return f"```{language}\n{text.strip()}\n```"


def yes(value: object) -> str:
    """Return `yes` or nothing."""
    return "yes" if value else ""


def plain(text: str) -> str:
    """Return text whose angle brackets and braces are shown, not read as markup."""
    return text.replace("<", "&lt;").replace(">", "&gt;")
