# Writes assemblies: enums, object types with plain properties, and cmdlets that pass everything to $global:FakeDoor.

using namespace System.Reflection
using namespace System.Reflection.Emit

function New-Builder {
    # An empty assembly that can be saved, and its module.
    param([string]$Name)

    $assembly = [PersistedAssemblyBuilder]::new([AssemblyName]::new($Name), [object].Assembly)
    return @{ assembly = $assembly; module = $assembly.DefineDynamicModule($Name) }
}

function Add-Property {
    # A public property with a field behind it.
    param([TypeBuilder]$Builder, [string]$Name, [type]$Type)

    $field = $Builder.DefineField("_$Name", $Type, [FieldAttributes]::Private)
    $property = $Builder.DefineProperty($Name, [PropertyAttributes]::None, $Type, $null)
    $flags = [MethodAttributes]'Public, SpecialName, HideBySig'
    $get = $Builder.DefineMethod("get_$Name", $flags, $Type, [type[]]@())
    $code = $get.GetILGenerator()
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldfld, $field)
    $code.Emit([OpCodes]::Ret)
    $set = $Builder.DefineMethod("set_$Name", $flags, [void], [type[]]@($Type))
    $code = $set.GetILGenerator()
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldarg_1)
    $code.Emit([OpCodes]::Stfld, $field)
    $code.Emit([OpCodes]::Ret)
    $property.SetGetMethod($get)
    $property.SetSetMethod($set)
    return $property
}

function New-TypeAssembly {
    # Enums with their numbers, objects with their properties (a type that holds other made types is written in a second round), the door.
    param([string]$Path)

    $built = New-Builder -Name 'FakeWindows.Types'
    $made = @{}
    foreach ($name in $script:Facts.enums.Keys) {
        $enum = $built.module.DefineEnum($name, [TypeAttributes]::Public, [int])
        foreach ($literal in $script:Facts.enums[$name].Keys) {
            $null = $enum.DefineLiteral($literal, [int]$script:Facts.enums[$name][$literal])
        }
        $made[$name] = $enum.CreateType()
    }
    $classes = [ordered]@{}
    foreach ($name in @($script:Rules.bases.Values) + @($script:Facts.types.Keys)) {
        if (-not $classes.Contains($name) -and -not $made.ContainsKey($name)) {
            $classes[$name] = $built.module.DefineType($name, [TypeAttributes]'Public, Class')
        }
    }
    foreach ($name in $script:Rules.bases.Keys) {
        if ($classes.Contains($name)) {
            $classes[$name].SetParent($classes[$script:Rules.bases[$name]])
        }
    }
    foreach ($name in $classes.Keys) {
        if ($script:Rules.bases.Values -contains $name -or -not $script:Facts.types.ContainsKey($name)) {
            # The base of another type: its own properties are those of every child, written there.
            $null = $classes[$name].DefineDefaultConstructor([MethodAttributes]::Public)
            continue
        }
        foreach ($property in $script:Facts.types[$name].Keys) {
            $added = Add-Property -Builder $classes[$name] -Name $property -Type (Get-MadeType -Word $script:Facts.types[$name][$property] -Made $made)
            if ($property -eq 'Name' -and $name.StartsWith('Microsoft.FailoverClusters.')) {
                Add-NameText -Builder $classes[$name] -Property $added
            }
            if ($property -eq 'Name' -and $script:Rules.named -contains $name) {
                Add-NameMaker -Builder $classes[$name] -Property $added
            }
        }
    }
    foreach ($name in $classes.Keys) {
        $null = $classes[$name].CreateType()
    }
    foreach ($name in $script:Rules.exceptions.Keys) {
        Add-Exception -Module $built.module -Name $name
    }
    Add-Door -Module $built.module
    $built.assembly.Save($Path)
}

function Add-NameText {
    # An object that prints as its name: Format-List of a cluster node prints "Cluster : name" (observed).
    param([TypeBuilder]$Builder, [PropertyBuilder]$Property)

    $text = $Builder.DefineMethod('ToString', [MethodAttributes]'Public, Virtual, HideBySig', [string], [type[]]@())
    $code = $text.GetILGenerator()
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Call, $Property.GetGetMethod())
    $code.Emit([OpCodes]::Ret)
}

function Add-NameMaker {
    # An object that a parameter also takes as its name: Install-WindowsFeature does.
    param([TypeBuilder]$Builder, [PropertyBuilder]$Property)

    $null = $Builder.DefineDefaultConstructor([MethodAttributes]::Public)
    $maker = $Builder.DefineConstructor([MethodAttributes]::Public, [CallingConventions]::Standard, [type[]]@([string]))
    $code = $maker.GetILGenerator()
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Call, [object].GetConstructor([type[]]@()))
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldarg_1)
    $code.Emit([OpCodes]::Call, $Property.GetSetMethod())
    $code.Emit([OpCodes]::Ret)
}

function Get-MadeType {
    # A property's type: a made enum, a type of the engine, else an object.
    param([string]$Word, [hashtable]$Made)

    $plain = $Word -replace '\A(?:System\.)?Nullable[<\[](.+)[>\]]\z', '$1'
    if ($Made.ContainsKey($plain)) {
        if ($plain -ne $Word) {
            return [System.Nullable`1].MakeGenericType($Made[$plain])
        }
        return $Made[$plain]
    }
    $list = $Word -replace '\[\]\z', ''
    if ($list -ne $Word -and $Made.ContainsKey($list)) {
        return $Made[$list].MakeArrayType()
    }
    return Resolve-FakeType -Word $Word
}

function Add-Exception {
    # An exception type of Windows, which takes a message.
    param([ModuleBuilder]$Module, [string]$Name)

    $type = $Module.DefineType($Name, [TypeAttributes]'Public, Class', [System.Exception])
    $maker = $type.DefineConstructor([MethodAttributes]::Public, [CallingConventions]::Standard, [type[]]@([string]))
    $code = $maker.GetILGenerator()
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldarg_1)
    $code.Emit([OpCodes]::Call, [System.Exception].GetConstructor([type[]]@([string])))
    $code.Emit([OpCodes]::Ret)
    $null = $type.CreateType()
}

function Add-Door {
    # FakeWindows.Refusal wraps a terminating error; FakeWindows.Door passes a cmdlet to $global:FakeDoor and writes what comes back.
    param([ModuleBuilder]$Module)

    $refusal = $Module.DefineType('FakeWindows.Refusal', [TypeAttributes]'Public, Class')
    $record = Add-Property -Builder $refusal -Name 'Record' -Type ([System.Management.Automation.ErrorRecord])
    $null = $refusal.CreateType()
    $door = $Module.DefineType('FakeWindows.Door', [TypeAttributes]'Public, Class, Sealed, Abstract')
    $pass = $door.DefineMethod('Pass', [MethodAttributes]'Public, Static', [void], [type[]]@([System.Management.Automation.PSCmdlet]))
    $code = $pass.GetILGenerator()
    $cmdlet = [System.Management.Automation.Cmdlet]
    $list = [System.Collections.ObjectModel.Collection[psobject]]
    $found = $code.DeclareLocal($list)
    $index = $code.DeclareLocal([int])
    $item = $code.DeclareLocal([object])
    $again = $code.DefineLabel()
    $end = $code.DefineLabel()
    $next = $code.DefineLabel()
    $notStop = $code.DefineLabel()
    $notError = $code.DefineLabel()
    $notWarning = $code.DefineLabel()
    # found = ((ScriptBlock)cmdlet.SessionState.PSVariable.GetValue("global:FakeDoor")).Invoke(new object[] { cmdlet })
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Call, [System.Management.Automation.PSCmdlet].GetProperty('SessionState').GetGetMethod())
    $code.Emit([OpCodes]::Callvirt, [System.Management.Automation.SessionState].GetProperty('PSVariable').GetGetMethod())
    $code.Emit([OpCodes]::Ldstr, 'global:FakeDoor')
    $code.Emit([OpCodes]::Callvirt, [System.Management.Automation.PSVariableIntrinsics].GetMethod('GetValue', [type[]]@([string])))
    $code.Emit([OpCodes]::Castclass, [scriptblock])
    $code.Emit([OpCodes]::Ldc_I4_1)
    $code.Emit([OpCodes]::Newarr, [object])
    $code.Emit([OpCodes]::Dup)
    $code.Emit([OpCodes]::Ldc_I4_0)
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Stelem_Ref)
    $code.Emit([OpCodes]::Callvirt, [scriptblock].GetMethod('Invoke', [type[]]@([object[]])))
    $code.Emit([OpCodes]::Stloc, $found)
    $code.Emit([OpCodes]::Ldc_I4_0)
    $code.Emit([OpCodes]::Stloc, $index)
    $code.MarkLabel($again)
    $code.Emit([OpCodes]::Ldloc, $index)
    $code.Emit([OpCodes]::Ldloc, $found)
    $code.Emit([OpCodes]::Callvirt, $list.GetProperty('Count').GetGetMethod())
    $code.Emit([OpCodes]::Bge, $end)
    # item = found[index] as its base object, $null stays
    $code.Emit([OpCodes]::Ldloc, $found)
    $code.Emit([OpCodes]::Ldloc, $index)
    $code.Emit([OpCodes]::Callvirt, $list.GetProperty('Item').GetGetMethod())
    $code.Emit([OpCodes]::Stloc, $item)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Brfalse, $notWarning)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Castclass, [psobject])
    $code.Emit([OpCodes]::Callvirt, [psobject].GetProperty('BaseObject').GetGetMethod())
    $code.Emit([OpCodes]::Isinst, $refusal)
    $code.Emit([OpCodes]::Brfalse, $notStop)
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Castclass, [psobject])
    $code.Emit([OpCodes]::Callvirt, [psobject].GetProperty('BaseObject').GetGetMethod())
    $code.Emit([OpCodes]::Castclass, $refusal)
    $code.Emit([OpCodes]::Callvirt, $record.GetGetMethod())
    $code.Emit([OpCodes]::Callvirt, $cmdlet.GetMethod('ThrowTerminatingError'))
    $code.MarkLabel($notStop)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Castclass, [psobject])
    $code.Emit([OpCodes]::Callvirt, [psobject].GetProperty('BaseObject').GetGetMethod())
    $code.Emit([OpCodes]::Isinst, [System.Management.Automation.ErrorRecord])
    $code.Emit([OpCodes]::Brfalse, $notError)
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Castclass, [psobject])
    $code.Emit([OpCodes]::Callvirt, [psobject].GetProperty('BaseObject').GetGetMethod())
    $code.Emit([OpCodes]::Castclass, [System.Management.Automation.ErrorRecord])
    $code.Emit([OpCodes]::Callvirt, $cmdlet.GetMethod('WriteError'))
    $code.Emit([OpCodes]::Br, $next)
    $code.MarkLabel($notError)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Castclass, [psobject])
    $code.Emit([OpCodes]::Callvirt, [psobject].GetProperty('BaseObject').GetGetMethod())
    $code.Emit([OpCodes]::Isinst, [System.Management.Automation.WarningRecord])
    $code.Emit([OpCodes]::Brfalse, $notWarning)
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Castclass, [psobject])
    $code.Emit([OpCodes]::Callvirt, [psobject].GetProperty('BaseObject').GetGetMethod())
    $code.Emit([OpCodes]::Castclass, [System.Management.Automation.WarningRecord])
    $code.Emit([OpCodes]::Callvirt, [System.Management.Automation.InformationalRecord].GetProperty('Message').GetGetMethod())
    $code.Emit([OpCodes]::Callvirt, $cmdlet.GetMethod('WriteWarning'))
    $code.Emit([OpCodes]::Br, $next)
    $code.MarkLabel($notWarning)
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Ldloc, $item)
    $code.Emit([OpCodes]::Callvirt, $cmdlet.GetMethod('WriteObject', [type[]]@([object])))
    $code.MarkLabel($next)
    $code.Emit([OpCodes]::Ldloc, $index)
    $code.Emit([OpCodes]::Ldc_I4_1)
    $code.Emit([OpCodes]::Add)
    $code.Emit([OpCodes]::Stloc, $index)
    $code.Emit([OpCodes]::Br, $again)
    $code.MarkLabel($end)
    $code.Emit([OpCodes]::Ret)
    $null = $door.CreateType()
}

function New-CmdletAssembly {
    # The compiled cmdlets of a module.
    param([string]$Module, [System.Collections.Generic.List[string]]$Name, [string]$Path)

    $built = New-Builder -Name $Module
    foreach ($cmdlet in $Name) {
        Add-Cmdlet -Builder $built.module -Name $cmdlet
    }
    $built.assembly.Save($Path)
}

function Add-Cmdlet {
    # One cmdlet: its attribute, its parameters, and ProcessRecord that calls the door.
    param([ModuleBuilder]$Builder, [string]$Name)

    $verb, $noun = $Name.Split('-')
    $class = $script:Rules.classes[$Name]
    if ($null -eq $class) {
        $class = $script:Rules.binary[$script:Facts.cmdlets[$Name].module] -f $verb, $noun
    }
    $type = $Builder.DefineType($class, [TypeAttributes]'Public, Class', [System.Management.Automation.PSCmdlet])
    $attribute = [System.Management.Automation.CmdletAttribute]
    $set = @{ SupportsShouldProcess = [bool](Test-ShouldProcess -Name $Name) }
    $default = Get-DefaultSet -Name $Name
    if ($default -ne '') {
        $set.DefaultParameterSetName = $default
    }
    $type.SetCustomAttribute((New-Attribute -Type $attribute -Argument @($verb, $noun) -Set $set))
    $parameters = Get-ReleaseParameter -Name $Name
    foreach ($key in $parameters.Keys) {
        Add-Parameter -Builder $type -Name $key -Facts $parameters[$key]
    }
    $run = $type.DefineMethod('ProcessRecord', [MethodAttributes]'Family, Virtual, HideBySig', [void], [type[]]@())
    $code = $run.GetILGenerator()
    $code.Emit([OpCodes]::Ldarg_0)
    $code.Emit([OpCodes]::Call, $script:Types.GetType('FakeWindows.Door').GetMethod('Pass'))
    $code.Emit([OpCodes]::Ret)
    $null = $type.CreateType()
}

function Add-Parameter {
    # One parameter with the attributes that the table gives it.
    param([TypeBuilder]$Builder, [string]$Name, [System.Collections.IDictionary]$Facts)

    $type = Resolve-FakeType -Word $Facts.type
    if ($type -eq [object] -and $Facts.Contains('values') -and @($Facts.values).Count -gt 0) {
        $type = [string]
    }
    $property = Add-Property -Builder $Builder -Name $Name -Type $type
    foreach ($row in Get-SetRow -Facts $Facts) {
        $set = @{ ParameterSetName = $row.name; Mandatory = $row.mandatory }
        if ($row.position -ge 0) {
            $set.Position = $row.position
        }
        $set.ValueFromPipeline = $row.pipeline -match 'ByValue'
        $set.ValueFromPipelineByPropertyName = $row.pipeline -match 'ByPropertyName'
        $property.SetCustomAttribute((New-Attribute -Type ([System.Management.Automation.ParameterAttribute]) -Set $set))
    }
    if ($Facts.Contains('aliases') -and @($Facts.aliases).Count -gt 0) {
        $property.SetCustomAttribute((New-Attribute -Type ([System.Management.Automation.AliasAttribute]) -Argument @(, [string[]]@($Facts.aliases))))
    }
    if ($Facts.Contains('not_empty') -and $Facts.not_empty) {
        $property.SetCustomAttribute((New-Attribute -Type ([System.Management.Automation.ValidateNotNullOrEmptyAttribute])))
    }
    if ($Facts.Contains('values') -and @($Facts.values).Count -gt 0 -and (($type -in [string], [string[]]) -or ($type.IsArray ? $type.GetElementType() : $type).IsEnum)) {
        $property.SetCustomAttribute((New-Attribute -Type ([System.Management.Automation.ValidateSetAttribute]) -Argument @(, [string[]]@($Facts.values))))
    }
    elseif ($Facts.Contains('values') -and $Facts.type -match 'int') {
        # A set of numbers: the engine compares them as text.
        $numbers = [string[]]@($Facts.values | Where-Object -FilterScript { $_ -match '\A[0-9]+\z' })
        $property.SetCustomAttribute((New-Attribute -Type ([System.Management.Automation.ValidateSetAttribute]) -Argument @(, $numbers)))
    }
    if ($Facts.Contains('range') -and $null -ne $Facts.range) {
        $bounds = @($Facts.range | ForEach-Object -Process { $_ -as ($type.IsArray ? $type.GetElementType() : ([System.Nullable]::GetUnderlyingType($type) ?? $type)) })
        $property.SetCustomAttribute((New-Attribute -Type ([System.Management.Automation.ValidateRangeAttribute]) -Argument $bounds))
    }
}

function New-Attribute {
    # A custom attribute from constructor arguments and named properties.
    param([type]$Type, [object[]]$Argument = @(), [hashtable]$Set = @{})

    $maker = $null
    foreach ($candidate in $Type.GetConstructors()) {
        $wanted = $candidate.GetParameters()
        if ($wanted.Length -ne $Argument.Length) {
            continue
        }
        $fits = $true
        for ($i = 0; $i -lt $wanted.Length; $i++) {
            $fits = $fits -and $Argument[$i] -is $wanted[$i].ParameterType
        }
        if ($fits) {
            $maker = $candidate
        }
    }
    $properties = [PropertyInfo[]]@($Set.Keys | ForEach-Object -Process { $Type.GetProperty($_) })
    $values = [object[]]@($Set.Keys | ForEach-Object -Process { $Set[$_] })
    return [CustomAttributeBuilder]::new($maker, $Argument, $properties, $values)
}
