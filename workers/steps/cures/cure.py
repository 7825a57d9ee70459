"""One cause of a failing check, and how its commands are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_WORD = re.compile(r"%([a-z_]+)%")
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_IN_A_WORD = frozenset({"port", "setting"})  # stand inside a word of the command, where quotes do not belong
_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")  # all that PowerShell takes for a single quote


@dataclass(frozen=True)
class Cure:
    """One cause. `commands` may be empty: then nothing that runs on the host cures it, and `remedy` says what does."""

    check: str
    code: str
    why: str
    remedy: str
    commands: tuple[str, ...]
    source: str

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Return the commands with their values as PowerShell texts; a value that is not known stays as it is."""
        return tuple(_WORD.sub(lambda word: _filling(word, values), line) for line in self.commands)


def _filling(word: re.Match[str], values: Mapping[str, str]) -> str:
    value = values.get(word[1], "")
    if word[1] in _IN_A_WORD:
        return value if _PLAIN.fullmatch(value) else word[0]
    doubled = _QUOTES.sub(r"\1\1", value)
    return f"'{doubled}'" if value else word[0]


LISTENER = r".\Install-Matryoshka.ps1 -HttpsListener -HostName %address% -CertificateFile C:\matryoshka.pem"
"""Makes certificate, listener and firewall rule; writes the certificate for the host's record."""

ENDPOINT = r".\Install-Matryoshka.ps1 -Endpoint -Member %account% -RestartWinRM"
"""Makes module, endpoint and group; WinRM is restarted when it has to be and no call of a worker runs."""

LISTENERS = "Get-WSManInstance -ResourceURI winrm/config/Listener -Enumerate"
CERTIFICATES = (
    r"Get-ChildItem -Path Cert:\LocalMachine\My | Format-List -Property Subject, Thumbprint, NotAfter, HasPrivateKey"
)
RESTART_WINRM = "Restart-Service -Name WinRM -Force"

JEA = "docs/sources.md H19; deploy/windows/Install-Matryoshka.ps1"
TROUBLE = "Microsoft Learn: about_Remote_Troubleshooting"
WINRM = "Microsoft Learn: Installation and configuration for Windows Remote Management"
