"""`python -m docs.making`: write every generated page and picture; what is not generated any more is removed."""

from __future__ import annotations

import sys

from docs.making.pages import DOCS, generated, stale


def main() -> int:
    """Write the files and say what changed; always 0."""
    for path in stale():
        (DOCS / path).unlink()
        print(f"removed docs/{path}")
    for path, text in generated().items():
        target = DOCS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            print(f"wrote docs/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
