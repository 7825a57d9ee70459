"""What a plan can find about a request, read from the functions that a kind's plan reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docs.making.reading import Read, argument, reached
from service.ledger.plans import BUILDERS

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Known:
    """One finding as the code writes it: what is filled in stands in braces."""

    code: str
    severity: str
    reason: str
    remedy: str
    source: str = ""


def plan_findings(kind: str) -> list[Known]:
    """Return the findings of a kind's plan, errors first; those about the host itself are on a page of their own."""
    reads = reached([BUILDERS[kind]], ("service.ledger.plans",))
    return sorted(dict.fromkeys(found_in(reads)), key=lambda found: (SEVERITIES.index(found.severity), found.code))


def found_in(reads: list[Read]) -> Iterator[Known]:
    """Yield the findings that these functions make."""
    for read in reads:
        for severity, call in read.calls(*SEVERITIES):
            codes, reasons, remedies, sources = (read.text(argument(call, place, "")) for place in range(4))
            for code in codes:
                yield Known(code, severity, " / ".join(reasons), " / ".join(remedies), " / ".join(sources))
