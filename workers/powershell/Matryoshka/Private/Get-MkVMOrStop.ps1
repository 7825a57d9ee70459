function Get-MkVMOrStop {
    # The virtual machine of an id; ends the calling function with VmNotFound when there is none.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )
    $vm = Get-MkVM -VMId $VMId
    if ($null -eq $vm) {
        $message = "This host has no virtual machine $VMId."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'VmNotFound' -Category ObjectNotFound -Message $message -TargetObject $VMId.ToString()
    }
    return $vm
}
