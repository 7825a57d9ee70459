# Features of Windows Server, and of DISM.
#
#   behaviour                                                                     | mark       | source
#   Get-WindowsFeature answers the features of these names; a name that none has  | documented | CmdletDocs Get-WindowsFeature (it filters)
#     answers nothing, without an error
#   properties and InstallState of a feature                                      | observed   | metadata of ServerManager (H9)
#   Install-WindowsFeature answers Success, RestartNeeded, ExitCode, FeatureResult| observed   | docs/sources.md H11
#     clusters: Success, No; Hyper-V: SuccessRestartRequired, Yes                 | observed   | rlevchenko.com, public logs
#     nothing to do: NoChangeNeeded, No                                           | observed   | public logs
#   an unknown name: NameDoesNotExist, InvalidArgument, and a result with         | observed   | public logs of Install-WindowsFeature
#     InvalidArgs
#   Hyper-V without the processor's flags: Alteration_PrerequisiteCheck_Failed,   | observed   | docs/sources.md H11
#     InvalidOperation, target Hyper-V:ServerComponentWrapper
#   Hyper-V's check asks what Win32_Processor says at this moment, so also where  | uncertain  | VirtDoc#193: a hypervisor that runs refuses
#     the hypervisor runs already
#   it refuses on a machine that has the flags (fault blind_prerequisite)         | observed   | docs/sources.md H11: VirtDoc#1975
#   one name that is refused: none of the others is installed                     | uncertain  | the check comes before the installation
#   whoever is no administrator: PermissionDenied                                 | uncertain  | a made id
#   a removed feature comes from Windows Update or -Source; neither is there:     | observed   | public logs, 0x800f0906
#     DISMAPI_Error__Cbs_Download_Failure, InvalidOperation                       |            |
#   -IncludeManagementTools brings the feature's own tools                        | documented | CmdletDocs Install-WindowsFeature
#   ... which of them a Server Core has                                           | uncertain  | here the same as elsewhere
#   a tool brings the group that it is in (RSAT and RSAT-Role-Tools: not made)    | observed   | results of Install-WindowsFeature RSAT-Clustering-...
#   features beside one that waits for its restart install                        | uncertain  | DISMAPI_Error__Failed_Reboot_Required is known, of
#                                                                                 |            |   servicing that was left pending by others
#   a warning when a restart is needed                                            | observed   | chocolatey/boxstarter#224
#   Enable-WindowsOptionalFeature Microsoft-Hyper-V -All: no check of the         | observed   | docs/sources.md H11: VirtDoc#1975
#     processor; RestartNeeded reads False although one is needed                 | observed   | canonical/multipass#3090
#   -All enables parents, so none of the tools                                    | documented | CmdletDocs Enable-WindowsOptionalFeature, -All
#   an unknown feature there: COMException 0x800F080C; ids of DISM have no word,  | observed   | public logs: 'Microsoft.Dism.Commands.
#     only the class                                                              |            |   EnableWindowsOptionalFeatureCommand'

$script:FakeFeatures = [ordered]@{
    'Hyper-V' = @('RSAT-Hyper-V-Tools', 'Hyper-V-Tools', 'Hyper-V-PowerShell')
    'Failover-Clustering' = @('RSAT-Clustering', 'RSAT-Clustering-Mgmt', 'RSAT-Clustering-PowerShell')
    'RSAT-Hyper-V-Tools' = @(); 'Hyper-V-Tools' = @(); 'Hyper-V-PowerShell' = @()
    'RSAT-Clustering' = @(); 'RSAT-Clustering-Mgmt' = @(); 'RSAT-Clustering-PowerShell' = @(); 'RSAT-Clustering-CmdInterface' = @()
    'FS-FileServer' = @(); 'FS-Data-Deduplication' = @(); 'Data-Center-Bridging' = @(); 'Multipath-IO' = @(); 'BitLocker' = @(); 'RSAT-AD-PowerShell' = @()
}
$script:FakeParents = @{
    'Hyper-V-Tools' = 'RSAT-Hyper-V-Tools'; 'Hyper-V-PowerShell' = 'RSAT-Hyper-V-Tools'
    'RSAT-Clustering-Mgmt' = 'RSAT-Clustering'; 'RSAT-Clustering-PowerShell' = 'RSAT-Clustering'; 'RSAT-Clustering-CmdInterface' = 'RSAT-Clustering'
}

function Find-FakeFeature {
    # The features' own spelling of a name, which may have wildcards.
    param([string]$Name)

    return @($script:FakeFeatures.Keys | Where-Object -FilterScript { $_ -like $Name })
}

function Get-FakeFeatureState {
    # A feature's state.
    param([System.Collections.IDictionary]$Machine, [string]$Name)

    $state = $Machine.features[$Name]
    return $(if ($null -eq $state) { 'Available' } else { $state })
}

function ConvertTo-FakeFeature {
    # A feature as Get-WindowsFeature shows it.
    param([hashtable]$Call, [string]$Name)

    $state = Get-FakeFeatureState -Machine $Call.Machine -Name $Name
    return New-FakeObject -Type 'Microsoft.Windows.ServerManager.Commands.Feature' -Property @{
        Name = $Name; DisplayName = $Name; Description = ''; Installed = $state -eq 'Installed'; InstallState = $state; FeatureType = 'Feature'; Path = $Name; Depth = 1
        DependsOn = [string[]]@(); Parent = ''; SubFeatures = [string[]]@(); SystemService = [string[]]@(); PostConfigurationNeeded = $false; AdditionalInfo = @{}
    }
}

function New-FakeFeatureResult {
    # What an installation answers.
    param([bool]$Success, [string]$Restart, [string]$Code, [object[]]$Feature = @())

    return New-FakeRow -TypeName 'Microsoft.Windows.ServerManager.Commands.FeatureOperationResult' -Property ([ordered]@{ Success = $Success; RestartNeeded = $Restart; FeatureResult = $Feature; ExitCode = $Code })
}

function Get-FakeFeatureRefusal {
    # Why features are not installed; $null when they are.
    param([hashtable]$Call, [string[]]$Feature)

    if (-not $Call.Machine.is_admin) {
        return New-FakeError -Call $Call -Id 'DISMAPI_Error__Failed_To_Enable_Updates' -Category PermissionDenied -Text 'FeatureForbidden'
    }
    $cpu = $Call.Machine.cpu
    $shows = [bool]$cpu.bits -and -not $Call.Machine.hypervisor_running -and -not $Call.World.faults.Contains('blind_prerequisite')
    if ($Feature -contains 'Hyper-V' -and -not $shows) {
        return New-FakeError -Call $Call -Id 'Alteration_PrerequisiteCheck_Failed' -Category InvalidOperation -Text 'FeatureNoProcessor' -Target 'Hyper-V:ServerComponentWrapper'
    }
    if (@($Feature | Where-Object -FilterScript { (Get-FakeFeatureState -Machine $Call.Machine -Name $_) -eq 'Removed' }).Count -gt 0) {
        return New-FakeError -Call $Call -Id 'DISMAPI_Error__Cbs_Download_Failure' -Category InvalidOperation -Text 'FeatureNoSource'
    }
    return $null
}

function Add-FakeFeature {
    # Installs features; whether a restart is needed.
    param([hashtable]$Call, [string[]]$Feature)

    $machine = $Call.Machine
    foreach ($name in $Feature) {
        $machine.features[$name] = $(if ($name -eq 'Hyper-V') { 'InstallPending' } else { 'Installed' })
        $Call.World.calls += , @($machine.uid, $Call.Name, $name)
        if ($name -eq 'Failover-Clustering') {
            $machine.services.ClusSvc = 'Stopped'
            $machine.registry['HKLM:\SYSTEM\CurrentControlSet\Services\ClusSvc'] = @{ Start = 4 }
        }
    }
    if ($Feature -contains 'Hyper-V') {
        $machine.pending_reboot = $true
    }
}

Add-FakeBody -Name 'Get-WindowsFeature' -Body {
    param($Call)
    $names = @($(if ($Call.Bound.ContainsKey('Name')) { $Call.Bound.Name } else { '*' }))
    foreach ($name in @($names | ForEach-Object -Process { Find-FakeFeature -Name $_ })) {
        ConvertTo-FakeFeature -Call $Call -Name $name
    }
}

function Install-FakeFeature {
    # Install-WindowsFeature, while it holds the world.
    param([hashtable]$Call)

    $wanted = @()
    foreach ($item in $Call.Bound.Name) {
        $name = $(if ($item -is [string]) { $item } else { $item.Name })
        $found = @(Find-FakeFeature -Name $name)
        if ($found.Count -eq 0) {
            New-FakeError -Call $Call -Id 'NameDoesNotExist' -Category InvalidArgument -Text 'FeatureUnknown' -Argument $name -Target $name
            New-FakeFeatureResult -Success $false -Restart 'No' -Code 'InvalidArgs'
            return
        }
        $wanted += $found
        if ($Call.Bound['IncludeManagementTools']) {
            $wanted += @($found | ForEach-Object -Process { $script:FakeFeatures[$_] })
        }
    }
    $wanted += @($wanted | Where-Object -FilterScript { $script:FakeParents.ContainsKey($_) } | ForEach-Object -Process { $script:FakeParents[$_] })
    $missing = @($wanted | Select-Object -Unique | Where-Object -FilterScript { 'Available', 'Removed' -contains (Get-FakeFeatureState -Machine $Call.Machine -Name $_) })
    if ($missing.Count -eq 0) {
        New-FakeFeatureResult -Success $true -Restart 'No' -Code 'NoChangeNeeded'
        return
    }
    $refusal = Get-FakeFeatureRefusal -Call $Call -Feature $missing
    if ($null -ne $refusal) {
        $refusal
        New-FakeFeatureResult -Success $false -Restart 'Maybe' -Code 'Failed'
        return
    }
    if (-not (Test-FakeShould -Call $Call -Target ($missing -join ', '))) {
        return
    }
    Add-FakeFeature -Call $Call -Feature $missing
    $rows = @($missing | ForEach-Object -Process { ConvertTo-FakeFeature -Call $Call -Name $_ })
    if ($missing -contains 'Hyper-V') {
        New-FakeWarning -Call $Call -Text 'FeatureRestart'
        New-FakeFeatureResult -Success $true -Restart 'Yes' -Code 'SuccessRestartRequired' -Feature $rows
        return
    }
    New-FakeFeatureResult -Success $true -Restart 'No' -Code 'Success' -Feature $rows
}

function Invoke-FakeInstall {
    # Runs an installation with the world; then this session gets the modules of what is new.
    param([hashtable]$Call, [scriptblock]$Body)

    Use-FakeWorld -Argument $Call, $Body -Body {
        param($World, $Call, $Body)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $fault = Get-FakeFault -Call $Call
        if ($null -ne $fault) {
            return $fault
        }
        & $Body $Call
    }
    Import-FakeModule
}

function Import-FakeModule {
    # Windows loads the modules of new features by itself: so do they come into the session's global scope.
    $global = [scriptblock]::Create('. $global:FakeImport')
    $null = $global.InvokeReturnAsIs()
}

Add-FakeBody -Name 'Install-WindowsFeature' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeInstall -Call $Call -Body { param($Call) Install-FakeFeature -Call $Call }
}

Add-FakeBody -Name 'Enable-WindowsOptionalFeature' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeInstall -Call $Call -Body {
        param($Call)
        $dism = @{ Call = $Call; Category = 'NotSpecified'; Exception = 'System.Runtime.InteropServices.COMException' }
        if (-not $Call.Machine.is_admin) {
            return New-FakeError @dism -Text 'FeatureElevation' -HResult 2147943140
        }
        if (@($Call.Bound.FeatureName) -ne 'Microsoft-Hyper-V') {
            return New-FakeError @dism -Text 'DismUnknown' -Argument $Call.Bound.FeatureName -HResult 2148468748
        }
        $missing = @(@('Hyper-V') | Where-Object -FilterScript { (Get-FakeFeatureState -Machine $Call.Machine -Name $_) -eq 'Available' })
        Add-FakeFeature -Call $Call -Feature $missing
        New-FakeRow -TypeName 'Microsoft.Dism.Commands.ImageObject' -Property ([ordered]@{ Path = ''; Online = $true; RestartNeeded = $false; LogPath = 'C:\Windows\Logs\DISM\dism.log' })
    }
}
