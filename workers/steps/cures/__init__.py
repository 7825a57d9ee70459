"""What can be wrong with the way to a host, by check: why it fails, and what to run where to cure it.

Codes are stable; texts may change. Commands are for Windows PowerShell as administrator on the host itself. A word
between percent signs stands for a value of the host's record or of what was seen, and is filled in as a quoted text.
`Install-Matryoshka.ps1` is the one in deploy/windows. Sources are lines of docs/sources.md, or the page of a vendor.
"""

from __future__ import annotations

from collections.abc import Mapping

from workers.steps.cures.cure import Cure
from workers.steps.cures.encryption import CERTIFIED
from workers.steps.cures.hyperv import RIGHTS, ROLE
from workers.steps.cures.logons import LOGONS
from workers.steps.cures.network import NAMES, PORTS
from workers.steps.cures.opening import OPENING

__all__ = ["CURES", "Cure"]

CURES: Mapping[str, Cure] = {
    cure.code: cure for group in (NAMES, PORTS, CERTIFIED, LOGONS, OPENING, RIGHTS, ROLE) for cure in group
}
"""Every cause by its code."""
