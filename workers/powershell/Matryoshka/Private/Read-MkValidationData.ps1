function Read-MkValidationData {
    # The tests in a cluster validation's data file: category, test and result, the result as one of Success, Warning, Failed, Canceled,
    # NotApplicable or what the file says. The file is a tree of channels; a summary channel is a category and is named by its tests.
    # Words may be translated, the bits of the whole are not: when they know of a failure or a warning that no row shows, a row says so.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $document = New-Object -TypeName 'System.Xml.XmlDocument'
    $document.XmlResolver = $null
    $document.Load($Path)
    $categories = @{}
    foreach ($channel in $document.SelectNodes('//Channel[@Type="Summary"]')) {
        $title = $channel.SelectSingleNode('ChannelName')
        if ($null -ne $title) {
            $categories[$channel.GetAttribute('id')] = $title.InnerText.Trim()
        }
    }
    $rows = @(foreach ($channel in $document.SelectNodes('//Channel[SummaryChannel and Result]')) {
        $summary = $channel.SelectSingleNode('SummaryChannel').InnerText.Trim()
        $title = $channel.SelectSingleNode('Title')
        $name = $channel.GetAttribute('id')
        if ($null -ne $title) {
            $name = $title.InnerText.Trim()
        }
        [pscustomobject][ordered]@{
            Category = $categories[$summary]
            Test     = $name
            Result   = Get-MkChannelResult -Channel $channel
        }
    })
    $rows
    $whole = $document.SelectSingleNode('//ValidationResult')
    $bits = 0
    if ($null -ne $whole -and [int]::TryParse($whole.InnerText.Trim(), [ref]$bits)) {
        ConvertTo-MkMissingResult -Bits $bits -Row $rows
    }
}
