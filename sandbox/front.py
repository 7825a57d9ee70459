"""What the hosts of a site show to who knocks, changed while they run: certificate, logon schemes, hidden functions.

certificate    good | none (plain HTTP) | broken (the handshake is cut) | a kind of sandbox/bad_certificates.py
schemes        logon schemes that are offered, of sandbox/auth.py
hidden         functions of the module that an endpoint does not offer
listening      false: connections are refused until it is true again
locked         accounts that are locked out: refused whatever their password
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sandbox.auth import SCHEMES
from sandbox.bad_certificates import KINDS
from sandbox.faults import FaultSpecError

GOOD: Final = "good"
NONE: Final = "none"
BROKEN: Final = "broken"
_CERTIFICATES: Final = frozenset({GOOD, NONE, BROKEN, *KINDS})


@dataclass(frozen=True)
class Front:
    """One state of the front."""

    schemes: frozenset[str]
    certificate: str = GOOD
    hidden: frozenset[str] = frozenset()
    listening: bool = True
    locked: frozenset[str] = frozenset()

    def changed(self, changes: Mapping[str, Any]) -> Front:
        """This front with some members changed.

        Raises:
            FaultSpecError: a member or value that is none.
        """
        unknown = sorted(set(changes) - {item.name for item in fields(Front)})
        if unknown:
            raise FaultSpecError(f"unknown field {unknown[0]}")
        made = replace(self, **{name: _READERS[name](value) for name, value in changes.items()})
        if made.certificate not in _CERTIFICATES:
            raise FaultSpecError(f"certificate is one of {', '.join(sorted(_CERTIFICATES))}")
        if made.schemes - set(SCHEMES):
            raise FaultSpecError(f"schemes are of {', '.join(SCHEMES)}")
        return made


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise FaultSpecError("a list of names, please")
    return frozenset(str(name).lower() for name in value)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "schemes": _names,
    "certificate": str,
    "hidden": _names,
    "listening": bool,
    "locked": _names,
}
