"""`python -m workers.steps.cures`: the causes as docs/connect-host.md shows them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from service.ledger.checks import HOST_CHECKS
from workers.steps.cures import CURES, Cure

_BAR = "\\|"


def page() -> str:
    """Return a table for each check: code, cause, cure and commands."""
    return "\n".join(line for check in HOST_CHECKS for line in _table(check.id, check.title))


def _table(check: str, title: str) -> Iterator[str]:
    yield f"### {check}: {title[0].lower()}{title[1:]}"
    yield ""
    yield "| code | why | cure | on the host |"
    yield "|---|---|---|---|"
    for cure in CURES.values():
        if cure.check == check:
            yield f"| `{cure.code}` | {cure.why} | {cure.remedy} | {_commands(cure)} |"
    yield ""


def _commands(cure: Cure) -> str:
    return "<br>".join(f"`{line.replace('|', _BAR)}`" for line in cure.commands) or "nothing"


if __name__ == "__main__":
    sys.stdout.write(page())
