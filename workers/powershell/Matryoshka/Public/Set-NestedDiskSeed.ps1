function Set-NestedDiskSeed {
    <#
    .SYNOPSIS
    Puts a node's first-boot answers and this module into its disk, offline.

    .DESCRIPTION
    Mounts the disk (one at a time on a host), writes Windows\Panther\unattend.xml and the module's text below ProgramData, and
    dismounts the disk whatever happens. The answer file holds the Administrator's password as plain text, because Windows Setup
    takes no other form; it is closed to all but administrators, and Set-NestedGuestConfiguration deletes it and says SeedRemoved.

    .PARAMETER Path
    The node's disk.

    .PARAMETER Owner
    The lab's id.

    .PARAMETER ComputerName
    The node's computer name, at most 15 characters.

    .PARAMETER AdministratorPassword
    The password of the node's built-in Administrator.

    .PARAMETER TimeZone
    Windows' id of the time zone.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, Path and SeedSha256 (the hash of the module in the disk). Error ids:
    Matryoshka.NotOwned, Matryoshka.DiskAttached, Matryoshka.DiskNotFound, Matryoshka.NoWindows.

    .EXAMPLE
    Set-NestedDiskSeed -Path 'D:\labs\lab_1\nest-1.vhdx' -Owner 'lab_1' -ComputerName 'nest-1' -AdministratorPassword $password
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z0-9-]{1,15}\z')]
        [string]$ComputerName,

        [Parameter(Mandatory = $true)]
        [securestring]$AdministratorPassword,

        [ValidateNotNullOrEmpty()]
        [string]$TimeZone = 'UTC'
    )
    if (-not (Test-MkFile -Path $Path)) {
        $message = "There is no disk '$Path'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'DiskNotFound' -Category ObjectNotFound -Message $message -TargetObject $Path
    }
    Assert-MkDiskFree -Cmdlet $PSCmdlet -Path $Path -Owner $Owner
    $changed = $false
    $tag = Get-MkDiskTag -Path $Path
    if ($PSCmdlet.ShouldProcess($Path, "Seed for $ComputerName")) {
        $unattend = New-MkUnattend -ComputerName $ComputerName -TimeZone $TimeZone -Password (ConvertTo-MkPlainText -Secret $AdministratorPassword)
        $changed = Set-MkSeed -Cmdlet $PSCmdlet -Path $Path -Unattend $unattend
        $tag.SeedSha256 = $script:MkModule.Sha256
        Set-MkDiskTag -Path $Path -Tag $tag
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Path = $Path; SeedSha256 = $tag.SeedSha256 }
}
