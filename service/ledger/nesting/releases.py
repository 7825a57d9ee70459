"""Windows releases by build, and what each needs to expose virtualization extensions. Pure data with its sources.

Facts: docs/sources.md H1 to H4, taken from Microsoft's own pages and their history.
"""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, ...]

FIRST_NESTING_BUILD = 10565  # both hypervisors must be this build or later
STRICT_PREVIEWS_END = 14361  # from here on VM version 8.0, and checkpoints, saving and VBS hosts are allowed
FIRST_RELEASE_BUILD = 14393
FIRST_AMD_BUILD = 20348
# Insider builds of 2020 ran AMD; the first of them is not documented.
AMD_PREVIEWS_BEGIN = 19636
INTEL_VERSION: Version = (8, 0)
AMD_VERSION: Version = (9, 3)
AMD_VERSION_ONCE_PUBLISHED: Version = (10, 0)

INTEL = "GenuineIntel"
AMD = "AuthenticAMD"


@dataclass(frozen=True)
class Release:
    """One released build. `newest_version` is the newest VM configuration version it runs, None when unknown."""

    build: int
    server: str
    client: str
    newest_version: Version | None

    @property
    def name(self) -> str:
        """The names people know it by."""
        return " / ".join(name for name in (self.server, self.client) if name)


RELEASES = (
    Release(10586, "Server 2016 Technical Preview 4", "Windows 10 1511", None),
    Release(14393, "Server 2016", "Windows 10 1607", (8, 0)),
    Release(17763, "Server 2019", "Windows 10 1809", (9, 0)),
    Release(19041, "", "Windows 10 2004", (9, 2)),
    Release(19042, "", "Windows 10 20H2", (9, 2)),
    Release(19043, "", "Windows 10 21H1", (9, 2)),
    Release(19044, "", "Windows 10 21H2", (9, 2)),
    Release(20348, "Server 2022", "", (10, 0)),
    Release(22000, "", "Windows 11 21H2", (10, 0)),
    Release(22621, "", "Windows 11 22H2", (11, 0)),
    Release(22631, "", "Windows 11 23H2", (11, 0)),
    Release(26100, "Server 2025", "Windows 11 24H2", (12, 0)),
)


def release_of(build: int) -> Release | None:
    """Return the release of exactly this build, None for previews and builds that we have no facts about."""
    return next((release for release in RELEASES if release.build == build), None)


def parse_version(text: object) -> Version | None:
    """Return a VM configuration version such as `9.3` for comparing, None when it is not one."""
    parts = str(text).split(".")
    return tuple(int(part) for part in parts) if len(parts) > 1 and all(part.isdigit() for part in parts) else None
