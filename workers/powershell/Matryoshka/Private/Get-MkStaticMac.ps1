function Get-MkStaticMac {
    # The MAC address of a node's first adapter, 12 hex digits. Hyper-V assigns a dynamic address at the first start only, but the
    # guest's configuration is planned before. Locally administered (02) and the last 40 random bits of the VM's id: it cannot
    # meet Hyper-V's own pool (00155D...) of this host or of a clone of it.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )
    return ('02' + $VMId.ToString('N').Substring(22, 10)).ToUpperInvariant()
}
