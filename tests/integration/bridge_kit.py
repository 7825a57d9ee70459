"""What the engines of the bridge's own tests get: a start script, a module, a restricted endpoint and a journal."""

from __future__ import annotations

from pathlib import Path

from tests.bridge.process import BridgeSettings
from workers.psrp.module import FOLDER

_STARTUP = """
function Get-Started { 'started' }
$Setting = 'from the script'
"""
_MODULE = 'function Get-Greeting { "hello $env:MK_WHO" }\n'
_RESTRICTED = """@{
    SchemaVersion = '2.0.0.0'
    GUID = '0e9a9b1d-9f64-4a13-8f5e-3b1f2a7c4d21'
    SessionType = 'RestrictedRemoteServer'
    LanguageMode = 'NoLanguage'
    ModulesToImport = 'MODULE'
    VisibleFunctions = 'Get-NestedModuleInfo', 'Invoke-NestedCall'
}
"""


def example_settings(folder: Path) -> BridgeSettings:
    """Write the files into a folder; the journal is `journal` in it, the restricted endpoint is named Matryoshka."""
    script, module, restricted = folder / "it's a start.ps1", folder / "modules" / "Greeter", folder / "restricted.pssc"
    module.mkdir(parents=True)
    script.write_text(_STARTUP, encoding="utf-8")
    (module / "Greeter.psm1").write_text(_MODULE, encoding="utf-8")
    restricted.write_text(_RESTRICTED.replace("MODULE", str(FOLDER / "Matryoshka")), encoding="utf-8")
    return BridgeSettings(
        environment={"MATRYOSHKA_JOURNAL": str(folder / "journal"), "MK_WHO": "world"},
        module_path=[module.parent],
        startup=[script],
        configurations={"Matryoshka": restricted},
    )
