"""Faults on demand: what goes wrong, where, before or after the work, and how often.

A fault is a rule. A request (or a running function) asks `take` at two moments, before and after its work, and gets
the rules that match; each match uses one count up. `action` is a WS-Management action ('Create', 'Command', 'Receive',
...) or 'Invoke', the running of a function inside its pipeline. Kinds and their values:

    refuse{seconds}        drop all connections of the host and refuse new ones
    http_status{status}    answer 503, 400 or 401
    drop{at_byte}          reset the connection after so many bytes of the answer (before: without doing the work)
    slow{seconds}          wait, then go on
    hang{seconds}          never answer, as long as the client stays (default an hour)
    wsman_fault{code}      answer a SOAP fault
    quota                  answer that the quota of shells is used up
    reboot{seconds, delay_seconds}   restart the host, `delay_seconds` later
    lost_progress          a progress record is not sent (a count is one record)
    error{error_id, category}        the function ends with this terminating error
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

INVOKE: Final = "Invoke"
KINDS: Final = frozenset(
    {"refuse", "http_status", "drop", "slow", "hang", "wsman_fault", "quota", "reboot", "lost_progress", "error"}
)
_AT_FUNCTION: Final = frozenset({"slow", "hang", "reboot", "error", "lost_progress"})
_ACTIONS: Final = frozenset(
    {"Create", "Command", "Send", "Receive", "Signal", "Delete", "Get", "Enumerate"}
    | {"Connect", "Reconnect", "Disconnect", INVOKE}
)


class FaultSpecError(ValueError):
    """A fault that cannot be understood; the message names the field."""


@dataclass(frozen=True)
class Fault:
    """One rule. '' matches everything. Of the moments that match, the first `skip` pass, then every `every`-th applies.

    `count` is how often it still applies (0 = for ever).
    """

    kind: str
    action: str = ""
    function: str = ""
    host: str = ""
    when: str = "before"
    count: int = 1
    skip: int = 0
    every: int = 1
    seconds: float | None = None
    delay_seconds: float = 0.0
    status: int = 503
    code: int = 995
    at_byte: int = 0
    error_id: str = "Injected.Fault"
    category: str = "NotSpecified"
    id: str = ""

    def matches(self, moment: Moment) -> bool:
        """Whether the rule is meant for this moment."""
        return (
            self.when == moment.when
            and self.host.lower() in ("", moment.host.lower())
            and self._action() in moment.actions
            and (not self.function or self.function.lower() in moment.functions)
        )

    def _action(self) -> str:
        if self.action:
            return self.action
        if self.kind in ("lost_progress", "error"):
            return INVOKE
        if self.kind == "quota":
            return "Create"
        if self.function:
            return INVOKE if self.kind in _AT_FUNCTION else "Command"
        return ""


@dataclass(frozen=True)
class Moment:
    """Where work stands: host, actions (with '' for any request), functions in lower case, before or after."""

    host: str
    actions: frozenset[str]
    functions: frozenset[str] = field(default_factory=frozenset)
    when: str = "before"

    def after(self) -> Moment:
        """The same, once the work is done."""
        return replace(self, when="after")


def request_moment(host: str, action: str, functions: frozenset[str]) -> Moment:
    """The moment of a WS-Management request."""
    return Moment(host, frozenset({"", action}), functions)


def invoke_moment(host: str, functions: frozenset[str]) -> Moment:
    """The moment of a function inside its pipeline."""
    return Moment(host, frozenset({INVOKE}), functions)


class Faults:
    """The rules in force. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[str, Fault] = {}
        self._numbers = itertools.count(1)
        self._applied: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force; it gets an id."""
        with self._lock:
            added = replace(fault, id=f"fault-{next(self._numbers)}")
            self._rules[added.id] = added
            return added

    def clear(self) -> int:
        """Remove all rules; how many there were."""
        with self._lock:
            count = len(self._rules)
            self._rules.clear()
            return count

    def take(self, moment: Moment, *, only: str = "") -> list[Fault]:
        """The rules that apply now, in the order they were added. Each one uses up a skip or a count."""
        if not self._rules:
            return []
        with self._lock:
            return [rule for rule in list(self._rules.values()) if self._fits(rule, moment, only) and self._use(rule)]

    def snapshot(self) -> dict[str, Any]:
        """Rules in force, and how often each kind applied."""
        with self._lock:
            return {"rules": [asdict(rule) for rule in self._rules.values()], "applied": dict(self._applied)}

    @staticmethod
    def _fits(rule: Fault, moment: Moment, only: str) -> bool:
        is_wanted = rule.kind == only if only else rule.kind != "lost_progress"
        return is_wanted and rule.matches(moment)

    def _use(self, rule: Fault) -> bool:
        if rule.skip > 0:
            self._rules[rule.id] = replace(rule, skip=rule.skip - 1)
            return False
        self._seen[rule.id] = self._seen.get(rule.id, 0) + 1
        if self._seen[rule.id] % max(1, rule.every):
            return False
        self._applied[rule.kind] = self._applied.get(rule.kind, 0) + 1
        if rule.count == 1:
            del self._rules[rule.id]
        elif rule.count > 1:
            self._rules[rule.id] = replace(rule, count=rule.count - 1)
        return True


_TYPES: Final = {item.name: str(item.type) for item in fields(Fault)}


def fault_from_mapping(data: Mapping[str, Any]) -> Fault:
    """Make a rule from JSON.

    Raises:
        FaultSpecError: unknown kind, field, action or value.
    """
    unknown = sorted(set(data) - (set(_TYPES) - {"id"}))
    if unknown:
        raise FaultSpecError(f"unknown field {unknown[0]}")
    try:
        fault = Fault(**{name: _typed(name, value) for name, value in data.items()})
    except (TypeError, ValueError) as error:
        raise FaultSpecError(str(error)) from error
    return _checked(fault)


def fault_from_text(text: str) -> Fault:
    """Read `kind,field=value,...` of the command line, for instance `drop,action=Command,when=after,count=2`.

    Raises:
        FaultSpecError: as `fault_from_mapping`.
    """
    kind, *parts = [part.strip() for part in text.split(",")]
    pairs = [part.partition("=") for part in parts]
    if any(not sign for _, sign, _ in pairs):
        raise FaultSpecError(f"write kind,field=value,...: {text}")
    return fault_from_mapping({"kind": kind, **{name: value for name, _, value in pairs}})


def _typed(name: str, value: Any) -> Any:
    kind = _TYPES[name]
    if kind == "int":
        return int(value)
    return float(value) if kind.startswith("float") and value is not None else value


def _checked(fault: Fault) -> Fault:
    if fault.kind not in KINDS:
        raise FaultSpecError(f"unknown kind {fault.kind!r}; known: {', '.join(sorted(KINDS))}")
    if fault.action and fault.action not in _ACTIONS:
        raise FaultSpecError(f"unknown action {fault.action!r}")
    if fault.when not in ("before", "after"):
        raise FaultSpecError("when is before or after")
    return fault
