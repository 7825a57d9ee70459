function Assert-MkDiskFree {
    # Ends the calling function unless the disk is the owner's and nobody uses it: not mounted, and in no running VM.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Owner
    )
    if ((Get-MkDiskTag -Path $Path).Owner -ne $Owner) {
        $message = "The disk '$Path' is not of '$Owner'."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'NotOwned' -Category PermissionDenied -Message $message -TargetObject $Path
    }
    if ((Get-VHD -Path $Path -ErrorAction Stop).Attached) {
        $message = "The disk '$Path' is in use."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'DiskAttached' -Category ResourceBusy -Message $message -TargetObject $Path
    }
}
