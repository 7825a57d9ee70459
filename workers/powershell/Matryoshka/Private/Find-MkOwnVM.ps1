function Find-MkOwnVM {
    # Of the VMs of a name: the owner's (Own), one that this owner's interrupted creation left (Own too), and whether others have
    # the name (Taken). A VM is made first and marked second; in between it is known by its folder, which is the lab's.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$Owner,

        [string]$Path = ''
    )
    $found = @{ Own = $null; Taken = $false }
    foreach ($vm in @(Get-MkVMByName -Name $Name)) {
        $unmarked = [string]::IsNullOrEmpty($vm.Notes) -and (Test-MkBelow -Path $vm.ConfigurationLocation -Folder $Path)
        if ((ConvertFrom-MkNote -Note $vm.Notes).Owner -eq $Owner -or $unmarked) {
            $found.Own = $vm
        }
        else {
            $found.Taken = $true
        }
    }
    return $found
}
