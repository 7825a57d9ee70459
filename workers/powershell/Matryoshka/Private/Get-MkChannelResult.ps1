function Get-MkChannelResult {
    # The result of one test's channel in one spelling: of its Result, and where that is a word that nobody knows, of its description.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Xml.XmlElement]$Channel
    )
    $result = ''
    foreach ($name in 'Result', 'ResultDescription') {
        $node = $Channel.SelectSingleNode($name)
        if ($null -eq $node) {
            continue
        }
        $spelled = ConvertTo-MkTestResult -Text $node.InnerText
        if ('Success', 'Warning', 'Failed', 'Canceled', 'NotApplicable' -contains $spelled) {
            return $spelled
        }
        if ($result -eq '') {
            $result = $spelled
        }
    }
    return $result
}
