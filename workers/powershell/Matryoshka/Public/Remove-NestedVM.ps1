function Remove-NestedVM {
    <#
    .SYNOPSIS
    Turns a nested virtual machine off and removes it, with its own disk.

    .DESCRIPTION
    Runs inside a node. Only a VM of the owner, and disks marked as the owner's, are touched. A disk that an interrupted creation or
    removal left at the VM's place goes, too.

    .PARAMETER Name
    The VM's name.

    .PARAMETER Owner
    The lab's id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and Existed. Error id: Matryoshka.NotOwned.

    .EXAMPLE
    Remove-NestedVM -Name 'smoke' -Owner 'lab_1'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z0-9._-]{1,64}\z')]
        [string]$Owner
    )
    $base = Get-MkNestedVMFolder -Owner $Owner
    $found = Find-MkOwnVM -Name $Name -Owner $Owner -Path $base.Configuration
    $disks = @(Get-MkNestedVMDisk -Name $Name -Owner $Owner -Folder $base.Disks)
    if ($null -eq $found.Own -and $disks.Count -eq 0) {
        if ($found.Taken) {
            $message = "The virtual machine '$Name' is not of '$Owner'."
            Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NotOwned' -Category PermissionDenied -Message $message -TargetObject $Name
        }
        return [pscustomobject][ordered]@{ Changed = $false; Existed = $false }
    }
    $changed = $false
    if ($PSCmdlet.ShouldProcess($Name, 'Turn off and remove, with its disk')) {
        if ($null -ne $found.Own) {
            $disks += @(Get-VMHardDiskDrive -VM $found.Own -ErrorAction Stop | ForEach-Object -Process { [string]$_.Path })
            Stop-MkVM -VM $found.Own
            Remove-VM -VM $found.Own -Force -Confirm:$false -ErrorAction Stop
        }
        foreach ($disk in $disks) {
            if ((Get-MkDiskTag -Path $disk).Owner -eq $Owner) {
                Remove-MkDisk -Path $disk
            }
        }
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = $true }
}
