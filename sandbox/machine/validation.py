"""The tests of a cluster validation, by category: those of Microsoft's page of Test-Cluster, and one of storage."""

from __future__ import annotations

TESTS: dict[str, tuple[str, ...]] = {
    "Cluster Configuration": (
        "List Cluster Core Groups",
        "List Cluster Network Information",
        "List Cluster Resources",
        "List Cluster Volumes",
        "List Clustered Roles",
        "Validate Quorum Configuration",
        "Validate Resource Status",
        "Validate Service Principal Name",
        "Validate Volume Consistency",
    ),
    "Hyper-V Configuration": (
        "List Information About Servers Running Hyper-V",
        "Validate Compatibility of Virtual Fibre Channel SANs for Hyper-V",
        "Validate Hyper-V Memory Resource Pool Compatibility",
        "Validate Hyper-V Network Resource Pool And Virtual Switch Compatibility",
        "Validate Hyper-V Processor Resource Pool Compatibility",
        "Validate Hyper-V Role Installed",
        "Validate Hyper-V Storage Resource Pool Compatibility",
        "Validate Matching Processor Manufacturers",
        "List Hyper-V Virtual Machine Information",
        "Validate Hyper-V Integration Services Version",
        "Validate Hyper-V Virtual Machine Network Configuration",
        "Validate Hyper-V Virtual Machine Storage Configuration",
    ),
    "Inventory": (
        "List Fibre Channel Host Bus Adapters",
        "List iSCSI Host Bus Adapters",
        "List SAS Host Bus Adapters",
        "List BIOS Information",
        "List Environment Variables",
        "List Memory Information",
        "List Operating System Information",
        "List Plug and Play Devices",
        "List Running Processes",
        "List Services Information",
        "List Software Updates",
        "List System Drivers",
        "List System Information",
        "List Unsigned Drivers",
    ),
    "Network": (
        "List Network Binding Order",
        "Validate Cluster Network Configuration",
        "Validate IP Configuration",
        "Validate Multiple Subnet Properties",
        "Validate Network Communication",
        "Validate Windows Firewall Configuration",
    ),
    "Storage": (
        "List Disks",
        "List Potential Cluster Disks",
        "Validate CSV Network Bindings",
        "Validate CSV Settings",
        "Validate Disk Access Latency",
        "Validate Disk Arbitration",
        "Validate Disk Failover",
        "Validate File System",
        "Validate Microsoft MPIO-based disks",
        "Validate Multiple Arbitration",
        "Validate SCSI device Vital Product Data (VPD)",
        "Validate SCSI-3 Persistent Reservation",
        "Validate Simultaneous Failover",
    ),
    "Storage Spaces Direct": ("Verify All Disks",),
    "System Configuration": (
        "Validate Active Directory Configuration",
        "Validate All Drivers Signed",
        "Validate Cluster Service and Driver Settings",
        "Validate Memory Dump Settings",
        "Validate Operating System Edition",
        "Validate Operating System Installation Option",
        "Validate Operating System Version",
        "Validate Required Services",
        "Validate Same Processor Architecture",
        "Validate Service Pack Levels",
        "Validate Software Update Levels",
        "Validate System Drive Variable",
    ),
}
ON_REQUEST = ("Storage", "Storage Spaces Direct")
"""Categories that run only when they are asked for: their tests take disks offline."""


def rows(included: set[str], *, member: bool, with_hyperv: bool) -> list[tuple[str, str]]:
    """(category, test) of what runs: `included` categories or tests in small letters, else all that applies."""
    return [
        (category, test)
        for category, tests in TESTS.items()
        for test in tests
        if _wanted(category, test, included, member=member, with_hyperv=with_hyperv)
    ]


def _wanted(category: str, test: str, included: set[str], *, member: bool, with_hyperv: bool) -> bool:
    if included:
        return category.lower() in included or test.lower() in included
    if category == "Cluster Configuration":
        return member
    if category == "Hyper-V Configuration":
        return with_hyperv
    return category not in ON_REQUEST
