function Install-MkFeature {
    # Installs features that are missing, with the DISM fallback for Hyper-V.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [string[]]$Feature
    )
    Write-Progress -Activity 'Installing features' -Status ($Feature -join ', ')
    try {
        $result = Install-WindowsFeature -Name $Feature -IncludeManagementTools -Confirm:$false -ErrorAction Stop
        return ConvertTo-MkInstallResult -Result $result
    }
    catch {
        $refused = $_.FullyQualifiedErrorId -like 'Alteration_PrerequisiteCheck_Failed,*'
        if (-not $refused -or $Feature -notcontains 'Hyper-V' -or -not (Get-NestedCpuProbe).VMMonitorModeExtensions) {
            throw
        }
    }
    Write-Warning -Message 'The prerequisite check refused Hyper-V although the processor shows virtualization: DISM installs it.'
    # The others first, and the tools that ServerManager would have brought: it may refuse while DISM's change waits for the restart.
    $others = @(@('Hyper-V-PowerShell') + $Feature | Where-Object -FilterScript { $_ -ne 'Hyper-V' } | Sort-Object -Unique)
    $null = Install-WindowsFeature -Name $others -IncludeManagementTools -Confirm:$false -ErrorAction Stop
    $null = Enable-WindowsOptionalFeature -Online -FeatureName 'Microsoft-Hyper-V' -All -NoRestart -WarningAction SilentlyContinue -ErrorAction Stop
    # DISM may say that no restart is needed: the hypervisor starts with the machine, so it always is.
    return @{ Changed = $true; RestartNeeded = $true; ExitCode = 'SuccessRestartRequired'; UsedDism = $true }
}
