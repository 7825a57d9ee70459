function Write-MkUnattendPass {
    # One pass of an answer file with the component Microsoft-Windows-Shell-Setup.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Xml.XmlWriter]$Writer,

        [Parameter(Mandatory = $true)]
        [string]$Pass,

        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Setting
    )
    $Writer.WriteStartElement('settings')
    $Writer.WriteAttributeString('pass', $Pass)
    $Writer.WriteStartElement('component')
    $Writer.WriteAttributeString('name', 'Microsoft-Windows-Shell-Setup')
    $Writer.WriteAttributeString('processorArchitecture', 'amd64')
    $Writer.WriteAttributeString('publicKeyToken', '31bf3856ad364e35')
    $Writer.WriteAttributeString('language', 'neutral')
    $Writer.WriteAttributeString('versionScope', 'nonSxS')
    Write-MkXmlElement -Writer $Writer -Setting $Setting
    $Writer.WriteEndElement()
    $Writer.WriteEndElement()
}
