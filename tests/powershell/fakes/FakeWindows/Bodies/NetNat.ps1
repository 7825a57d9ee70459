# NAT networks.
#
#   behaviour                                                                     | mark       | source
#   NetNat needs a local administrator                                            | observed   | docs/sources.md H5
#     ... and refuses others with 'Windows System Error 5', PermissionDenied      | uncertain  | by analogy with 87
#   Get-NetNat without a name lists all; nothing is no error                      | documented | CmdletDocs Get-NetNat
#   Get-NetNat of a name that is absent: CmdletizationQuery_NotFound_Name         | observed   | on Get-NetAdapter: PS-AutoLab-Env#199
#   New-NetNat with a prefix that is bad or overlaps: Windows System Error 87     | observed   | docs/sources.md H5
#   New-NetNat with a taken name: the same                                        | uncertain  |
#   a second NAT with another prefix is made                                      | observed   | one is what is documented; TFHV makes more
#   Remove-NetNat asks unless -Confirm:$false                                     | observed   | every public script passes it
#   the errors' ids are those words only on an English Windows                    | observed   | docs/sources.md H8: the HRESULT counts

function New-FakeNatError {
    # A Win32 error of NetNat. Windows translates the words of the id, too.
    param([hashtable]$Call, [int]$Number, [string]$Category, [string]$Text)

    $word = 'Windows System Error'
    if ($Call.World.language -eq 'de-DE') {
        $word = 'Windows-Systemfehler'
    }
    $facts = @{ Id = "$word $Number"; Category = $Category; Text = $Text; Target = 'MSFT_NetNat'; HResult = 2147942400 + $Number }
    return New-FakeError -Call $Call @facts -Exception 'Microsoft.Management.Infrastructure.CimException'
}

function Get-FakeNatRefusal {
    # Why NetNat does nothing for this caller; $null when it does.
    param([hashtable]$Call)

    if ($Call.Machine.is_admin) {
        return $null
    }
    return New-FakeNatError -Call $Call -Number 5 -Category 'PermissionDenied' -Text 'AccessDenied'
}

function ConvertTo-FakeNat {
    # A NAT of the world as Windows shows it.
    param([System.Collections.IDictionary]$Row)

    return New-FakeRow -TypeName 'Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetNat' -Property ([ordered]@{
            Name                             = $Row.name
            ExternalIPInterfaceAddressPrefix = $null
            InternalIPInterfaceAddressPrefix = $Row.prefix
            IcmpQueryTimeout                 = [uint32]30
            TcpEstablishedConnectionTimeout  = [uint32]1800
            TcpTransientConnectionTimeout    = [uint32]120
            TcpFilteringBehavior             = 'AddressDependentFiltering'
            UdpFilteringBehavior             = 'AddressDependentFiltering'
            UdpIdleSessionTimeout            = [uint32]120
            UdpInboundRefresh                = $false
            Store                            = 'Local'
            Active                           = $true
        })
}

function Get-FakeNatRange {
    # First and last address of an IPv4 prefix as numbers; $null when it is none.
    param([string]$Prefix)

    $address = $null
    $parts = $Prefix.Split('/')
    if ($parts.Count -ne 2 -or -not [System.Net.IPAddress]::TryParse($parts[0], [ref]$address) -or $parts[1] -notmatch '\A([0-9]|[12][0-9]|3[0-2])\z') {
        return $null
    }
    $bytes = $address.GetAddressBytes()
    if ($bytes.Count -ne 4) {
        return $null
    }
    [array]::Reverse($bytes)
    $number = [long][System.BitConverter]::ToUInt32($bytes, 0)
    $size = [long][System.Math]::Pow(2, 32 - [int]$parts[1])
    $first = $number - $number % $size
    return @{ First = $first; Last = $first + $size - 1 }
}

function Find-FakeNat {
    # The NATs that a call names, all when it names none; an error for each that is absent.
    param([hashtable]$Call)

    if (-not $Call.Bound.ContainsKey('Name')) {
        return $Call.Machine.nats
    }
    foreach ($one in $Call.Bound.Name) {
        $found = @($Call.Machine.nats | Where-Object -FilterScript { $_.name -like $one })
        if ($found.Count -eq 0 -and -not [System.Management.Automation.WildcardPattern]::ContainsWildcardCharacters($one)) {
            New-FakeCimAbsent -Call $Call -Class 'MSFT_NetNat' -Property 'Name' -Value $one
        }
        $found
    }
}

Add-FakeBody -Name 'Get-NetNat' -Body {
    param($Call)

    $refusal = Get-FakeNatRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($item in @(Find-FakeNat -Call $Call)) {
        if ($item -is [System.Collections.IDictionary]) {
            ConvertTo-FakeNat -Row $item
        }
        else {
            $item
        }
    }
}

Add-FakeBody -Name 'New-NetNat' -Body {
    param($Call)

    $refusal = Get-FakeNatRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $prefix = [string]$Call.Bound['InternalIPInterfaceAddressPrefix']
    $range = Get-FakeNatRange -Prefix $prefix
    $isTaken = $null -eq $range
    foreach ($other in $Call.Machine.nats) {
        $its = Get-FakeNatRange -Prefix $other.prefix
        $isTaken = $isTaken -or $other.name -eq $Call.Bound.Name -or ($its.First -le $range.Last -and $range.First -le $its.Last)
    }
    if ($isTaken) {
        return New-FakeNatError -Call $Call -Number 87 -Category 'InvalidArgument' -Text 'ParameterIncorrect'
    }
    if (-not (Test-FakeShould -Call $Call -Target $Call.Bound.Name)) {
        return
    }
    $made = @{ name = $Call.Bound.Name; prefix = $prefix }
    $Call.Machine.nats += $made
    $Call.World.calls += , @($Call.Machine.uid, 'New-NetNat', $made.name)
    return ConvertTo-FakeNat -Row $made
}

Add-FakeBody -Name 'Remove-NetNat' -Body {
    param($Call)

    $refusal = Get-FakeNatRefusal -Call $Call
    if ($null -eq $refusal) {
        $refusal = Get-FakeUnasked -Call $Call
    }
    if ($null -ne $refusal) {
        return $refusal
    }
    if ($Call.Bound.ContainsKey('InputObject')) {
        $Call.Bound.Name = @($Call.Bound.InputObject | ForEach-Object -Process { $_.Name })
    }
    foreach ($item in @(Find-FakeNat -Call $Call)) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
        }
        elseif (Test-FakeShould -Call $Call -Target $item.name) {
            $Call.Machine.nats = @($Call.Machine.nats | Where-Object -FilterScript { $_.name -ne $item.name })
            $Call.World.calls += , @($Call.Machine.uid, 'Remove-NetNat', $item.name)
        }
    }
}
