# What puts devices into virtual machines and connects them. Behaviours and sources: the table of HyperV.Device.ps1.

function Get-FakeFreePlace {
    # The first place for a drive that is free on a controller.
    param([System.Collections.IDictionary]$Vm, [string]$Controller)

    $taken = @($Vm.drives | Where-Object -FilterScript { $_.controller -eq $Controller } | ForEach-Object -Process { "$($_.number):$($_.location)" })
    $places = 64
    $numbers = 0..3
    if ($Controller -eq 'IDE') {
        $places = 2
        $numbers = 0..1
    }
    foreach ($number in $numbers) {
        for ($location = 0; $location -lt $places; $location++) {
            if ($taken -notcontains "${number}:$location") {
                return @{ number = $number; location = $location }
            }
        }
    }
    throw "The pretended Windows has no place left on $Controller."
}

function Get-FakeDriveRefusal {
    # Why a disk cannot be put into a VM; $null when it can.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm, [string]$Controller)

    $path = [string]$Call.Bound['Path']
    if (-not [System.IO.File]::Exists($path)) {
        return New-FakeVmError -Call $Call -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'VmNoDisk' -Argument @($Vm.name, $path)
    }
    if (@($Vm.drives | ForEach-Object -Process { $_.path }) -contains $path) {
        return New-FakeVmError -Call $Call -Id 'InvalidParameter' -Category InvalidArgument -Text 'DriveTwice' -Argument @($Vm.name, $path)
    }
    if ($Controller -eq 'IDE' -and $Vm.state -ne 'Off') {
        return New-FakeWrongState -Call $Call -Vm $Vm -Device 'Hard Disk Drive'
    }
    return $null
}

Add-FakeBody -Name 'Add-VMHardDiskDrive' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'VMName', 'ControllerType', 'ControllerNumber', 'ControllerLocation', 'Path', 'Passthru'
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
            continue
        }
        $controller = 'SCSI'
        if ($Call.Bound.ContainsKey('ControllerType')) {
            $controller = $Call.Bound.ControllerType.ToString()
        }
        elseif ([int]$row.generation -eq 1) {
            $controller = 'IDE'
        }
        $refusal = Get-FakeDriveRefusal -Call $Call -Vm $row -Controller $controller
        if ($null -ne $refusal) {
            $refusal
            continue
        }
        if (-not (Test-FakeShould -Call $Call -Target $row.name)) {
            continue
        }
        $place = Get-FakeFreePlace -Vm $row -Controller $controller
        foreach ($part in 'number', 'location') {
            if ($Call.Bound.ContainsKey("Controller$part")) {
                $place[$part] = [int]$Call.Bound["Controller$part"]
            }
        }
        $drive = @{ controller = $controller; number = $place.number; location = $place.location; path = $Call.Bound.Path }
        $row.drives = @($row.drives) + $drive
        Add-FakeCall -Call $Call -Target $row.name
        if ($Call.Bound['Passthru']) {
            ConvertTo-FakeDrive -Call $Call -Row $row -Drive $drive
        }
    }
}

Add-FakeBody -Name 'Add-VMNetworkAdapter' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'VMName', 'SwitchName', 'Name', 'StaticMacAddress', 'Passthru'
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    $port = ''
    if ($bound.ContainsKey('SwitchName')) {
        $switch = Find-FakeSwitchOf -Call $Call -Name $bound.SwitchName
        if ($switch -is [System.Management.Automation.ErrorRecord]) {
            return $switch
        }
        $port = $switch.id
    }
    $name = 'Network Adapter'
    if ($bound.ContainsKey('Name')) {
        $name = $bound.Name
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif ([int]$row.generation -eq 1 -and $row.state -ne 'Off') {
            New-FakeWrongState -Call $Call -Vm $row -Device 'Ethernet Port'
        }
        elseif (Test-FakeShould -Call $Call -Target $row.name) {
            $adapter = New-FakeVmAdapter -Call $Call -Name $name -Switch $port -Mac ([string]$bound['StaticMacAddress'])
            $row.adapters = @($row.adapters) + $adapter
            Add-FakeCall -Call $Call -Target $row.name
            if ($bound['Passthru']) {
                ConvertTo-FakeVmAdapter -Call $Call -Row $row -Adapter $adapter
            }
        }
    }
}

Add-FakeBody -Name 'Connect-VMNetworkAdapter' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VMNetworkAdapter', 'VMName', 'Name', 'SwitchName', 'VMSwitch', 'Passthru'
    if ($null -ne $refusal) {
        return $refusal
    }
    if ($Call.Bound.ContainsKey('VMSwitch')) {
        $switch = $Call.Machine.switches[$Call.Bound.VMSwitch.Id.ToString()]
    }
    else {
        $switch = Find-FakeSwitchOf -Call $Call -Name $Call.Bound.SwitchName
    }
    if ($switch -is [System.Management.Automation.ErrorRecord]) {
        return $switch
    }
    foreach ($item in @(Find-FakeVmAdapter -Call $Call)) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
        }
        elseif (Test-FakeShould -Call $Call -Target $item.Vm.name) {
            $item.Adapter.switch = $switch.id
            Add-FakeCall -Call $Call -Target $item.Vm.name
            if ($Call.Bound['Passthru']) {
                ConvertTo-FakeVmAdapter -Call $Call -Row $item.Vm -Adapter $item.Adapter
            }
        }
    }
}
