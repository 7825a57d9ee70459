"""What one check of a host found, as the fact that callers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.ledger.checks import FAILED, PASSED, PREFIX
from workers.errors import StepRefused
from workers.psrp.way import Place
from workers.steps.base import Applied, StepContext
from workers.steps.cures import CURES


@dataclass(frozen=True)
class Warned:
    """Something that does not stop the workers, and how to mend it."""

    code: str
    detail: str
    remedy: str

    def as_json(self) -> dict[str, str]:
        """Return it as callers read it."""
        return {"code": self.code, "detail": self.detail, "remedy": self.remedy}


@dataclass(frozen=True)
class Found:
    """The end of one check. An empty `code` means that it passed; `values` fill the commands of the cure."""

    seen: Mapping[str, Any]
    code: str = ""
    detail: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Warned, ...] = ()


def told(ctx: StepContext, check: str, found: Found, place: Place) -> Applied:
    """Return the fact of a check that passed; raises StepRefused with the fact and the cure of one that failed."""
    for warning in found.warnings:
        ctx.warn(warning.code, reason=warning.detail, remedy=warning.remedy)
    fact: dict[str, Any] = {
        "outcome": FAILED if found.code else PASSED,
        "seen": dict(found.seen),
        "warnings": [warning.as_json() for warning in found.warnings],
    }
    if not found.code:
        return Applied({f"{PREFIX}{check}": fact})
    cure = CURES[found.code]
    commands = cure.filled({**_values(place), **found.values})
    detail = found.detail or cure.why
    fact |= {"code": cure.code, "detail": detail, "why": cure.why, "remedy": cure.remedy, "source": cure.source}
    fact["commands"] = list(commands)
    remedy = " ".join((cure.remedy, *(f"On the host: {line}" for line in commands[:1])))
    raise StepRefused(detail, reason=cure.code, remedy=remedy, facts={f"{PREFIX}{check}": fact})


def _values(place: Place) -> dict[str, str]:
    return {
        "address": place.address,
        "port": str(place.port),
        "account": place.username,
        "name": place.username.rpartition("\\")[2].partition("@")[0],
    }
