# A machine out of a disk: its folders are the disk's contents, its name and password those of the answer file there.

$script:FakeCaptions = @{
    14393 = 'Microsoft Windows Server 2016 Datacenter'; 17763 = 'Microsoft Windows Server 2019 Datacenter'
    20348 = 'Microsoft Windows Server 2022 Datacenter'; 26100 = 'Microsoft Windows Server 2025 Datacenter'
}

function Get-FakeMachineFolder {
    # The folder of a machine below the world's.
    param([string]$Uid)

    return [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($env:MATRYOSHKA_FAKE_WORLD), 'machines', $Uid)
}

function Find-FakeSystem {
    # The uid of the machine on the first of a VM's disks that has a Windows; it is made when this disk never booted. '' without one.
    param([hashtable]$World, [System.Collections.IDictionary]$Node, [System.Collections.IDictionary]$Vm)

    foreach ($drive in $Vm.drives) {
        $row = $Node.vhds[(Get-FakeVhdKey -Path $drive.path)]
        $system = $null
        for ($at = $row; $null -ne $at -and $null -eq $system; $at = $Node.vhds[(Get-FakeVhdKey -Path ([string]$at.parent))]) {
            $system = $at.system
        }
        if ($null -eq $system) {
            continue
        }
        foreach ($known in $World.machines.Values) {
            if ((Get-FakeField -Row $known -Name 'disk') -eq $row.folder) {
                return $known.uid
            }
        }
        return New-FakeMachine -World $World -Node $Node -Vm $Vm -Disk $row -System $system
    }
    return ''
}

function New-FakeMachine {
    # A machine that never booted, on a disk.
    param([hashtable]$World, [System.Collections.IDictionary]$Node, [System.Collections.IDictionary]$Vm, [System.Collections.IDictionary]$Disk, [System.Collections.IDictionary]$System)

    $World.sequence++
    $uid = '{0}-{1}' -f ($Vm.name -replace '[^A-Za-z0-9-]', '_'), $World.sequence
    $build = [int]$System.os_build
    $machine = @{
        uid = $uid; computer_name = 'WIN-{0:D11}' -f $World.sequence; level = $Node.level + 1; host = $Node.uid; vm = $Vm.id; disk = $Disk.folder
        os_build = $build; caption = $script:FakeCaptions[$build]; installation_type = $System.installation_type
        cpu = @{ vendor = $Node.cpu.vendor; name = $Node.cpu.name; sockets = 1; logical = 1; bits = $false; microcode = 'FFFFFFFFFFFFFFFF' }
        memory_mib = 0; is_admin = $true; is_hyperv_admin = $true; powered = $false; setup_complete = $false; boots = 0; booted_at = ''
        restart_at = ''; setup_at = ''; domain = ''; accounts = @{ administrator = [string]$System.password }; features = @{}
        pending_reboot = $false; hypervisor_running = $false; vbs_status = 0; services = @{}; events = @(); registry = @{}
        volumes = @(@{ path = 'C:\'; filesystem = 'NTFS'; free = [long]($Disk.size / 2); size = [long]$Disk.size })
        net_adapters = @(); addresses = @(); routes = @(); dns = @{}; dhcp = @{}; profiles = @{}; firewall = @()
        wsman = @{ MaxShellsPerUser = 30; MaxMemoryPerShellMB = 1024 }; nats = @(); switches = @{}; vms = @{}; vhds = @{}; disks = @{}; cluster = ''
    }
    $machine.registry[$script:FakeSetupKey] = @{ ImageState = 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE' }
    $machine.registry['HKLM:\SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters'] = @{ VirtualMachineName = $Vm.name }
    $machine.registry['HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'] = @{ 'NV Domain' = ''; Domain = '' }
    $machine.registry['HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'] = @{}
    $World.machines[$uid] = $machine
    New-FakeHome -Uid $uid -Folder $Disk.folder
    if ($System.Contains('images')) {
        Add-FakeImage -Machine $machine -Image $System.images
    }
    return $uid
}

function Add-FakeImage {
    # Disks that came with a system, for VMs in it: path = the system on it.
    param([System.Collections.IDictionary]$Machine, [System.Collections.IDictionary]$Image)

    $root = [System.IO.Path]::GetDirectoryName($env:MATRYOSHKA_FAKE_WORLD)
    foreach ($path in $Image.Keys) {
        $row = @{
            path = $path; format = 'VHDX'; type = 'Dynamic'; size = 4gb; file_size = 4mb; parent = ''; attached = $false; number = $null
            system = $Image[$path]; folder = "vhds/$($Machine.uid)-image-$($Machine.vhds.Count)"; read_only = $false
        }
        $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($root, $row.folder))
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine((Get-FakeMachineFolder -Uid $Machine.uid), 'Windows', $path), $path)
        $Machine.vhds[(Get-FakeVhdKey -Path $path)] = $row
    }
}

function New-FakeHome {
    # A machine's folders are what is on its disk.
    param([string]$Uid, [string]$Folder)

    $contents = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($env:MATRYOSHKA_FAKE_WORLD), $Folder)
    foreach ($name in 'Windows/drivers/etc', 'ProgramData') {
        $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($contents, $name))
    }
    $path = Get-FakeMachineFolder -Uid $Uid
    $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($path))
    $null = [System.IO.Directory]::CreateSymbolicLink($path, $contents)
}

function Add-FakeGuestAdapter {
    # The VM's network adapters, as Windows in it sees them. An adapter that it knows keeps its settings.
    param([System.Collections.IDictionary]$Guest, [System.Collections.IDictionary]$Vm)

    foreach ($adapter in $Vm.adapters) {
        $mac = ($adapter.mac -replace '(..)(?!\z)', '$1-').ToUpperInvariant()
        if (@($Guest.net_adapters | Where-Object -FilterScript { $_.mac -eq $mac }).Count -gt 0) {
            continue
        }
        $count = @($Guest.net_adapters | Where-Object -FilterScript { -not $_.name.StartsWith('vEthernet') }).Count
        $index = 1 + (@($Guest.net_adapters | ForEach-Object -Process { $_.index }) + 9 | Measure-Object -Maximum).Maximum
        $name = $(if ($count -eq 0) { 'Ethernet' } else { "Ethernet $($count + 1)" })
        $Guest.net_adapters += @{ name = $name; description = 'Microsoft Hyper-V Network Adapter'; index = [int]$index; mac = $mac; status = 'Up' }
        $Guest.dhcp["$index"] = $true
        $Guest.dns["$index"] = @()
        $Guest.profiles["$index"] = 'Public'
    }
}

function Set-FakeSeed {
    # A first boot takes its name and its Administrator's password from the answer file on the disk, if there is one.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine)

    $path = [System.IO.Path]::Combine((Get-FakeMachineFolder -Uid $Machine.uid), 'Windows', 'Panther', 'unattend.xml')
    $Machine.registry[$script:FakeSetupKey] = @{ ImageState = 'IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE' }
    if ([System.IO.File]::Exists($path)) {
        $text = [System.IO.File]::ReadAllText($path)
        $answers = [xml]$text
        $name = $answers.SelectSingleNode("//*[local-name()='settings'][@pass='specialize']//*[local-name()='ComputerName']")
        if ($null -ne $name -and $name.InnerText -ne '*') {
            $Machine.computer_name = $name.InnerText.ToUpperInvariant()
        }
        $password = $answers.SelectSingleNode("//*[local-name()='settings'][@pass='oobeSystem']//*[local-name()='AdministratorPassword']")
        if ($null -ne $password) {
            $Machine.accounts.administrator = Get-FakeAnswerPassword -Node $password
            [System.IO.File]::WriteAllText(($path -replace 'unattend\.xml\z', 'unattend-original.xml'), $text)
            $password.SelectSingleNode("*[local-name()='Value']").InnerText = '*SENSITIVE*DATA*DELETED*'
            $answers.Save($path)
        }
    }
    foreach ($key in 'ComputerName', 'ActiveComputerName') {
        $Machine.registry[($script:FakeNameKey -f $key)] = @{ ComputerName = $Machine.computer_name }
    }
}

function Get-FakeAnswerPassword {
    # The password of an answer file: plain, or its name appended and both in Base64 of UTF-16.
    param([System.Xml.XmlElement]$Node)

    $value = $Node.SelectSingleNode("*[local-name()='Value']").InnerText
    $plain = $Node.SelectSingleNode("*[local-name()='PlainText']")
    if ($null -eq $plain -or $plain.InnerText -eq 'true') {
        return $value
    }
    return [System.Text.Encoding]::Unicode.GetString([System.Convert]::FromBase64String($value)) -replace 'AdministratorPassword\z', ''
}

function Complete-FakeSetup {
    # Windows Setup is through.
    param([System.Collections.IDictionary]$Machine)

    $Machine.setup_complete = $true
    $Machine.registry[$script:FakeSetupKey] = @{ ImageState = 'IMAGE_STATE_COMPLETE' }
}
