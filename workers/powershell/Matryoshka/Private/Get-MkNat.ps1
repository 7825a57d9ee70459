function Get-MkNat {
    # All NAT networks of this machine. Get-NetNat needs an administrator; without a name it has no 'not found'.
    [CmdletBinding()]
    param()

    Get-NetNat -ErrorAction Stop
}
