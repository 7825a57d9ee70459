function Test-MkVbsRunning {
    # Whether virtualization-based security runs (status 2). No such class on old or small editions: then it does not.
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    try {
        $guard = Get-CimInstance -Namespace 'root\Microsoft\Windows\DeviceGuard' -ClassName 'Win32_DeviceGuard' -Property 'VirtualizationBasedSecurityStatus' -ErrorAction Stop
    }
    catch {
        return $false
    }
    return ($null -ne $guard -and $guard.VirtualizationBasedSecurityStatus -eq 2)
}
