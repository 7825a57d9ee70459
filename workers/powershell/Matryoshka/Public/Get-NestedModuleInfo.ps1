function Get-NestedModuleInfo {
    <#
    .SYNOPSIS
    Says which version of this module runs here, and where.

    .DESCRIPTION
    Sha256 is the hash of the module's functions as one text (Private then Public, each sorted by name, LF line ends), so a
    host and a guest can be compared whichever way the module got there.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Version, Sha256, PSVersion, PSEdition, ComputerName and Preinstalled
    (whether the module was loaded from a disk of this machine).

    .EXAMPLE
    Get-NestedModuleInfo
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    return [pscustomobject][ordered]@{
        Version      = Get-MkVersion
        Sha256       = $script:MkModule.Sha256
        PSVersion    = $PSVersionTable.PSVersion.ToString()
        PSEdition    = [string]$PSVersionTable.PSEdition
        ComputerName = [System.Environment]::MachineName
        Preinstalled = [bool]$script:MkModule.Preinstalled
    }
}
