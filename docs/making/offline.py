"""`python -m docs.making.offline FOLDER`: a built page loads nothing from elsewhere, and its search has an index."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "link": "href"}
_ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
_CSS = re.compile(r"(?:url\(|@import )\s*['\"]?((?:https?:)?//[^'\")\s]+)")


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element loads; links that a reader follows load nothing."""
        target = dict(attrs).get(_LOADS.get(tag, "")) or ""
        if _ELSEWHERE.match(target):
            self.found.append(target)


def loaded_from_elsewhere(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield file and address of everything that the built pages would fetch from another server."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            parser = _Loads()
            parser.feed(path.read_text(encoding="utf-8"))
            yield from ((str(path.relative_to(folder)), target) for target in parser.found)
        elif path.suffix == ".css":
            text = path.read_text(encoding="utf-8")
            yield from ((str(path.relative_to(folder)), target) for target in _CSS.findall(text))


def main(folder: Path) -> int:
    """Say what is wrong with the pages in a folder; 0 when nothing is."""
    faults = [f"{file} loads {target}" for file, target in loaded_from_elsewhere(folder)]
    index = folder / "searchindex.js"
    if not index.exists() or "webhook" not in index.read_text(encoding="utf-8"):
        faults.append("there is no index to search in")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
