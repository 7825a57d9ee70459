# The registry below HKLM: for the cmdlets of items and properties. All other paths are the engine's own cmdlets'.
#
#   behaviour                                                                     | mark       | source
#   names of keys and values do not care about case; HKLM: and                    | documented | PSDocs about_Registry_Provider
#     Registry::HKEY_LOCAL_MACHINE mean the same
#   Test-Path says no to an absent key, and yes to one that may not be read       | documented | PSSource RegistryProvider.cs, ItemExists
#   Get-ItemProperty of a key without values answers nothing                      | documented | PSSource RegistryProvider.cs, GetProperty
#   Get-Item, Get-ChildItem, Get-ItemProperty, Remove-Item of an absent key:      | observed   | public logs
#     PathNotFound, ObjectNotFound, ItemNotFoundException, not terminating
#   Get-ItemProperty -Name of an absent value: PropertyNotFound? No: the id is    | observed   | public logs: System.Management.Automation.
#     System.Management.Automation.PSArgumentException, InvalidArgument           |            |   PSArgumentException,...GetItemPropertyCommand
#   Get-ItemProperty adds PSPath, PSParentPath, PSChildName, PSDrive, PSProvider  | documented | PSDocs Get-ItemProperty
#   a DWord is Int32, a QWord Int64, text String, multi text String[], binary     | documented | .NET RegistryKey.GetValue
#     Byte[]
#   New-Item of an existing key without -Force: ResourceExists                    | documented | PSDocs New-Item; U for the id
#   New-Item -Force empties an existing key                                       | documented | PSDocs about_Registry_Provider
#   New-Item makes the parents only with -Force                                   | documented | PSDocs New-Item
#   New-ItemProperty of an existing value without -Force: System.IO.IOException,  | documented | PSSource RegistryProvider.cs, NewProperty
#     ResourceExists
#   whoever is no administrator may not write: System.Security.SecurityException, | observed   | public logs
#     PermissionDenied
#   hives that only administrators read: BCD00000000, SECURITY, SAM; others get   | observed   | public logs
#     System.Security.SecurityException, PermissionDenied                         |            |
#   what the pretended machine's other fields say is in the registry, too:        | -          | microcode, installation type, names, BCD
#
# A value of the world: a number is a DWord, text a String, an array of numbers Binary, an array of texts MultiString.

$script:FakeHive = '\A(?:Microsoft\.PowerShell\.Core\\)?(?:HKLM:|Registry::HKEY_LOCAL_MACHINE|Registry::HKLM|HKEY_LOCAL_MACHINE:)[\\/]*'
$script:FakeAdminHives = 'BCD00000000', 'SECURITY', 'SAM'

function Get-FakeRegistryPath {
    # The paths of a call, $null when they are not the registry's.
    param([hashtable]$Call)

    $paths = @(foreach ($name in 'LiteralPath', 'Path') {
            if ($Call.Bound.ContainsKey($name)) {
                $Call.Bound[$name]
            }
        })
    if ($paths.Count -eq 0 -or [string]$paths[0] -notmatch $script:FakeHive) {
        return $null
    }
    return @($paths | ForEach-Object -Process { 'HKLM:\' + (([string]$_ -replace $script:FakeHive, '') -replace '/', '\').TrimEnd('\') })
}

function Get-FakeRegistry {
    # All keys that this caller sees: those of the world, and what follows from the machine's other fields.
    param([hashtable]$Call)

    $machine = $Call.Machine
    $all = [System.Collections.Generic.SortedDictionary[string, object]]::new([System.StringComparer]::OrdinalIgnoreCase)
    $version = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $all[$version] = @{ InstallationType = $machine.installation_type; CurrentBuild = [string]$machine.os_build; CurrentBuildNumber = [string]$machine.os_build }
    $revision = [byte[]]@(for ($at = 14; $at -ge 8; $at -= 2) { [System.Convert]::ToByte($machine.cpu.microcode.Substring($at, 2), 16) })
    $lower = [byte[]]@(for ($at = 6; $at -ge 0; $at -= 2) { [System.Convert]::ToByte($machine.cpu.microcode.Substring($at, 2), 16) })
    $all['HKLM:\HARDWARE\DESCRIPTION\System\CentralProcessor\0'] = @{ 'Update Revision' = [byte[]]($lower + $revision); VendorIdentifier = $machine.cpu.vendor; ProcessorNameString = $machine.cpu.name }
    foreach ($key in 'ComputerName', 'ActiveComputerName') {
        $all[($script:FakeNameKey -f $key)] = @{ ComputerName = $machine.computer_name }
    }
    if ($machine.pending_reboot) {
        $all[$script:FakeRebootKey] = @{}
    }
    foreach ($key in $machine.registry.Keys) {
        $all[$key] = $machine.registry[$key]
    }
    return , $all
}

function Test-FakeKeyClosed {
    # Whether this caller may not read a key.
    param([hashtable]$Call, [string]$Path)

    return -not $Call.Machine.is_admin -and $script:FakeAdminHives -contains $Path.Split('\')[1]
}

function Test-FakeKey {
    # Whether a key is there: itself, or as the parent of another.
    param([System.Collections.IDictionary]$All, [string]$Path)

    return @($All.Keys | Where-Object -FilterScript { $_ -eq $Path -or $_.StartsWith("$Path\", 'OrdinalIgnoreCase') }).Count -gt 0
}

function New-FakeKeyMissing {
    # No such key.
    param([hashtable]$Call, [string]$Path)

    return New-FakeError -Call $Call -Id 'PathNotFound' -Category ObjectNotFound -Text 'KeyMissing' -Argument $Path -Target $Path -Exception 'System.Management.Automation.ItemNotFoundException'
}

function New-FakeKeyForbidden {
    # This caller may not write there.
    param([hashtable]$Call, [string]$Path)

    return New-FakeError -Call $Call -Id 'System.Security.SecurityException' -Category PermissionDenied -Text 'KeyForbidden' -Target $Path -Exception 'System.Security.SecurityException'
}

function Get-FakeKeyName {
    # The world's own spelling of a key, or the given one.
    param([hashtable]$Call, [string]$Path)

    foreach ($key in $Call.Machine.registry.Keys) {
        if ($key -eq $Path) {
            return $key
        }
    }
    return $Path
}

function ConvertTo-FakeKey {
    # A key as Get-Item and Get-ChildItem show it.
    param([string]$Path, [System.Collections.IDictionary]$All)

    $name = $Path -replace '\AHKLM:', 'HKEY_LOCAL_MACHINE'
    $values = @(if ($All.ContainsKey($Path)) { $All[$Path].Keys })
    return New-FakeRow -TypeName 'Microsoft.Win32.RegistryKey' -Property ([ordered]@{
            Name = $name; Property = [string[]]$values; ValueCount = $values.Count; SubKeyCount = 0; PSChildName = $Path.Split('\')[-1]
            PSPath = "Microsoft.PowerShell.Core\Registry::$name"; PSIsContainer = $true
        })
}

function ConvertFrom-FakeValue {
    # A value as .NET reads it.
    param([object]$Value)

    if ($Value -is [System.Collections.IList] -and $Value.Count -gt 0 -and $Value[0] -isnot [string]) {
        return , [byte[]]$Value
    }
    if ($Value -is [System.Collections.IList]) {
        return , [string[]]$Value
    }
    if ($Value -is [long] -and $Value -le [int]::MaxValue) {
        return [int]$Value
    }
    return $Value
}

function ConvertTo-FakeValues {
    # The values of a key as Get-ItemProperty shows them.
    param([string]$Path, [System.Collections.IDictionary]$Value, [string[]]$Name)

    $made = [ordered]@{}
    foreach ($key in $Value.Keys) {
        if ($Name.Count -eq 0 -or $Name -contains $key) {
            $made[$key] = ConvertFrom-FakeValue -Value $Value[$key]
        }
    }
    $full = $Path -replace '\AHKLM:', 'Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE'
    $made.PSPath = $full
    $made.PSParentPath = $full -replace '\\[^\\]+\z', ''
    $made.PSChildName = $Path.Split('\')[-1]
    $made.PSDrive = 'HKLM'
    $made.PSProvider = 'Microsoft.PowerShell.Core\Registry'
    return [pscustomobject]$made
}

function Invoke-FakeOwn {
    # The engine's own cmdlet, for what is not the registry's.
    param([hashtable]$Call)

    $bound = $Call.Bound
    if (-not $bound.ContainsKey('ErrorAction')) {
        $bound.ErrorAction = 'Continue'
    }
    & "Microsoft.PowerShell.Management\$($Call.Name)" @bound 2>&1
}

function Invoke-FakeKeys {
    # Runs a body with the registry, once a path that is there; an error for each that is not.
    param([hashtable]$Call, [string[]]$Path, [scriptblock]$Body)

    Use-FakeWorld -Argument $Call, $Path, $Body -Body {
        param($World, $Call, $Path, $Body)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $all = Get-FakeRegistry -Call $Call
        foreach ($one in $Path) {
            if (-not (Test-FakeKey -All $all -Path $one)) {
                New-FakeKeyMissing -Call $Call -Path $one
            }
            elseif ($Call.Name -ne 'Test-Path' -and (Test-FakeKeyClosed -Call $Call -Path $one)) {
                New-FakeKeyForbidden -Call $Call -Path $one
            }
            else {
                & $Body $Call $all $one
            }
        }
    }
}

function Test-FakeFile {
    # Whether files are there. Windows' paths are plain file names of the working folder here: the engine's own Test-Path finds none.
    param([hashtable]$Call)

    $kind = [string]$Call.Bound['PathType']
    foreach ($path in $Call.Bound['LiteralPath']) {
        $isLeaf = $kind -ne 'Container' -and [System.IO.File]::Exists($path)
        $isLeaf -or ($kind -ne 'Leaf' -and [System.IO.Directory]::Exists($path))
    }
}

Add-FakeBody -Name 'Test-Path' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths -and $Call.Bound.ContainsKey('LiteralPath')) {
        return Test-FakeFile -Call $Call
    }
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    foreach ($path in $paths) {
        $found = @(Invoke-FakeKeys -Call $Call -Path $path -Body { $true })
        $found[0] -eq $true -and [string]$Call.Bound['PathType'] -ne 'Leaf'
    }
}

Add-FakeBody -Name 'Get-ItemProperty' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    Invoke-FakeKeys -Call $Call -Path $paths -Body {
        param($Call, $All, $Path)
        $values = $(if ($All.ContainsKey($Path)) { $All[$Path] } else { @{} })
        $names = [string[]]@($Call.Bound['Name'] | Where-Object -FilterScript { $null -ne $_ })
        foreach ($name in $names) {
            if (@($values.Keys) -notcontains $name) {
                New-FakeError -Call $Call -Id 'System.Management.Automation.PSArgumentException' -Category InvalidArgument -Text 'ValueMissing' -Argument $name, $Path -Target $name -Exception 'System.Management.Automation.PSArgumentException'
            }
        }
        if (@($values.Keys).Count -gt 0 -and ($names.Count -eq 0 -or @($names | Where-Object -FilterScript { @($values.Keys) -contains $_ }).Count -gt 0)) {
            ConvertTo-FakeValues -Path $Path -Value $values -Name $names
        }
    }
}

Add-FakeBody -Name 'Get-Item' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    Invoke-FakeKeys -Call $Call -Path $paths -Body {
        param($Call, $All, $Path)
        ConvertTo-FakeKey -Path $Path -All $All
    }
}

Add-FakeBody -Name 'Get-ChildItem' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    Invoke-FakeKeys -Call $Call -Path $paths -Body {
        param($Call, $All, $Path)
        $children = [System.Collections.Generic.SortedSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
        foreach ($key in $All.Keys) {
            if ($key.StartsWith("$Path\", 'OrdinalIgnoreCase')) {
                $null = $children.Add("$Path\" + $key.Substring($Path.Length + 1).Split('\')[0])
            }
        }
        foreach ($child in $children) {
            ConvertTo-FakeKey -Path $child -All $All
        }
    }
}
