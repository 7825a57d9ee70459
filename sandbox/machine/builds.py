"""What differs between OS builds: names, VM configuration versions, nesting. Source: docs/sources.md H1 to H3."""

from __future__ import annotations

from dataclasses import dataclass

TP4 = 10586
STATIC_MEMORY_BELOW = 14361
AMD_FROM = 20348
_NEW = ("8.0", "8.1", "8.2", "8.3", "9.0")


@dataclass(frozen=True)
class Build:
    """One release of Windows Server. `intel_version`, `amd_version`: the lowest VM version that may nest ('' = any)."""

    number: int
    caption: str
    versions: tuple[str, ...]
    intel_version: str
    amd_version: str | None

    @property
    def default_version(self) -> str:
        """The version of a new VM."""
        return self.versions[-1]

    def nesting_version(self, vendor: str) -> str | None:
        """The lowest VM version that may nest on this CPU; None when this build cannot nest on it."""
        return self.intel_version if vendor == "intel" else self.amd_version


BUILDS = {
    build.number: build
    for build in (
        # The VM version of TP4 is uncertain (docs/sources.md H1); 7.0 is its era.
        Build(TP4, "Windows Server 2016 Technical Preview 4", ("5.0", "6.2", "7.0"), "", None),
        Build(14393, "Windows Server 2016", ("5.0", "6.2", "7.0", "7.1", "8.0"), "8.0", None),
        Build(17763, "Windows Server 2019", ("5.0", "6.2", "7.0", "7.1", *_NEW), "8.0", None),
        Build(20348, "Windows Server 2022", (*_NEW, "9.1", "9.2", "9.3", "10.0"), "8.0", "9.3"),
        Build(26100, "Windows Server 2025", (*_NEW, "9.1", "9.2", "9.3", "10.0", "11.0", "12.0"), "8.0", "9.3"),
    )
}


def caption(build: int, edition: str) -> str:
    """The product's name, as Win32_OperatingSystem shows it."""
    name = "Datacenter" if "Datacenter" in edition else "Standard"
    return f"Microsoft {BUILDS[build].caption} {name}"


def version_key(version: str) -> tuple[int, ...]:
    """A VM version for comparing."""
    return tuple(int(part) for part in version.split("."))
