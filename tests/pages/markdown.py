"""The parts of a Markdown page that tests look at. Only what these pages use is understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

_FENCE = re.compile(r"^( {0,3})(`{3,}|:{3,})(.*)$")
_HEADING = re.compile(r"^(#{1,6}) +(.*?) *#*$")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)(?: +\"[^\"]*\")?\)")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")
# As GitHub and MyST make them.
_NOT_IN_SLUG = re.compile(r"[^\w\u4e00-\u9fff\- ]")


@dataclass(frozen=True)
class Block:
    """One block of code. `name` is the second word behind the fence; an indented block has no language and no name."""

    page: str
    line: int
    language: str
    name: str
    code: str

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return the pages for people: at the top, and below docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@cache
def text_of(path: Path) -> str:
    """Return a page's text."""
    return path.read_text(encoding="utf-8")


@cache
def blocks(path: Path) -> tuple[Block, ...]:
    """Return the blocks of a page, fenced and indented, in their order."""
    name = str(path.relative_to(ROOT))
    return tuple(Block(name, line, *_words(info), code) for line, info, code in _split(text_of(path))[0])


def named(page: str, name: str) -> str:
    """Return the code of a page's block by its name; raises LookupError when there is none, or more than one."""
    found = [block.code for block in blocks(ROOT / page) if block.name == name]
    if len(found) != 1:
        raise LookupError(f"{page} has {len(found)} blocks named {name}")
    return found[0]


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the anchors of a page's headings."""
    titles = [match[2] for line in _split(text_of(path))[1] if (match := _HEADING.match(line))]
    seen: dict[str, int] = {}
    found = set()
    for title in titles:
        slug = _NOT_IN_SLUG.sub("", _shown(title).lower()).strip().replace(" ", "-")
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        found.add(f"{slug}-{number}" if number else slug)
    return frozenset(found)


def links(path: Path) -> list[str]:
    """Return the targets of a page's links and pictures; what stands in code is none."""
    return [target for line in _split(text_of(path))[1] for target in _LINK.findall(_CODE.sub("", line))]


def _shown(title: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)


def _words(info: str) -> tuple[str, str]:
    words = info.split()
    return (words[0] if words else ""), (words[1] if len(words) > 1 else "")


@cache
def _split(text: str) -> tuple[tuple[tuple[int, str, str], ...], tuple[str, ...]]:
    """Return the blocks (line, info, code) and the lines outside of them."""
    found: list[tuple[int, str, str]] = []
    outside: list[str] = []
    numbered = iter(enumerate(text.splitlines(), start=1))
    indented, listed = False, False
    for number, line in numbered:
        fence = _FENCE.match(line)
        if fence:
            inner = list(_until(numbered, fence[2]))
            found.append((number, fence[3].strip(), "\n".join(one[len(fence[1]) :] for one in inner) + "\n"))
        elif line.startswith("    ") and line.strip() and not listed:
            if indented:
                found[-1] = (found[-1][0], "", found[-1][2] + line[4:] + "\n")
            else:
                found.append((number, "", line[4:] + "\n"))
        else:
            outside.append(line)
            if line.strip():
                listed = bool(_ITEM.match(line)) or (listed and line.startswith(" "))
        indented = not fence and not listed and (line.startswith("    ") or (indented and not line.strip()))
    return tuple(found), tuple(outside)


def _until(numbered: Iterator[tuple[int, str]], fence: str) -> Iterator[str]:
    for _, line in numbered:
        if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            return
        yield line
