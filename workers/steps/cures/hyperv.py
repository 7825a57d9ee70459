"""The account in its session, and Hyper-V on the host."""

from __future__ import annotations

from workers.steps.cures.cure import ENDPOINT, Cure

_NESTED = "Microsoft Learn: Run Hyper-V in a virtual machine with nested virtualization"

RIGHTS = (
    Cure(
        "rights",
        "RIGHTS_MISSING",
        "The account is neither an administrator of the host nor a Hyper-V administrator.",
        "Add it to Administrators (what all jobs need), or use the endpoint, whose account is one.",
        ("Add-LocalGroupMember -SID S-1-5-32-544 -Member %account%", ENDPOINT),
        "docs/sources.md H20; docs/windows-host.md",
    ),
    Cure(
        "rights",
        "REPORT_FAILED",
        "The host's own report fails; its error id was seen.",
        "Look the error id up; the log of PowerShell on the host says more.",
        ("Get-WinEvent -LogName Microsoft-Windows-PowerShell/Operational -MaxEvents 20",),
        "docs/functions.md",
    ),
)

ROLE = (
    Cure(
        "role",
        "HYPERV_MISSING",
        "The Hyper-V role is not installed.",
        "Install it; the host restarts.",
        ("Install-WindowsFeature -Name Hyper-V -IncludeManagementTools -Restart",),
        "Microsoft Learn: Install the Hyper-V role on Windows Server",
    ),
    Cure(
        "role",
        "VMMS_STOPPED",
        "The role is installed, but its service vmms does not run.",
        "Start it; if it ends again, its log says why.",
        (
            "Set-Service -Name vmms -StartupType Automatic",
            "Start-Service -Name vmms",
            "Get-WinEvent -LogName Microsoft-Windows-Hyper-V-VMMS-Admin -MaxEvents 20",
        ),
        "Microsoft Learn: Start-Service",
    ),
    Cure(
        "role",
        "HYPERVISOR_NOT_RUNNING",
        "The role is installed, but no hypervisor was launched since the host started.",
        "Switch virtualization on in the firmware, let the hypervisor launch, and restart the host.",
        ("bcdedit /set hypervisorlaunchtype auto", "Restart-Computer"),
        "docs/sources.md H7",
    ),
    Cure(
        "role",
        "HYPERV_NO_ANSWER",
        "The service vmms runs, but Hyper-V does not answer the account.",
        "Restart the service (running machines go on); its log says why.",
        (
            "Get-WinEvent -LogName Microsoft-Windows-Hyper-V-VMMS-Admin -MaxEvents 20",
            "Restart-Service -Name vmms",
        ),
        "docs/sources.md H12",
    ),
    Cure(
        "role",
        "NESTING_SWITCHED_OFF",
        "The host's boot configuration switches nesting off (OFFERNESTEDVIRT=FALSE).",
        "Take it out and restart the host.",
        ("bcdedit /deletevalue hypervisorloadoptions", "Restart-Computer"),
        "docs/sources.md H1",
    ),
    Cure(
        "role",
        "HOST_BUILD_TOO_OLD",
        "This release of Windows cannot nest.",
        "Use Windows Server 2016 or later: no command cures this.",
        (),
        _NESTED,
    ),
    Cure(
        "role",
        "HOST_CPU_UNSUPPORTED",
        "This processor cannot nest under this release of Windows.",
        "Intel with VT-x and EPT from Windows Server 2016 on, AMD from Windows Server 2022 on: no command cures this.",
        (),
        _NESTED,
    ),
    Cure(
        "role",
        "VM_VERSION_TOO_LOW",
        "The host runs no VM version that can nest.",
        "Update the host.",
        ("Get-VMHostSupportedVersion",),
        "Microsoft Learn: Upgrade virtual machine version in Hyper-V",
    ),
    Cure(
        "role",
        "HOST_VBS",
        "On this preview a host that runs virtualization-based security cannot nest.",
        "Use a released Windows, or switch virtualization-based security off.",
        (),
        "docs/sources.md H1",
    ),
)
