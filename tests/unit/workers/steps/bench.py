"""The bench of the step tests: a context around a FakeHost, and a run that does what the runner does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import Call, FakeClock, FakeHost, Reports, make_claim
from tests.rules.functions_page import functions_of_page
from workers.psrp.port import Credential, SecretStr
from workers.psrp.values import pascal_case
from workers.steps import HANDLERS
from workers.steps.base import Checked, StepContext, Wait

OWNER = "lab_1"
NODE = "nest-1"
VM_ID = "11111111-2222-3333-4444-555555555555"
FACTS = {f"node.{NODE}.vm_id": VM_ID}
_PAGE = functions_of_page()


class FakeSecrets:
    """Secrets that are all there, named after themselves."""

    def __init__(self, *missing: str) -> None:
        self._missing = missing

    def has(self, name: str) -> bool:
        """Return whether the caller gave it."""
        return name not in self._missing

    def get(self, name: str) -> SecretStr:
        """Return a value that names the secret."""
        return SecretStr(f"value of {name}")

    def credential(self, name: str, username: str) -> Credential:
        """Return a credential of that value."""
        return Credential(username, self.get(name))


@dataclass
class Bench:
    """One handler before one scripted host."""

    action: str
    host: FakeHost
    params: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=lambda: FACTS)
    request: Mapping[str, Any] = field(default_factory=dict)
    memo: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "nested_cluster"
    attempt: int = 1
    node: str | None = NODE
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    reports: Reports = field(default_factory=Reports)

    def context(self) -> StepContext:
        """Return the context of one claim."""
        claim = make_claim(
            self.action,
            self.params,
            step={"node": self.node},
            kind=self.kind,
            memo=self.memo,
            request=self.request,
            attempt=self.attempt,
        )
        return StepContext(
            claim=claim,
            host=self.host,
            facts=self.facts,
            params=self.params,
            owner=OWNER,
            secrets=self.secrets,  # type: ignore[arg-type]
            clock=FakeClock().time,
            report=self.reports.report,
            log=self.reports.log,
        )

    def run(self) -> tuple[str, dict[str, Any]]:
        """Do what the runner does; returns how it ended and the facts (of a wait: the memo)."""
        handler, context = HANDLERS[self.action], self.context()
        try:
            checked = handler.check(context)
            if isinstance(checked, Checked):
                return "skipped", dict(checked.facts)
            applied = handler.apply(context)
            if isinstance(applied, Wait):
                return "wait", dict(applied.memo)
            return "succeeded", {**applied.facts, **handler.verify(context)}
        finally:
            self.check_calls()

    def undo(self) -> None:
        """Undo the step."""
        HANDLERS[self.action].undo(self.context())
        self.check_calls()

    def changes(self) -> list[Call]:
        """Return the calls that changed something, in order."""
        return [call for call in self.host.log if call.verb == "change"]

    def warnings(self) -> list[str]:
        """Return the codes of the warnings."""
        return [data["code"] for type_, data in self.reports.entries if type_ == "step.warned"]

    def check_calls(self) -> None:
        """Hold every call so far against docs/functions.md: verb and parameters."""
        for call in self.host.log:
            function = _PAGE[call.name]
            assert function.changes == (call.verb == "change"), call
            assert {pascal_case(name) for name in call.parameters} <= function.parameters, call
