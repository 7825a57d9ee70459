"""The page of the nesting rules: which releases nest on which processors, and every rule with its reason and source."""

from __future__ import annotations

from collections.abc import Iterable

from docs.making.findings import Known, found_in
from docs.making.markdown import code, page, plain, table
from docs.making.reading import reached
from service.ledger.nesting import can_nest
from service.ledger.nesting.host import HOST_RULES
from service.ledger.nesting.judging import dotted, needed_version
from service.ledger.nesting.node import NODE_RULES
from service.ledger.nesting.releases import AMD, INTEL, RELEASES, Release

_HEADS = ("code", "severity", "what was found", "remedy", "source")


def rules_page() -> str:
    """Return the page."""
    return page(
        "Rules of nested virtualization",
        "Judged when a plan is made, from the host's last inspection, and again by the first step of a job, from "
        "a fresh report. An error "
        "forbids the build. What a report does not say is not judged; what Microsoft's pages disagree about, or "
        "do not "
        "document, is never an error. The sources with their marks (documented, observed, uncertain): "
        "[sources.md](sources.md).",
        "## Releases and processors",
        "The least version is that of a VM's configuration (`Get-VMHostSupportedVersion`) with which it can nest.",
        table(
            (
                "build",
                "release",
                "Intel (VT-x with EPT)",
                "least VM version",
                "AMD (EPYC, Ryzen)",
                "least VM version",
                "newest VM version",
            ),
            map(_release_row, RELEASES),
        ),
        "Builds between these are judged by the same limits: below 10565 nothing nests, below 14393 is a "
        "preview, and AMD begins with 20348.",
        "## About the host",
        table(_HEADS, _rows(found_in(reached(HOST_RULES, ("service.ledger.nesting",))))),
        "## About a node",
        table(_HEADS, _rows(found_in(reached(NODE_RULES, ("service.ledger.nesting",))))),
        "## When a rule stands in the way",
        "`POST /v1/jobs:plan` lists what every rule found without doing anything, `inspect_host` looks at the "
        "host anew, and "
        "`matryoshka jobs plan FILE` shows the same in a terminal. In the tables what is filled in stands in braces.",
    )


def _release_row(release: Release) -> tuple[str, ...]:
    newest = dotted(release.newest_version) if release.newest_version else "not documented"
    return str(release.build), release.name, *_nests(release, INTEL), *_nests(release, AMD), newest


def _nests(release: Release, vendor: str) -> tuple[str, str]:
    report = {"os_build": release.build, "cpu_vendor": vendor}
    needed = needed_version(report)
    if not can_nest(report):
        return "no", ""
    return "yes", dotted(needed) if needed else "not documented"


def _rows(found: Iterable[Known]) -> list[tuple[str, ...]]:
    severities: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        key = (code(one.code), plain(one.reason), plain(one.remedy), plain(one.source))
        severities.setdefault(key, []).append(one.severity)
    return [(key[0], " or ".join(dict.fromkeys(words)), *key[1:]) for key, words in severities.items()]
