function Write-MkXmlElement {
    # Dictionaries as nested elements, in their order; the writer escapes.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Xml.XmlWriter]$Writer,

        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Setting
    )
    foreach ($name in $Setting.Keys) {
        $Writer.WriteStartElement($name)
        if ($Setting[$name] -is [System.Collections.IDictionary]) {
            Write-MkXmlElement -Writer $Writer -Setting $Setting[$name]
        }
        else {
            $Writer.WriteString([string]$Setting[$name])
        }
        $Writer.WriteEndElement()
    }
}
