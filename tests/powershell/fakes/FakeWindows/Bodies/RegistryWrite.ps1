# What writes the registry. What Windows does: the table of Registry.ps1.

function Invoke-FakeKeyChange {
    # Runs a body that changes a key of this path, unless this caller may not.
    param([hashtable]$Call, [string]$Path, [scriptblock]$Body)

    Use-FakeWorld -Argument $Call, $Path, $Body -Body {
        param($World, $Call, $Path, $Body)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $fault = Get-FakeFault -Call $Call
        if ($null -ne $fault) {
            return $fault
        }
        if (-not $Call.Machine.is_admin) {
            return New-FakeKeyForbidden -Call $Call -Path $Path
        }
        if (Test-FakeShould -Call $Call -Target $Path) {
            & $Body $Call (Get-FakeRegistry -Call $Call) (Get-FakeKeyName -Call $Call -Path $Path)
        }
    }
}

Add-FakeBody -Name 'New-Item' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    Invoke-FakeKeyChange -Call $Call -Path @($paths)[0] -Body {
        param($Call, $All, $Path)
        $isForced = [bool]$Call.Bound['Force']
        if (-not $isForced -and (Test-FakeKey -All $All -Path $Path)) {
            return New-FakeError -Call $Call -Id 'System.IO.IOException' -Category ResourceExists -Text 'KeyExists' -Target $Path -Exception 'System.IO.IOException'
        }
        if (-not $isForced -and -not (Test-FakeKey -All $All -Path ($Path -replace '\\[^\\]+\z', ''))) {
            return New-FakeError -Call $Call -Id 'System.ArgumentException' -Category InvalidArgument -Text 'KeyNoParent' -Target $Path -Exception 'System.ArgumentException'
        }
        $Call.Machine.registry[$Path] = @{}
        $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $Path)
        $All[$Path] = @{}
        ConvertTo-FakeKey -Path $Path -All $All
    }
}

Add-FakeBody -Name 'New-ItemProperty' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    Invoke-FakeKeyChange -Call $Call -Path @($paths)[0] -Body {
        param($Call, $All, $Path)
        if (-not (Test-FakeKey -All $All -Path $Path)) {
            return New-FakeKeyMissing -Call $Call -Path $Path
        }
        if (-not $Call.Machine.registry.Contains($Path)) {
            $Call.Machine.registry[$Path] = $(if ($All.ContainsKey($Path)) { $All[$Path] } else { @{} })
        }
        $values = $Call.Machine.registry[$Path]
        $name = @($values.Keys) | Where-Object -FilterScript { $_ -eq $Call.Bound.Name } | Select-Object -First 1
        if ($null -ne $name -and -not $Call.Bound['Force']) {
            return New-FakeError -Call $Call -Id 'System.IO.IOException' -Category ResourceExists -Text 'ValueExists' -Target $Path -Exception 'System.IO.IOException'
        }
        if ($null -eq $name) {
            $name = $Call.Bound.Name
        }
        $values[$name] = $(if ([string]$Call.Bound['PropertyType'] -eq 'DWord') { [int]$Call.Bound.Value } else { $Call.Bound['Value'] })
        $Call.World.calls += , @($Call.Machine.uid, $Call.Name, "$Path\$name")
        ConvertTo-FakeValues -Path $Path -Value $values -Name $name
    }
}

Add-FakeBody -Name 'Remove-Item' -WithoutWorld -Body {
    param($Call)
    $paths = Get-FakeRegistryPath -Call $Call
    if ($null -eq $paths) {
        return Invoke-FakeOwn -Call $Call
    }
    Invoke-FakeKeyChange -Call $Call -Path @($paths)[0] -Body {
        param($Call, $All, $Path)
        if (-not (Test-FakeKey -All $All -Path $Path)) {
            return New-FakeKeyMissing -Call $Call -Path $Path
        }
        foreach ($key in @($Call.Machine.registry.Keys)) {
            if ($key -eq $Path -or $key.StartsWith("$Path\", 'OrdinalIgnoreCase')) {
                $Call.Machine.registry.Remove($key)
            }
        }
        $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $Path)
    }
}
