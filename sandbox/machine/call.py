"""One running command: where it runs, for whom, how it waits, counts, warns and asks before it changes something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sandbox.machine.api import Streams
from sandbox.machine.errors import MachineLost, PipelineStopped, PsError, own
from sandbox.machine.life import settle
from sandbox.machine.model import Machine
from sandbox.machine.realm import Realm

Dispatch: TypeAlias = Callable[["Call", str, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Logon:
    """Who runs the command. `is_admin` is false for a filtered token too."""

    user: str
    is_admin: bool


@dataclass(frozen=True)
class Call:
    """The context of one command. `boots` are the machines that it hangs on, each with its boot id at the start."""

    realm: Realm
    machine: Machine
    logon: Logon
    streams: Streams
    dispatch: Dispatch
    name: str = ""
    what_if: bool = False
    error_action: str = "Continue"
    boots: tuple[tuple[Machine, str], ...] = field(default=())

    def named(self, name: str, common: Mapping[str, Any]) -> Call:
        """The same context for another command, with that one's common parameters."""
        what_if = self.what_if or bool(common.get("WhatIf", False))
        return replace(self, name=name, what_if=what_if, error_action=str(common.get("ErrorAction", self.error_action)))

    def inside(self, guest: Machine, logon: Logon) -> Call:
        """The context of a session into a guest: it breaks when the guest or this machine goes away."""
        return replace(self, machine=guest, logon=logon, boots=(*self.boots, (guest, guest.boot_id)))

    def run(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """Run another command here and give what it returns."""
        return self.dispatch(self, name, parameters)

    def sleep(self, nominal_seconds: float) -> None:
        """Let time pass. Raises PipelineStopped or MachineLost as soon as one of them is the case."""
        if not self.realm.clock.sleep(self.realm.sleep_seconds(nominal_seconds), self.interrupted):
            self.check()

    def wait(self, ready: Callable[[], bool], timeout_seconds: float) -> bool:
        """Wait until `ready` (asked under the lock); False after the timeout. Raises as `sleep`."""

        def locked() -> bool:
            with self.realm.lock:
                return ready()

        reached = self.realm.clock.poll(locked, timeout_seconds, self.interrupted)
        self.check()
        return reached

    def interrupted(self) -> bool:
        """Whether the client stopped the call or a machine that it hangs on went away."""
        return self.streams.stopped() or self.lost() is not None

    def lost(self) -> Machine | None:
        """The outermost machine that went away since the call began."""
        with self.realm.lock:
            for machine, boot_id in self.boots:
                settle(self.realm, machine)
                if not machine.powered or machine.boot_id != boot_id:
                    return machine
        return None

    def check(self) -> None:
        """Raise what ends the call, if anything does."""
        lost = self.lost()
        if lost is not None:
            raise MachineLost(lost.label)
        if self.streams.stopped():
            raise PipelineStopped

    def should(self, action: str, target: str) -> bool:
        """ShouldProcess: False under -WhatIf, which is told."""
        if self.what_if:
            self.streams.information(f'What if: Performing the operation "{action}" on target "{target}".')
        return not self.what_if

    def effect(self, name: str, detail: str = "") -> None:
        """Count a change of this machine, or of `detail` on it."""
        self.realm.effect(name, f"{self.machine.label}:{detail}" if detail else self.machine.label)

    def error(self, error: PsError) -> None:
        """A non-terminating error; -ErrorAction Stop makes it terminating, SilentlyContinue and Ignore hide it."""
        action = self.error_action.lower()
        if action == "stop":
            raise error
        error.terminating = False
        if action not in {"silentlycontinue", "ignore"}:
            self.streams.error(error)

    def refuse(self, word: str, category: str, message: str, target: str = "") -> PsError:
        """An error of the module's own, with this function's name."""
        return own(word, self.name, category, message, target=target)
