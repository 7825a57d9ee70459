function Test-MkVMHost {
    # Whether Hyper-V's management answers here.
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    try {
        return ($null -ne (Get-VMHost -ErrorAction Stop))
    }
    catch {
        return $false
    }
}
