function Test-MkGuestMarker {
    # Whether this machine is a Hyper-V guest. It says nothing about nesting.
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    return [bool](Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters')
}
