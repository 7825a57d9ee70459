# Writes framework.json: the members of .NET Framework types that the module uses, with how many arguments each takes.
#
#     pwsh -File tests/powershell/Make-Framework.ps1 -Folder FOLDER -Path tests/powershell/framework.json
#
# FOLDER holds reference assemblies of .NET Framework 4.6.2, the version that Windows Server 2016 came with (Debian's package
# mono-devel has them in /usr/lib/mono/4.6.2-api). The types are the keys of the file, which must be there: add a key to add a type.
param([string]$Folder, [string]$Path)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3.0

function Get-Arity {
    # How many parameters a method's signature has: header, number of type parameters if generic, count.
    param([object]$Reader, [object]$Method)
    $blob = $Reader.GetBlobReader($Method.Signature)
    $header = $blob.ReadByte()
    if ($header -band 0x10) { $null = $blob.ReadCompressedInteger() }
    return $blob.ReadCompressedInteger()
}

function Get-TypeMember {
    # A type's public members: name, and the counts of arguments that it takes (none for a field).
    param([object]$Reader, [object]$Type)
    $found = [ordered]@{}
    foreach ($handle in $Type.GetMethods()) {
        $method = $Reader.GetMethodDefinition($handle)
        if ([string]$method.Attributes -notmatch '\bPublic\b') { continue }
        $name = $Reader.GetString($method.Name) -replace '\Aget_', ''
        $found[$name] = @(@($found[$name]) + (Get-Arity -Reader $Reader -Method $method) | Where-Object -FilterScript { $null -ne $_ } | Sort-Object -Unique)
    }
    foreach ($handle in $Type.GetFields()) {
        $field = $Reader.GetFieldDefinition($handle)
        if ([string]$field.Attributes -match '\bPublic\b') { $found[$Reader.GetString($field.Name)] = @() }
    }
    return $found
}

function Get-Base {
    param([object]$Reader, [object]$Type)
    if ($Type.BaseType.IsNil) { return $null }
    switch ([string]$Type.BaseType.Kind) {
        'TypeDefinition' { $base = $Reader.GetTypeDefinition([System.Reflection.Metadata.TypeDefinitionHandle]$Type.BaseType) }
        'TypeReference' { $base = $Reader.GetTypeReference([System.Reflection.Metadata.TypeReferenceHandle]$Type.BaseType) }
        default { return $null }
    }
    return '{0}.{1}' -f $Reader.GetString($base.Namespace), $Reader.GetString($base.Name)
}

$wanted = @{}
(ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Path))).PSObject.Properties | ForEach-Object -Process { $wanted[$_.Name] = $null }
foreach ($file in 'mscorlib', 'System', 'System.Core', 'System.Xml') {
    $pe = New-Object -TypeName 'System.Reflection.PortableExecutable.PEReader' -ArgumentList ([System.IO.File]::OpenRead("$Folder/$file.dll"))
    $reader = [System.Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($pe)
    foreach ($handle in $reader.TypeDefinitions) {
        $type = $reader.GetTypeDefinition($handle)
        $name = '{0}.{1}' -f $reader.GetString($type.Namespace), $reader.GetString($type.Name)
        if ($wanted.ContainsKey($name)) { $wanted[$name] = [ordered]@{ base = (Get-Base -Reader $reader -Type $type); members = (Get-TypeMember -Reader $reader -Type $type) } }
    }
}
$lines = foreach ($name in ($wanted.Keys | Sort-Object)) {
    if ($null -eq $wanted[$name]) { throw ".NET Framework has no type $name." }
    '{0}: {1}' -f (ConvertTo-Json -InputObject $name), (ConvertTo-Json -InputObject $wanted[$name] -Compress -Depth 5)
}
[System.IO.File]::WriteAllText($Path, "{`n" + ($lines -join ",`n") + "`n}`n")
