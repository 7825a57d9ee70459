"""Which functions Invoke-NestedCall runs: those that read without a CallId, those that change only with one.

Each table gives the name as it is spelled by its small letters.
"""

from __future__ import annotations

READING = {
    name.lower(): name
    for name in (
        "Get-NestedModuleInfo", "Get-NestedHostReport", "Get-NestedCpuProbe", "Get-NestedBootIdentity",
        "Get-NestedHypervisorProof", "Get-NestedEvidence", "Get-NestedSwitch", "Get-NestedNat", "Get-NestedImage",
        "Get-NestedDisk", "Get-NestedNode", "Wait-NestedNode", "Wait-NestedGuest", "Get-NestedGuestConfiguration",
        "Get-NestedRole", "Get-NestedFirewallRule", "Get-NestedCluster", "Test-NestedCluster", "Get-NestedVM",
        "Get-NestedVMProbe", "Get-NestedCall",
    )
}  # fmt: skip
CHANGING = {
    name.lower(): name
    for name in (
        "Clear-NestedCallJournal", "New-NestedSwitch", "Remove-NestedSwitch", "New-NestedNat", "Remove-NestedNat",
        "Protect-NestedImage", "New-NestedDisk", "Set-NestedDiskSeed", "Remove-NestedDisk", "New-NestedNode",
        "Enable-NestedVirtualization", "Disable-NestedVirtualization", "Start-NestedNode", "Stop-NestedNode",
        "Remove-NestedNode", "Set-NestedGuestConfiguration", "Add-NestedDomainMember", "Install-NestedRole",
        "Restart-NestedGuest", "Enable-NestedFirewallRule", "New-NestedCluster", "Add-NestedClusterNode",
        "Set-NestedClusterQuorum", "Enable-NestedClusterStorage", "Remove-NestedCluster", "New-NestedVM",
        "Remove-NestedVM", "Set-NestedGuestPassword", "Stop-NestedCluster", "Start-NestedCluster",
        "Suspend-NestedClusterNode", "Remove-NestedClusterNode",
    )
}  # fmt: skip
