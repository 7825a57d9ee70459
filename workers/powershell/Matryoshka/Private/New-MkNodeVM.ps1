function New-MkNodeVM {
    # Makes a node's VM. Generation 1 for a .vhd, which generation 2 cannot start from.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Node
    )
    $arguments = @{
        Name               = $Node.Name
        MemoryStartupBytes = $Node.MemoryMib * 1mb
        Generation         = 2
        VHDPath            = $Node.DiskPath
        Path               = $Node.Path
        SwitchName         = $Node.SwitchName
    }
    if ([System.IO.Path]::GetExtension($Node.DiskPath) -eq '.vhd') {
        $arguments.Generation = 1
    }
    if ($Node.Version -ne '') {
        $arguments.Version = [version]$Node.Version
    }
    return New-VM @arguments -Force -Confirm:$false -ErrorAction Stop
}
