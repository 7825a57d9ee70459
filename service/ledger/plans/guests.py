"""What a step inside a node reads, and which Windows features and firewall groups a node gets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HYPER_V = ("Hyper-V", "Hyper-V-PowerShell")
CLUSTERING = ("Failover-Clustering", "RSAT-Clustering-PowerShell")
FEATURES: Mapping[str, tuple[str, ...]] = {"hyper_v": HYPER_V, "failover_clustering": CLUSTERING}

# Groups by resource id, since their names are localized: Windows Management Instrumentation, Remote Event Log
# Management, File and Printer Sharing. Failover clusters' own groups are opened by the installation of that feature.
FIREWALL_GROUPS = ("@FirewallAPI.dll,-34251", "@FirewallAPI.dll,-29252", "@FirewallAPI.dll,-28502")

EXPOSED = ("guest_exposed", "guest_root")  # guest_root: the image has the role already and its hypervisor runs


def guest_reads(request: Mapping[str, Any], node: str, *more: str) -> tuple[str, ...]:
    """Return the facts that reach into a configured node: its VM id and, for WinRM, its address."""
    by_winrm = request.get("guest", {}).get("access") == "winrm"
    address = (f"node.{node}.address",) if by_winrm else ()
    return (f"node.{node}.vm_id", *address, *(f"node.{node}.{fact}" for fact in more))
