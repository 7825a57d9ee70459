# From the tables' words to the engine's: types, and the parameters that a cmdlet has in one release.

$script:Words = @{
    'string' = [string]; 'int' = [int]; 'int16' = [int16]; 'int32' = [int]; 'int64' = [long]; 'long' = [long]
    'uint16' = [uint16]; 'uint32' = [uint32]; 'uint64' = [uint64]; 'byte' = [byte]; 'char' = [char]
    'bool' = [bool]; 'boolean' = [bool]; 'guid' = [guid]; 'version' = [version]; 'timespan' = [timespan]; 'uri' = [uri]
    'switch' = [switch]; 'switchparameter' = [switch]; 'pscredential' = [pscredential]; 'psobject' = [psobject]
    'object' = [object]; 'scriptblock' = [scriptblock]; 'collections.hashtable' = [hashtable]; 'collections.idictionary' = [System.Collections.IDictionary]
    'type' = [type]; 'system.collections.specialized.stringcollection' = [System.Collections.Specialized.StringCollection]
    'stringcollection' = [System.Collections.Specialized.StringCollection]; 'datetime' = [datetime]; 'single' = [float]; 'double' = [double]
}

function Find-FakeType {
    # A type of the made assembly by its name or the end of its name; $null when there is none.
    param([string]$Name)

    if ($null -eq $script:Types) {
        return $null
    }
    foreach ($type in $script:Types.GetExportedTypes()) {
        if ($type.FullName -eq $Name -or $type.Name -eq $Name) {
            return $type
        }
    }
    return $null
}

function Resolve-FakeType {
    # The engine's type for a table's word. What the engine does not have (CIM sessions, generated enums) is an object.
    param([string]$Word)

    if ($Word -match '\A(.+)\[\]\z') {
        return (Resolve-FakeType -Word $Matches[1]).MakeArrayType()
    }
    if ($Word -match '\A(?:System\.)?Nullable(?:\[|<|`1\[\[)(.+?)(?:\]\]|\]|>)\z') {
        $inner = Resolve-FakeType -Word $Matches[1]
        if ($inner.IsValueType) {
            return [System.Nullable`1].MakeGenericType($inner)
        }
        return $inner
    }
    $plain = $Word -replace '\ASystem\.(?=[A-Za-z0-9]+\z)', ''
    if ($script:Words.ContainsKey($plain.ToLowerInvariant())) {
        return $script:Words[$plain.ToLowerInvariant()]
    }
    $found = Find-FakeType -Name $Word
    if ($null -ne $found) {
        return $found
    }
    return [object]
}

function Get-ReleaseParameter {
    # The parameters of a cmdlet in the chosen release, by name: those read off a machine, and those of the page that it lacks.
    param([string]$Name)

    $cmdlet = $script:Facts.cmdlets[$Name]
    $found = [ordered]@{}
    if ($null -ne $cmdlet.observed) {
        foreach ($key in $cmdlet.observed.parameters.Keys) {
            $found[$key] = $cmdlet.observed.parameters[$key]
        }
    }
    foreach ($key in $cmdlet.parameters.Keys) {
        $facts = $cmdlet.parameters[$key]
        if ($facts.Contains('releases') -and $facts.releases -notcontains $Release -and $facts.releases -notcontains '5.1') {
            $found.Remove($key)
        }
        elseif (-not $found.Contains($key) -and -not (Test-OtherName -Name $key -Facts $facts -Known $found)) {
            $found[$key] = $facts
        }
    }
    foreach ($key in 'WhatIf', 'Confirm') {
        $found.Remove($key)
    }
    foreach ($key in $cmdlet.seven) {
        $found.Remove($key)
    }
    return $found
}

function Test-OtherName {
    # Whether the page's parameter is one of the machine's under another name: the two name each other as aliases.
    param([string]$Name, [System.Collections.IDictionary]$Facts, [System.Collections.IDictionary]$Known)

    foreach ($key in $Known.Keys) {
        if ($Known[$key].Contains('aliases') -and $Known[$key].aliases -contains $Name) {
            return $true
        }
        if ($Facts.Contains('aliases') -and $Facts.aliases -contains $key) {
            return $true
        }
    }
    return $false
}

function Test-ShouldProcess {
    # Whether a cmdlet has -WhatIf.
    param([string]$Name)

    $cmdlet = $script:Facts.cmdlets[$Name]
    return $cmdlet.parameters.Contains('WhatIf') -or ($null -ne $cmdlet.observed -and $cmdlet.observed.should_process)
}

function Get-DefaultSet {
    # The default parameter set, '' when there is none.
    param([string]$Name)

    $cmdlet = $script:Facts.cmdlets[$Name]
    if ($null -ne $cmdlet.observed) {
        return [string]$cmdlet.observed.default_set
    }
    return [string]$cmdlet.default_set
}

function Get-SetRow {
    # The parameter sets of one parameter: name, mandatory, position, pipeline.
    param([System.Collections.IDictionary]$Facts)

    foreach ($key in $Facts.sets.Keys) {
        $set = $Facts.sets[$key]
        $name = $key
        if ($key -eq '(All)') {
            $name = '__AllParameterSets'
        }
        $position = [int]::MinValue
        if ($set.Contains('position') -and $null -ne $set.position) {
            $position = [int]$set.position
        }
        $pipeline = ''
        if ($set.Contains('pipeline')) {
            $pipeline = [string]$set.pipeline
        }
        @{ name = $name; mandatory = [bool]($set.Contains('mandatory') -and $set.mandatory); position = $position; pipeline = $pipeline }
    }
}

function Get-FunctionText {
    # The script of a function as CDXML makes it: the table's parameters, and one body for all.
    param([string]$Name)

    $head = [System.Collections.Generic.List[string]]::new()
    $default = Get-DefaultSet -Name $Name
    if ($default -ne '') {
        $head.Add("DefaultParameterSetName = '$default'")
    }
    if (Test-ShouldProcess -Name $Name) {
        $head.Add('SupportsShouldProcess = $true')
    }
    $parameters = Get-ReleaseParameter -Name $Name
    $rows = foreach ($key in $parameters.Keys) {
        Get-ParameterText -Name $key -Facts $parameters[$key]
    }
    return @"
function $Name {
    [CmdletBinding($($head -join ', '))]
    param(
$($rows -join ",`n")
    )
    process {
        foreach (`$item in @(& `$global:FakeDoor `$PSCmdlet)) {
            if (`$item -is [FakeWindows.Refusal]) {
                `$PSCmdlet.ThrowTerminatingError(`$item.Record)
            }
            elseif (`$item -is [System.Management.Automation.ErrorRecord]) {
                `$PSCmdlet.WriteError(`$item)
            }
            elseif (`$item -is [System.Management.Automation.WarningRecord]) {
                `$PSCmdlet.WriteWarning(`$item.Message)
            }
            else {
                `$item
            }
        }
    }
}
"@
}

function Get-ParameterText {
    # One parameter of a function's param block.
    param([string]$Name, [System.Collections.IDictionary]$Facts)

    $lines = [System.Collections.Generic.List[string]]::new()
    foreach ($row in Get-SetRow -Facts $Facts) {
        $words = [System.Collections.Generic.List[string]]::new()
        if ($row.name -ne '__AllParameterSets') {
            $words.Add("ParameterSetName = '$($row.name)'")
        }
        if ($row.mandatory) {
            $words.Add('Mandatory = $true')
        }
        if ($row.position -ge 0) {
            $words.Add("Position = $($row.position)")
        }
        if ($row.pipeline -match 'ByValue') {
            $words.Add('ValueFromPipeline = $true')
        }
        if ($row.pipeline -match 'ByPropertyName') {
            $words.Add('ValueFromPipelineByPropertyName = $true')
        }
        $lines.Add("        [Parameter($($words -join ', '))]")
    }
    if ($Facts.Contains('aliases') -and @($Facts.aliases).Count -gt 0) {
        $lines.Add("        [Alias('$(@($Facts.aliases) -join "', '")')]")
    }
    if ($Facts.Contains('values') -and @($Facts.values).Count -gt 0 -and $Facts.type -notmatch '\A(UInt|Int)') {
        # An enum of CDXML takes its names, and its numbers, which the module never uses.
        $lines.Add("        [ValidateSet('$(@($Facts.values) -join "', '")')]")
    }
    $type = Resolve-FakeType -Word $Facts.type
    if ($type -eq [object] -and $Facts.Contains('values') -and @($Facts.values).Count -gt 0) {
        $type = [string]
    }
    $lines.Add("        [$($type.FullName)]`${$Name}")
    return $lines -join "`n"
}
