# Test-Cluster: writes the report and the data of a validation, as Windows leaves them.
#
# behaviour                                                     | known      | source
# the tests, by category, and -List                             | documented | CmdletDocs Test-Cluster (its list is of 2012; cut names are
#                                                               |            | completed from knowledge: uncertain)
# the category Storage Spaces Direct                            | documented | Microsoft Learn, Deploy Storage Spaces Direct; its tests: uncertain
# a node that is a member brings all nodes of its cluster       | documented | CmdletDocs Test-Cluster
# a warning a test that warned, and one with the result in the end, whatever it is
#                                                               | observed   | log of a 2025 build; without any warned test: uncertain
# a test that failed is a warning, too                          | uncertain  | the wording
# a node that is not reached: id Test-Cluster, NotSpecified, "Unable to connect to X via WMI"
#                                                               | observed   | log of a 2025 build (feature not installed there)
# no rights there: id Test-Cluster                              | uncertain  | as New-Cluster
# the report is <ReportName>.htm, in Windows\Cluster\Reports when it is a name; it comes out as FileInfo
#                                                               | observed   | log of a 2025 build (a path); Microsoft's EnvironmentChecker (a name)
# the data are Validation Data*.xml in Windows\Cluster\Reports  | observed   | Microsoft's EnvironmentChecker; a page of 2020 found them in
#                                                               |            | Windows\Temp: uncertain for which release
# Report/Channel/ValidationResult/Value: bits 1 completed, 2 unselected, 4 failures, 8 warnings, 16 cancelled, 64 not applicable
#                                                               | observed   | Microsoft's EnvironmentChecker
# Report/Channel/Channel: @Type Summary, @id, ChannelName; Title, Result, ResultDescription, SummaryChannel with a Value each, Message @Level
#                                                               | observed   | EnvironmentChecker and three public scripts
# the words of Result (not translated) and of ResultDescription (translated)
#                                                               | uncertain  | the scripts match 'Fail|Warning' and 'Not Applicable' in the second
# one adapter a node: Validate Network Communication warns      | observed   | public logs
# different builds: Validate Operating System Version fails     | documented | CmdletDocs Test-Cluster (what the test is for)

$script:ClusterTests = [ordered]@{
    'Cluster Configuration' = @(
        'List Cluster Core Groups', 'List Cluster Network Information', 'List Cluster Resources', 'List Cluster Volumes', 'List Clustered Roles',
        'Validate Quorum Configuration', 'Validate Resource Status', 'Validate Service Principal Name', 'Validate Volume Consistency'
    )
    'Hyper-V Configuration' = @(
        'List Information About Servers Running Hyper-V', 'Validate Compatibility of Virtual Fibre Channel SANs for Hyper-V',
        'Validate Hyper-V Memory Resource Pool Compatibility', 'Validate Hyper-V Network Resource Pool And Virtual Switch Compatibility',
        'Validate Hyper-V Processor Resource Pool Compatibility', 'Validate Hyper-V Role Installed', 'Validate Hyper-V Storage Resource Pool Compatibility',
        'Validate Matching Processor Manufacturers', 'List Hyper-V Virtual Machine Information', 'Validate Hyper-V Integration Services Version',
        'Validate Hyper-V Virtual Machine Network Configuration', 'Validate Hyper-V Virtual Machine Storage Configuration'
    )
    'Inventory' = @(
        'List Fibre Channel Host Bus Adapters', 'List iSCSI Host Bus Adapters', 'List SAS Host Bus Adapters', 'List BIOS Information',
        'List Environment Variables', 'List Memory Information', 'List Operating System Information', 'List Plug and Play Devices',
        'List Running Processes', 'List Services Information', 'List Software Updates', 'List System Drivers', 'List System Information',
        'List Unsigned Drivers'
    )
    'Network' = @(
        'List Network Binding Order', 'Validate Cluster Network Configuration', 'Validate IP Configuration', 'Validate Multiple Subnet Properties',
        'Validate Network Communication', 'Validate Windows Firewall Configuration'
    )
    'Storage' = @(
        'List Disks', 'List Potential Cluster Disks', 'Validate CSV Network Bindings', 'Validate CSV Settings', 'Validate Disk Access Latency',
        'Validate Disk Arbitration', 'Validate Disk Failover', 'Validate File System', 'Validate Microsoft MPIO-based disks',
        'Validate Multiple Arbitration', 'Validate SCSI device Vital Product Data (VPD)', 'Validate SCSI-3 Persistent Reservation',
        'Validate Simultaneous Failover'
    )
    'Storage Spaces Direct' = @('Verify All Disks')
    'System Configuration' = @(
        'Validate Active Directory Configuration', 'Validate All Drivers Signed', 'Validate Cluster Service and Driver Settings',
        'Validate Memory Dump Settings', 'Validate Operating System Edition', 'Validate Operating System Installation Option',
        'Validate Operating System Version', 'Validate Required Services', 'Validate Same Processor Architecture', 'Validate Service Pack Levels',
        'Validate Software Update Levels', 'Validate System Drive Variable'
    )
}

Add-FakeBody -Name 'Test-Cluster' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        if ($Call.Bound.ContainsKey('List') -and $Call.Bound.List) {
            return Get-FakeTest | ForEach-Object -Process {
                New-FakeClusterObject -Type 'ClusterTestInfo' -Property ([ordered]@{ Category = $_.category; DisplayName = $_.test; Description = $_.test })
            }
        }
        $nodes = @(Get-FakeTestedNode -Call $Call)
        if (@($nodes | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] }).Count -gt 0) {
            return $nodes | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] } | Select-Object -First 1
        }
        if (-not (Test-FakeShould -Call $Call -Target ($nodes.computer_name -join ', '))) {
            return
        }
        $rows = @(Get-FakeTest | Where-Object -FilterScript { Test-FakeSelected -Call $Call -Node $nodes -Row $_ })
        foreach ($row in $rows) {
            $row.result = Get-FakeTestResult -Call $Call -Node $nodes -Row $row
        }
        Write-FakeValidation -Call $Call -Row $rows
    }
}

function Get-FakeTest {
    # All tests as rows, in the order of the list.
    foreach ($category in $script:ClusterTests.Keys) {
        foreach ($test in $script:ClusterTests[$category]) {
            @{ category = $category; test = $test; result = '' }
        }
    }
}

function Get-FakeTestedNode {
    # The machines that are tested, with all nodes of the clusters that they are of; or why one cannot be.
    param([hashtable]$Call)

    $names = @($Call.Machine.computer_name)
    if ($Call.Bound.ContainsKey('Node')) {
        $names = @($Call.Bound.Node)
    }
    $found = [ordered]@{}
    foreach ($name in $names) {
        $machine = Find-FakeNode -Call $Call -Name $name
        if ($null -eq $machine -or $machine.features['Failover-Clustering'] -ne 'Installed') {
            return New-FakeClusterError -Call $Call -Text 'ClusterTestUnreachable' -Argument $name -HResult 0x800706BA
        }
        if (-not (Test-FakeNodeRights -Call $Call -Target $machine)) {
            return New-FakeClusterError -Call $Call -Text 'ClusterNodeAccess' -Argument $name -HResult 0x80070005
        }
        $found[$machine.uid] = $machine
        $cluster = Get-FakeMemberCluster -World $Call.World -Machine $machine
        if ($null -ne $cluster) {
            foreach ($uid in $cluster.nodes.Keys) {
                $found[$uid] = $Call.World.machines[$uid]
            }
        }
    }
    return $found.Values
}

function Test-FakeSelected {
    # Whether a test is run: by -Include and -Ignore (tests or categories), else what applies to these machines.
    param([hashtable]$Call, [object[]]$Node, [hashtable]$Row)

    if ($Call.Bound.ContainsKey('Ignore') -and ($Call.Bound.Ignore -contains $Row.category -or $Call.Bound.Ignore -contains $Row.test)) {
        return $false
    }
    if ($Call.Bound.ContainsKey('Include')) {
        return $Call.Bound.Include -contains $Row.category -or $Call.Bound.Include -contains $Row.test
    }
    if ($Row.category -eq 'Cluster Configuration') {
        return $null -ne (Get-FakeMemberCluster -World $Call.World -Machine $Node[0])
    }
    if ($Row.category -eq 'Hyper-V Configuration') {
        return @($Node | Where-Object -FilterScript { $_.features['Hyper-V'] -ne 'Installed' }).Count -eq 0
    }
    return $Row.category -notin 'Storage', 'Storage Spaces Direct'
}

function Get-FakeTestResult {
    # What a test finds in these machines.
    param([hashtable]$Call, [object[]]$Node, [hashtable]$Row)

    if ($Call.World.faults.ContainsKey('failing_test') -and $Call.World.faults.failing_test -in $Row.test, $Row.category) {
        return 'Failed'
    }
    if ($Row.test -eq 'Validate Operating System Version' -and @($Node.os_build | Select-Object -Unique).Count -gt 1) {
        return 'Failed'
    }
    if ($Row.test -eq 'Validate Network Communication' -and @($Node | Where-Object -FilterScript { @($_.net_adapters).Count -eq 1 }).Count -gt 0) {
        return 'Warning'
    }
    if ($Row.test -eq 'Verify All Disks' -and @($Node | Where-Object -FilterScript { (Get-FakeDataDisk -World $Call.World -Machine $_) -lt 2 }).Count -gt 0) {
        return 'Failed'
    }
    return 'Success'
}

function Write-FakeValidation {
    # Writes report and data; answers the warnings and the report's FileInfo.
    param([hashtable]$Call, [object[]]$Row)

    $windows = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($env:MATRYOSHKA_FAKE_WORLD), 'machines', $Call.Machine.uid, 'Windows')
    $folder = [System.IO.Path]::Combine($windows, 'Cluster', 'Reports')
    $null = [System.IO.Directory]::CreateDirectory($folder)
    $id = New-FakeId -World $Call.World
    $data = $folder
    if ($Call.World.faults.ContainsKey('no_validation_data')) {
        $data = [System.IO.Directory]::CreateTempSubdirectory().FullName
    }
    elseif ($Call.World.faults.ContainsKey('data_in_temp')) {
        $data = [System.IO.Path]::Combine($windows, 'Temp')
        $null = [System.IO.Directory]::CreateDirectory($data)
    }
    $data = [System.IO.Path]::Combine($data, "Validation Data For Node Set $($id.ToUpperInvariant()).xml")
    Write-FakeValidationData -Call $Call -Row $Row -Path $data
    if ($Call.World.faults.ContainsKey('clock_set_back')) {
        [System.IO.File]::SetLastWriteTimeUtc($data, [datetime]::UtcNow.AddHours(-1))
    }
    $name = "Validation Report $([datetime]::Now.ToString('yyyy.MM.dd')) At $([datetime]::Now.ToString('HH.mm.ss'))"
    if ($Call.Bound.ContainsKey('ReportName')) {
        $name = $Call.Bound.ReportName
    }
    if ($name -match '[\\:]') {
        $folder = $windows
    }
    $path = [System.IO.Path]::Combine($folder, "$name.htm")
    [System.IO.File]::WriteAllText($path, "<html><head><title>Failover Cluster Validation Report</title></head><body>$($Row.Count) tests</body></html>")
    foreach ($one in $Row) {
        if ($one.result -eq 'Failed') {
            New-FakeWarning -Call $Call -Text 'ClusterTestFailed' -Argument $one.category, $one.test
        }
        elseif ($one.result -eq 'Warning') {
            New-FakeWarning -Call $Call -Text 'ClusterTestWarned' -Argument $one.category, $one.test
        }
    }
    New-FakeWarning -Call $Call -Text 'ClusterTestResult' -Argument $path
    [System.IO.FileInfo]::new($path)
}

function Write-FakeValidationData {
    # The data of a validation: a tree of channels.
    param([hashtable]$Call, [object[]]$Row, [string]$Path)

    $settings = [System.Xml.XmlWriterSettings]::new()
    $settings.Indent = $true
    $writer = [System.Xml.XmlWriter]::Create($Path, $settings)
    try {
        $writer.WriteStartElement('Report')
        $writer.WriteStartElement('Channel')
        $writer.WriteAttributeString('id', 'Root')
        $bits = 3 + 4 * [int](@($Row.result) -contains 'Failed') + 8 * [int](@($Row.result) -contains 'Warning')
        Write-FakeXmlValue -Writer $writer -Name 'ValidationResult' -Text ([string]$bits)
        foreach ($category in @($Row.category | Select-Object -Unique)) {
            $writer.WriteStartElement('Channel')
            $writer.WriteAttributeString('id', "Summary $category")
            $writer.WriteAttributeString('Type', 'Summary')
            $writer.WriteStartElement('ChannelName')
            $writer.WriteCData($category)
            $writer.WriteEndElement()
            $writer.WriteEndElement()
        }
        foreach ($one in $Row) {
            $writer.WriteStartElement('Channel')
            $writer.WriteAttributeString('id', $one.test)
            Write-FakeXmlValue -Writer $writer -Name 'Title' -Text $one.test
            Write-FakeXmlValue -Writer $writer -Name 'SummaryChannel' -Text "Summary $($one.category)"
            $word = $one.result
            if ($Call.World.faults.ContainsKey('coded_results')) {
                $word = [string][array]::IndexOf(@('Success', 'Warning', 'Failed'), $one.result)
            }
            Write-FakeXmlValue -Writer $writer -Name 'Result' -Text $word
            Write-FakeXmlValue -Writer $writer -Name 'ResultDescription' -Text (Get-FakeText -World $Call.World -Key "ClusterResult$($one.result)")
            $writer.WriteEndElement()
        }
        $writer.WriteEndElement()
        $writer.WriteEndElement()
    }
    finally {
        $writer.Dispose()
    }
}

function Write-FakeXmlValue {
    # An element with a Value in it.
    param([System.Xml.XmlWriter]$Writer, [string]$Name, [string]$Text)

    $Writer.WriteStartElement($Name)
    $Writer.WriteStartElement('Value')
    $Writer.WriteCData($Text)
    $Writer.WriteEndElement()
    $Writer.WriteEndElement()
}
