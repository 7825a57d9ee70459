"""What the doctor says of one thing: well, a warning, a fault, or not to be known; and what to do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, FAULT, UNKNOWN = "ok", "warning", "error", "unknown"


@dataclass(frozen=True)
class Verdict:
    """One line. `remedy` is empty for what is well; `check` is stable, so that a script can look for it."""

    check: str
    outcome: str
    detail: str
    remedy: str = ""

    def as_row(self) -> dict[str, str]:
        """Return it as it is printed."""
        return {"check": self.check, "outcome": self.outcome, "detail": self.detail, "remedy": self.remedy}


def well(check: str, detail: str) -> Verdict:
    """Return that it is as it should be."""
    return Verdict(check, OK, detail)


def warned(check: str, detail: str, remedy: str) -> Verdict:
    """Return something that works and should not stay so."""
    return Verdict(check, WARNING, detail, remedy)


def fault(check: str, detail: str, remedy: str) -> Verdict:
    """Return something that does not work, or loses work."""
    return Verdict(check, FAULT, detail, remedy)


def unknown(check: str, detail: str, remedy: str) -> Verdict:
    """Return what could not be looked at."""
    return Verdict(check, UNKNOWN, detail, remedy)
