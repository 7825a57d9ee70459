"""The session configuration and the module in it."""

from __future__ import annotations

from workers.steps.cures.cure import ENDPOINT, JEA, Cure

OPENING = (
    Cure(
        "endpoint",
        "ENDPOINT_MISSING",
        "The host has no session configuration of this name.",
        "Register it (WinRM learns of it when it restarts), or correct configuration_name.",
        ("Get-PSSessionConfiguration | Format-Table -Property Name, Permission", ENDPOINT),
        JEA,
    ),
    Cure(
        "endpoint",
        "ENDPOINT_DENIED",
        "The credential is good, but the account may not open this session configuration.",
        "Put the account into the group of the endpoint; without an endpoint of ours into Administrators, and lift the "
        "filter of a local administrator's token.",
        (
            ENDPOINT,
            "Add-LocalGroupMember -SID S-1-5-32-544 -Member %account%",
            (
                r"New-ItemProperty -Path HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System -Name "
                r"LocalAccountTokenFilterPolicy -Value 1 -PropertyType DWord -Force"
            ),
        ),
        "docs/sources.md H20; Microsoft Learn: about_Remote_Troubleshooting",
    ),
    Cure(
        "endpoint",
        "ENDPOINT_QUOTA",
        "A quota of the host's shells is used up.",
        "Close shells that nobody needs, or raise the quota.",
        (
            r"Get-WSManInstance -ResourceURI shell -Enumerate | Format-Table Owner, ClientIP, ShellInactivity",
            r".\Install-Matryoshka.ps1 -MaxShellsPerUser 60",
        ),
        "docs/sources.md H17",
    ),
    Cure(
        "endpoint",
        "ENDPOINT_FAILED",
        "The session configuration answers with a fault, or not in time.",
        "The log of WinRM says more; a configuration that cannot start is registered again.",
        (
            "Get-WinEvent -LogName Microsoft-Windows-WinRM/Operational -MaxEvents 20",
            ENDPOINT,
        ),
        "docs/sources.md H18",
    ),
    Cure(
        "endpoint",
        "MODULE_MISSING",
        "The endpoint does not offer the Matryoshka module.",
        "Install the module and the endpoint of this release.",
        (ENDPOINT,),
        JEA,
    ),
    Cure(
        "endpoint",
        "MODULE_REFUSED",
        "The host refuses the module that the worker brings.",
        "A policy may allow signed scripts only, or restrict the language: use the endpoint instead.",
        ("$ExecutionContext.SessionState.LanguageMode", "Get-ExecutionPolicy -List", ENDPOINT),
        "Microsoft Learn: about_Language_Modes, about_Execution_Policies",
    ),
    Cure(
        "endpoint",
        "FUNCTIONS_MISSING",
        "The endpoint does not offer all functions of this release.",
        "Run the installer of this release on the host again.",
        (ENDPOINT,),
        JEA,
    ),
    Cure(
        "endpoint",
        "HOST_LOST",
        "The host stopped answering in the middle of the test.",
        "Test again when it is back.",
        (),
        "docs/sources.md P10",
    ),
)
