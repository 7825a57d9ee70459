function Get-MkPendingReboot {
    # Why Windows wants a restart, as words; nothing when it does not.
    [CmdletBinding()]
    [OutputType([string[]])]
    param()

    $control = 'HKLM:\SYSTEM\CurrentControlSet\Control'
    if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending') {
        'servicing'
    }
    if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired') {
        'windows_update'
    }
    if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\ServerManager\CurrentRebootAttempts') {
        'server_manager'
    }
    if (@(Get-MkRegistryValue -Path "$control\Session Manager" -Name 'PendingFileRenameOperations').Where({ $_ }).Count -gt 0) {
        'file_rename'
    }
    $active = Get-MkRegistryValue -Path "$control\ComputerName\ActiveComputerName" -Name 'ComputerName'
    $wanted = Get-MkRegistryValue -Path "$control\ComputerName\ComputerName" -Name 'ComputerName'
    if ($active -ne $wanted) {
        'computer_name'
    }
    if ($null -ne (Get-MkRegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon' -Name 'JoinDomain')) {
        'domain_join'
    }
}
