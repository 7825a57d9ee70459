function Read-MkValidationData {
    # The tests in a cluster validation's data file: category, test and result, the result as one of Success, Warning, Failed, Canceled,
    # NotApplicable or what the file says. The file is a tree of channels; a summary channel is a category and is named by its tests.
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
    foreach ($channel in $document.SelectNodes('//Channel[SummaryChannel and Result]')) {
        $summary = $channel.SelectSingleNode('SummaryChannel').InnerText.Trim()
        $title = $channel.SelectSingleNode('Title')
        $name = $channel.GetAttribute('id')
        if ($null -ne $title) {
            $name = $title.InnerText.Trim()
        }
        $text = $channel.SelectSingleNode('Result').InnerText
        [pscustomobject][ordered]@{
            Category = $categories[$summary]
            Test     = $name
            Result   = ConvertTo-MkTestResult -Text $text
        }
    }
}
